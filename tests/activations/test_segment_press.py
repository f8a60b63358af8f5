"""A press in a Segment workspace through its pages and commands, from the choice to the finished resync."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from activations import states
from activations.evidence import call_as_sent
from activations.models import Activation, Delivery
from activations.resyncs import ENOUGH, usual_length
from simulator.segment.shelf import LINKED, TOKEN
from simulator.server import Simulator
from tests.activations.house import paper_of
from tests.activations.segment_world import SegmentStage
from tests.catalogue import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db):
    with Simulator(port=0, seed=7, dataflows=1, audiences=70) as simulator:
        yield SegmentStage(simulator)


def body(answer) -> str:
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_it_works(client, stage):
    slug, chosen = stage.workspace.slug, [*stage.good(2), *stage.good(kind=LINKED)]
    client.force_login(make_user("mara", "activator", stage.workspace))
    for one in chosen:
        offered = reverse("activations:activate", args=[slug]) + f"?audience={one.audience.platform_id}"
        assert f'id="m{one.pk}"' in body(client.get(offered))
    ticked = {"m": [one.pk for one in chosen]}
    asked = client.post(reverse("activations:confirm", args=[slug]), ticked)
    question = body(asked)
    assert "one at a time: Segment allows no more in a workspace" in question
    assert "How long one takes is unknown here yet" in question
    assert "scheduled export" not in question
    assert "A run of 1 Linked Audience is forced" in question
    pressed = client.post(reverse("activations:press", args=[slug]), {"paper": paper_of(asked)})
    assert pressed.status_code == 303
    made = Activation.objects.get()
    stage.turn()
    page = body(client.get(made.get_absolute_url()))
    assert "1 running · 2 queued of 3" in page
    assert "Job 1: Segment accepted" in page
    stage.settle()
    stage.turn(60)
    page = body(client.get(made.get_absolute_url()))
    assert "all 3 finished resyncing" in page
    assert "Resync finished" in page
    assert page.count('<span class="under">not counted</span>') == 2
    assert page.count('<span class="under">events</span>') == 1
    assert all(one.name.split(":")[1] in page for one in chosen)
    assert f"activation {chosen[0].platform_id}" in page
    shown = body(client.get(made.get_absolute_url() + "?show=finished"))
    assert all(one.audience.name in shown for one in chosen)
    overview = body(client.get(reverse("activations:overview", args=[slug])))
    assert "Resyncs finished today" in overview
    assert TOKEN not in page + shown + overview


def test_the_question_knows_how_long_they_take(client, stage):
    first, second = stage.good(2)
    assert usual_length(stage.workspace.pk) is None
    for _ in range(ENOUGH):
        stage.press([first])
        stage.settle(step=4)
    each = usual_length(stage.workspace.pk)
    assert each is not None
    assert 10 <= each.total_seconds() <= 60
    client.force_login(make_user("mara", "activator", stage.workspace))
    ticked = {"m": [first.pk, second.pk]}
    question = body(client.post(reverse("activations:confirm", args=[stage.workspace.slug]), ticked))
    assert "The last ones took about" in question
    assert "in all" in question


def test_the_call_is_shown_as_it_was_sent(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.turn()
    told = call_as_sent(stage.workspace, activation.deliveries.get().job)
    method, _, rest = told.partition(" ")
    assert method == "PATCH"
    assert rest.partition("\n")[0] == f"{stage.sim.url}{stage.path(chosen)}"
    assert json.loads(told.partition("\n\n")[2]) == {"performResync": True}
    assert TOKEN not in told


def test_commands(stage):
    out = StringIO()
    call_command("catalog", workspace=stage.workspace.slug, json=True, stdout=out)
    (chosen,) = stage.good()
    listed = [one for flow in json.loads(out.getvalue())["dataflows"] for one in flow["audiences"]]
    assert {one["activation"]: one["will_go"] for one in listed}[chosen.platform_id] == "ready"
    lines = StringIO()
    call_command("catalog", workspace=stage.workspace.slug, stdout=lines)
    assert f"{chosen.activation_type} · {chosen.platform_id}" in lines.getvalue()


def test_a_name_says_an_audience_once(stage):
    (chosen,) = stage.good()
    made = stage.press([chosen])
    assert made.name == chosen.dataflow.name
    assert Delivery.objects.get().state == states.QUEUED
