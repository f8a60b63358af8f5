"""A scheduled export that runs: the presser chose to wait for it, or not to go."""

import json

import pytest
from django.core.management import call_command
from django.http import QueryDict

from activations import question, states
from activations.actions import CannotRequest, retry
from activations.models import Activation
from activations.story import story
from tests.activations.house import make_house
from tests.activations.world import Stage, only, pair, states_of

pytestmark = pytest.mark.django_db
STOP = Activation.OnExport.STOP


@pytest.fixture
def stage(sim):
    return Stage(sim)


def told(activation):
    return [line.text for line in story(activation, viewer=activation.requested_by, jobs={}).lines]


@pytest.mark.parametrize(("choice", "state"), [("wait", states.ARMED), ("stop", states.BLOCKED)])
def test_at_the_last_look(stage, choice, state):
    here, *rest = stage.good(3)
    rest = [m for m in rest if m.dataflow_id != here.dataflow_id]
    activation = stage.press([here, *rest], on_export=choice)
    stage.others_run(here, kind="scheduled", duration=60)
    stage.turn(3)
    assert activation.deliveries.get(mapping=here).state == state
    assert states_of(activation) == {state: 1, states.RUNNING: len(rest)}
    stage.settle()
    assert stage.sent_once([here, *rest] if choice == "wait" else rest)


def test_at_the_press(stage):
    here, *rest = stage.good(4)
    rest = [m for m in rest if m.dataflow_id != here.dataflow_id]
    stage.others_run(here, kind="scheduled", duration=600)
    stage.turn(3)
    first = stage.press([here, *rest], on_export=STOP)
    stage.settle()
    assert first.deliveries.get(mapping=here).state == states.BLOCKED
    with pytest.raises(CannotRequest) as refusal:
        stage.press([here], on_export=STOP)
    (verdict,) = refusal.value.verdicts.values()
    assert verdict.main.code == "no_wait_for_export"
    assert "was not to wait" in str(verdict.main.sentence)
    assert only(stage.press([here])).state == states.ARMED


def test_when_the_platform_says_so_itself(stage):
    (here,) = stage.good(1)
    activation = stage.press([here], on_export=STOP)
    stage.look()
    stage.others_run(here, kind="scheduled", duration=60)
    stage.turn()
    assert (only(activation).state, only(activation).reason) == (states.REFUSED, "no_wait_for_export")
    assert "scheduled export is in progress" in only(activation).verbatim
    stage.settle()
    assert stage.ledger() == []


def test_what_waits_for_something_else_meets_the_export_later_or_not_at_all(stage):
    (here,) = stage.good(1)
    here.mapped_at = stage.now()
    here.save()
    activation = stage.press([here], on_export=STOP)
    stage.others_run(here, kind="scheduled", duration=30)
    stage.turn(20)
    assert (only(activation).state, only(activation).reason) == (states.ARMED, "mapped_recently")
    stage.turn(3_600)
    stage.settle()
    assert stage.ledger() == [pair(here)]


def test_a_second_call_waits_whatever_was_chosen(stage):
    """The first call may have been taken: it must not be called stopped, nor be sent into the export."""
    (here,) = stage.good(1)
    activation = stage.press([here], on_export=STOP)
    stage.fault("reset_before")
    stage.turn()
    assert only(activation).state == states.UNCONFIRMED
    stage.others_run(here, kind="scheduled", duration=200)
    for _ in range(12):
        stage.turn(10)
    assert only(activation).state == states.QUEUED
    assert stage.posts() == 1
    stage.settle()
    assert stage.ledger() == [pair(here)]


def test_a_retry_keeps_the_choice(stage):
    (here,) = stage.good(1)
    activation = stage.press([here], on_export=STOP)
    stage.others_run(here, kind="scheduled", duration=600)
    stage.turn(3)
    assert only(activation).state == states.BLOCKED
    retry(activation, by=None)
    assert states_of(activation) == {states.BLOCKED: 1}


def test_the_page_asks_and_the_story_tells():
    house = make_house()
    client = house.client()
    page = client.post(house.url("confirm"), {"m": [m.pk for m in house.mappings]}).content.decode()
    assert 'name="on_export" value="wait" checked' in page
    client.post(house.url("press"), {"paper": house.paper(client), "on_export": "stop"})
    activation = Activation.objects.get()
    assert activation.on_export == STOP
    assert "You chose not to wait for a scheduled export that is running" in told(activation)
    assert question.on_export(QueryDict("on_export=nonsense")) == "wait"


def test_the_command_line_asks_too(stage, capsys):
    (here,) = stage.good(1)
    dataflow, audience = pair(here)
    words = ["--workspace", "demo", "--dataflow", dataflow, "--audience", audience, "--json"]
    with pytest.raises(SystemExit) as end:
        call_command("activate", *words, "--on-export", "stop")
    assert end.value.code == 0
    made = json.loads(capsys.readouterr().out)["activation"]
    assert Activation.objects.get(pk=made).on_export == STOP
