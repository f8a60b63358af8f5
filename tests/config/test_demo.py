"""The demo's past: read from the simulator by our own verbs, made once, and only where it was asked for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import httpx
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from activations import states
from activations.models import Activation, ActivationSet, Delivery, Schedule
from activations.now import now_in
from audiences.models import User, Workspace
from notices.models import Notice
from simulator.server import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def sim():
    with Simulator(port=0, seed=7, dataflows=12, audiences=120) as simulator:
        yield simulator


@pytest.fixture
def demo(sim, monkeypatch):
    monkeypatch.setenv("SIM_PORT", sim.url.rsplit(":", 1)[1])
    monkeypatch.setenv("DEMO_PASSWORD", "a-long-demo-password")

    def start(*words: str) -> None:
        call_command("demo", *words, verbosity=0)

    return start


def test_it_works(demo, sim):
    demo("--past")
    past = Activation.objects.exclude(press__in=("demo:now", "demo:segment"))
    assert past.count() >= 10
    assert past.first().requested_at > timezone.now() - timedelta(days=1)
    assert past.last().requested_at < timezone.now() - timedelta(days=20)
    assert all("made up" in one.reason for one in past)
    ended = Counter(Delivery.objects.filter(activation__in=past).values_list("state", flat=True))
    assert ended[states.SUCCEEDED] > 20
    assert ended[states.FAILED] + ended[states.EMPTY] + ended[states.PARTLY]
    assert not set(ended) & set(states.MOVING), "nothing of the past is still to be sent"
    for delivery in Delivery.objects.filter(activation__in=past).exclude(state=states.EMPTY)[:5]:
        place = sim.world.sandboxes["prod"]
        run = place.runs.by_id[delivery.run_id]
        assert run.ends < timezone.now().timestamp()
        assert delivery.finished_at.timestamp() == pytest.approx(run.ends, abs=1)


def test_something_goes_on_waits_and_is_blocked_and_sets_go_by_themselves(demo):
    demo("--past")
    workspace = Workspace.objects.get(slug="demo")
    now = now_in(workspace, User.objects.get(username="marketer"))
    assert now.moving >= 4
    found = set(Delivery.objects.filter(activation__press="demo:now").values_list("state", flat=True))
    assert found == {states.QUEUED, states.ARMED, states.BLOCKED}
    assert ActivationSet.objects.count() == 2
    assert Schedule.objects.coming().count() == 1
    told = Notice.objects.filter(told=True)
    assert told.count() >= 8
    assert told.last().at < timezone.now() - timedelta(days=20)


def test_segment_resyncs_one_after_the_other(demo):
    demo("--past")
    pressed = Activation.objects.get(press="demo:segment")
    assert pressed.workspace.is_segment
    assert set(pressed.deliveries.values_list("state", flat=True)) == {states.QUEUED}
    assert pressed.deliveries.count() == 2


def test_a_second_start_adds_nothing(demo, sim):
    demo("--past")
    before = Activation.objects.count()
    # Past the minute in which Segment lets so many reads through, for it and for our pace.
    sim.world.clock.set(now=sim.world.clock.now() + 60)
    cache.clear()
    demo("--past")
    assert Activation.objects.count() == before


def test_without_it_nothing_was_ever_pressed(demo):
    demo()
    assert Workspace.objects.count() == 2
    assert not Activation.objects.exists()


def test_an_empty_demo_has_only_a_login(demo, capsys):
    demo("--empty")
    assert not Workspace.objects.exists()
    assert User.objects.get().is_superuser
    assert "demo-client" in capsys.readouterr().out


def test_only_in_demo_mode(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="Only in demo mode"):
        call_command("demo_past")


class TestRunsOfThePast:
    """The simulator's side of it."""

    def ask(self, sim, **body):
        flow = next(one for one in sim.world.sandboxes["prod"].flows.values() if one.kind == "batch")
        known = {"dataflow": flow.id, "audience": next(iter(flow.mappings)), "kind": "adhoc"}
        return httpx.post(f"{sim.url}/_sim/runs", json={**known, **body}, trust_env=False)

    def test_they_stand_where_they_belong(self, sim):
        then = sim.world.clock.now() - 10 * 86_400
        run = self.ask(sim, at=then).json()["run"]
        runs = sim.world.sandboxes["prod"].runs
        assert [one.created for one in runs.all] == sorted(one.created for one in runs.all)
        assert [one.seq for one in runs.all] == list(range(1, len(runs.all) + 1))
        assert runs.by_id[run].created == then
        assert runs.by_id[run].phase(sim.world.clock.now()) == "done"

    @pytest.mark.parametrize(
        "body", [{"at": 0}, {"at": 32_000_000_000}, {"at": "soon"}, {"kind": "scheduled", "at": 1}]
    )
    def test_neither_long_ago_nor_in_the_future(self, sim, body):
        assert self.ask(sim, **body).status_code == 400
