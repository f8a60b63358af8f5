"""The job budget of a day: soft by default; hard, what is beyond it waits for the next UTC day, and goes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from activations import states
from activations.budget import next_day
from activations.dispatch import claim, dispatch
from activations.models import Delivery, Job
from audiences.told import read
from tests.activations.house import make_house
from tests.activations.test_holds import in_threads
from tests.activations.world import at_rest, impatient, only, states_of, that
from tests.catalogue import make_user

pytestmark = pytest.mark.django_db


def budget(stage, jobs, over="wait", per_job=2):
    stage.workspace.jobs_per_day, stage.workspace.over_budget = jobs, over
    stage.workspace.max_per_job = per_job
    stage.workspace.send_limit = timedelta(days=2)
    stage.workspace.save()


def noon(stage):
    """Our clock in a UTC day that is long enough for a test."""
    if next_day(stage.now()) - stage.now() < timedelta(hours=1):
        stage.later += 7_200


def test_soft_is_the_default_and_keeps_nothing_back(stage):
    stage.workspace.jobs_per_day = 1
    stage.workspace.max_per_job = 2
    stage.workspace.save()
    chosen = stage.good(6)
    activation = stage.press(chosen)
    stage.settle()
    assert stage.sent_once(chosen)
    assert stage.posts() == 3
    assert {f["code"] for f in only(stage.press(stage.good(1))).findings} >= {"budget_used"}
    assert states_of(activation) == {states.SUCCEEDED: 6}


def test_a_used_budget_is_said_once_and_not_in_every_row(client):
    house = make_house(jobs_per_day=0)
    client.force_login(house.alice)
    chosen = {"m": [mapping.pk for mapping in house.mappings]}
    page = client.post(house.url("confirm"), chosen).content.decode()
    assert page.count("more than the day") == 1
    assert "worth a look" not in page
    assert "jobs of today" not in page
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    chosen = {"action": "activate", ACTION_CHECKBOX_NAME: chosen["m"]}
    asked = client.post(reverse("admin:audiences_mapping_changelist"), chosen, follow=True).content.decode()
    assert asked.count("more than the day") == 1
    client.force_login(house.alice)
    flow = house.mappings[0].dataflow.platform_id
    assert client.get(house.url("dataflow", flow)).content.decode().count("Ready</span>") == len(
        house.mappings
    )


def test_hard_sends_the_budget_and_arms_the_rest_until_the_next_day(stage):
    noon(stage)
    budget(stage, 2)
    chosen = stage.good(7)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 4, states.ARMED: 3}
    assert stage.posts() == 2
    armed = activation.deliveries.filter(state=states.ARMED).first()
    assert (armed.reason, armed.not_before) == ("budget_waits", next_day(stage.now()))
    assert "2 of 2 jobs" in str(read(armed.findings[0]["sentence"]))
    looks = stage.calls("/data/foundation/flowservice/flows")
    stage.turn(120)
    assert stage.posts() == 2
    assert stage.calls("/data/foundation/flowservice/flows") == looks, "our own ledger knows it"
    stage.turn((next_day(stage.now()) - stage.now()).total_seconds() + 1)
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 7}
    assert stage.sent_once(chosen)
    at_rest()


def test_a_used_up_budget_says_so_at_the_press(stage):
    noon(stage)
    budget(stage, 1)
    *first, last = stage.good(3)
    stage.press(first)
    stage.turn()
    later = stage.press([last])
    stage.turn()
    assert (only(later).state, only(later).reason) == (states.ARMED, "budget_waits")


@pytest.mark.parametrize("change", [{"jobs_per_day": 20}, {"over_budget": "look"}])
def test_a_raised_or_softened_budget_lets_it_go(stage, change):
    noon(stage)
    budget(stage, 1)
    chosen = stage.good(4)
    stage.press(chosen)
    stage.turn()
    assert stage.posts() == 1
    type(stage.workspace).objects.update(**change)
    stage.workspace.refresh_from_db()
    stage.turn(61)
    stage.settle()
    assert stage.sent_once(chosen)


def test_a_job_that_was_not_sent_gives_its_place_back(stage):
    noon(stage)
    budget(stage, 1)
    chosen = stage.good(2)
    stage.fault("status", status=429)
    activation = stage.press(chosen)
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 2}
    assert stage.sent_once(chosen)
    assert sorted(Job.objects.values_list("outcome", flat=True)) == ["accepted", "not_sent"]


def test_a_claim_counts_jobs_that_are_on_their_way(stage):
    budget(stage, 1)
    stage.press(stage.good(4))
    stage.look()
    assert claim(stage.workspace, stage.now()) is not None
    assert claim(stage.workspace, stage.now()) is None


@pytest.mark.django_db(transaction=True)
def test_dispatchers_at_once_keep_to_one_budget(stage):
    impatient(stage.workspace, adhoc_timeout=10)
    budget(stage, 3, per_job=1)
    stage.press(that(stage.workspace, "ready")[:12])
    now = datetime.now(UTC)
    in_threads(4, lambda _: dispatch(type(stage.workspace).objects.get(), clock=lambda: now))
    assert stage.posts() == 3
    assert Job.objects.count() == 3
    assert set(Delivery.objects.values_list("state", flat=True)) <= {states.RUNNING, states.ARMED}
