"""An activation added with a full resync: one call sends everybody, and a delivery follows it like any other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activations import states
from activations.beginnings import begin_all
from activations.evidence import call_as_sent
from activations.models import Activation, Delivery, Hold, Job, Pause
from activations.sweep import sweep
from audiences.models import Audience, Dataflow, Mapping, Wish
from audiences.wishes import states as wishes
from audiences.wishes.actions import ask
from audiences.wishes.lines import WITH, line_of
from audiences.wishes.work import claim, fulfil_all
from simulator.segment.shelf import LINKED
from simulator.server import Simulator
from tests.activations.segment_world import SegmentStage
from tests.activations.world import at_rest, fault, only, states_of, told
from tests.catalogue import make_user

pytestmark = pytest.mark.django_db
SECRET = "shared-secret-of-the-hook"


class Beginnings(SegmentStage):
    """The stage, and additions with a full resync."""

    def flow(self, kind: str = "USERS", *, counted: bool = True) -> Dataflow:
        """A connection to the webhook, of an audience of this type that would go."""
        rows = Dataflow.objects.filter(
            workspace=self.workspace, destination__platform_spec="actions-webhook", vanished_at=None,
            audience__origin=kind, audience__lifecycle="Live", audience__profiles__isnull=not counted,
        )  # fmt: skip
        return rows.select_related("audience", "destination").order_by("pk")[0]

    def add(self, flow: Dataflow, **fields: Any) -> Wish:
        self.presses += 1
        action = self.sim.world.segment.destinations[flow.destination.platform_id].actions[0]["id"]
        wanted = {
            "name": "Sale", "type": "Audience Entered", "enabled": True, "resync": True, "action": action,
            "settings": {"url": "https://hooks.example.com/sale", "method": "POST"},
        }  # fmt: skip
        known = {"by": None, "press": f"add-{self.presses}", "wanted": wanted}
        return ask(self.workspace, "map", dataflow=flow, audience=flow.audience, **{**known, **fields})

    def begin(self, wish: Wish, seconds: float = 0) -> Wish:
        if seconds:
            self.turn(seconds)
        begin_all(self.workspace, clock=self.now)
        wish.refresh_from_db()
        return wish

    def spoil(self, name: str, flow: Dataflow, **fields: Any) -> None:
        audience = f"/spaces/{self.workspace.sandbox}/audiences/{flow.audience.platform_id}"
        path = f"{audience}/destination-connections/{flow.platform_id}/activations"
        fault(self.sim, name, method="POST", path=path, **fields)

    def made(self, flow: Dataflow) -> list[Any]:
        """What the platform has of that name on the connection."""
        every = self.sim.world.segment.every_activation()
        return [one for one in every if one.connection.id == flow.platform_id and one.name == "Sale"]


@pytest.fixture
def stage(db: None) -> Iterator[Beginnings]:
    with Simulator(port=0, seed=7, dataflows=1, audiences=70) as simulator:
        yield Beginnings(simulator)


def begun_once(stage: Beginnings, flow: Dataflow, wish: Wish) -> Activation:
    """The platform has it once and was told to send everybody once; the delivery says that it is over."""
    assert wish.state == wishes.DONE
    stage.settle()
    (there,) = stage.made(flow)
    assert len(there.resyncs) == 1
    activation = Activation.objects.get()
    assert states_of(activation) == {states.FINISHED: 1}
    at_rest()
    return activation


def test_it_works(stage: Beginnings) -> None:
    flow, alice = stage.flow(), make_user("alice", "activator", stage.workspace)
    wish = stage.begin(stage.add(flow, by=alice))
    activation = Activation.objects.get()
    delivery = only(activation)
    assert delivery.state == states.RUNNING
    assert (delivery.mapping_id, delivery.run_id) == (wish.mapping_id, stage.made(flow)[0].id)
    assert (activation.requested_by, activation.requested_at) == (alice, wish.asked_at)
    assert activation.name == flow.name
    assert delivery.expected == flow.audience.profiles
    assert delivery.seen_at is not None
    job = delivery.job
    assert job is not None
    assert (job.outcome, job.status, bool(job.request_id)) == (Job.Outcome.ACCEPTED, 200, True)
    assert Hold.objects.get().job == job
    call = call_as_sent(stage.workspace, job)
    assert call.startswith("POST ")
    assert f"/destination-connections/{flow.platform_id}/activations\n" in call
    assert '"performResync": true' in call
    assert '"activation"' in job.answer
    begun_once(stage, flow, wish)
    assert told(activation) == ["requested", "sent", "accepted", "finished"]


def test_the_other_worker_leaves_it_alone(stage: Beginnings) -> None:
    wish = stage.add(stage.flow())
    assert fulfil_all(stage.workspace, clock=stage.now) == 0
    wish.refresh_from_db()
    assert wish.state == wishes.QUEUED
    assert wish.deadline - wish.asked_at == stage.workspace.send_limit


def test_two_workers_add_one(stage: Beginnings, transactional_db: None) -> None:
    flow = stage.flow()
    wish = stage.add(flow)

    def work(_n: int) -> None:
        try:
            begin_all(stage.workspace, clock=stage.now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    wish.refresh_from_db()
    begun_once(stage, flow, wish)


# ── one at a time in a workspace ──


def test_it_waits_for_a_resync_of_ours_and_goes_by_itself(stage: Beginnings) -> None:
    (other,) = stage.good()
    flow = stage.flow()
    stage.press([other])
    stage.turn()
    wish = stage.begin(stage.add(flow))
    assert (wish.state, wish.reason) == (wishes.QUEUED, "resync_held")
    assert "Segment allows one at a time" in str(line_of(Wish.objects.select_related(*WITH).get()).waits)
    assert not stage.made(flow)
    stage.settle()
    wish.refresh_from_db()
    assert wish.next_at <= stage.now(), "the end of that resync woke it"
    stage.begin(wish)
    assert wish.state == wishes.DONE
    stage.settle()
    assert [audience for _flow, audience in stage.ledger()] == [
        other.audience.platform_id,
        flow.audience.platform_id,
    ]
    at_rest()


def test_a_press_waits_for_it(stage: Beginnings) -> None:
    (other,) = [one for one in stage.good(2) if one.audience != stage.flow().audience][:1]
    stage.begin(stage.add(stage.flow()))
    activation = stage.press([other])
    stage.turn()
    assert only(activation).state == states.QUEUED
    assert len(stage.ledger()) == 1
    stage.settle()
    assert only(activation).state == states.FINISHED
    assert len(stage.ledger()) == 2
    at_rest()


def test_it_waits_for_a_strangers_resync(stage: Beginnings) -> None:
    (other,) = stage.good()
    stage.others_resync(other)
    Mapping.objects.filter(pk=other.pk).update(resyncing=True)
    flow = stage.flow()
    wish = stage.begin(stage.add(flow))
    assert (wish.state, wish.reason) == (wishes.QUEUED, "resync_elsewhere")
    assert not Hold.objects.exists()
    stage.begin(wish, 60)
    begun_once_beside(stage, flow, wish)


def test_one_that_the_mirror_does_not_know_of_is_told_by_the_platform(stage: Beginnings) -> None:
    (other,) = stage.good()
    stage.others_resync(other)
    flow = stage.flow()
    wish = stage.begin(stage.add(flow))
    assert (wish.state, wish.reason) == (wishes.QUEUED, "resync_elsewhere")
    assert not stage.made(flow)
    assert not Hold.objects.exists()
    stage.begin(wish, 60)
    begun_once_beside(stage, flow, wish)


def begun_once_beside(stage: Beginnings, flow: Dataflow, wish: Wish) -> None:
    assert wish.state == wishes.DONE
    stage.settle()
    (there,) = stage.made(flow)
    assert len(there.resyncs) == 1
    at_rest()


# ── sent once ──


@pytest.mark.parametrize("name", ["reset_after", "silence_after", "truncate", "html"])
def test_a_lost_answer_is_looked_up_and_the_delivery_takes_up_from_it(stage: Beginnings, name: str) -> None:
    flow = stage.flow()
    wish = stage.add(flow)
    stage.spoil(name, flow)
    stage.begin(wish)
    assert (wish.state, wish.doubtful) == (wishes.UNCONFIRMED, True)
    assert Hold.objects.get().wish == wish, "nothing leaves beside it"
    assert not Activation.objects.exists()
    sweep(stage.workspace, now=stage.now())
    assert Hold.objects.exists(), "the sweep leaves it alone"
    stage.begin(wish, 60)
    if wish.is_open:
        stage.begin(wish, 60)
    activation = begun_once(stage, flow, wish)
    assert told(activation)[:2] == ["requested", "sent"]


def test_one_that_was_never_made_goes_once_more_after_the_grace(stage: Beginnings) -> None:
    flow = stage.flow()
    wish = stage.add(flow)
    stage.spoil("status", flow, status=500)
    stage.begin(wish)
    assert wish.state == wishes.UNCONFIRMED
    stage.begin(wish, 10)
    assert wish.state == wishes.UNCONFIRMED
    assert not stage.made(flow)
    stage.begin(wish, 60)
    begun_once(stage, flow, wish)


def test_a_worker_that_died_after_the_call_leaves_what_the_next_one_finds(stage: Beginnings) -> None:
    flow = stage.flow()
    wish = stage.add(flow)
    taken = claim(Wish.objects.resyncing(), stage.workspace, stage.now())
    assert taken is not None
    Hold.objects.create(workspace=stage.workspace, key=Hold.WHOLE_WORKSPACE, wish=taken)
    Wish.objects.filter(pk=wish.pk).update(
        sent_at=stage.now(), lease_until=stage.now() - timedelta(seconds=1)
    )
    httpx.post(
        f"{stage.sim.url}/spaces/{stage.workspace.sandbox}/audiences/{flow.audience.platform_id}"
        f"/destination-connections/{flow.platform_id}/activations",
        json={
            "activationName": "Sale", "activationType": "Audience Entered", "enabled": True, "performResync": True,
            "destinationMapping": {"actionId": wish.wanted["action"], "settings": wish.wanted["settings"]},
        },
        headers={
            "Authorization": f"Bearer {stage.workspace.client_secret}",
            "Content-Type": "application/vnd.segment.v1alpha+json",
        },
    ).raise_for_status()  # fmt: skip
    sweep(stage.workspace, now=stage.now())
    assert Hold.objects.exists()
    stage.begin(wish)
    activation = begun_once(stage, flow, wish)
    assert told(activation) == ["requested", "sent", "found", "finished"]


def test_what_a_press_follows_already_is_not_followed_twice(stage: Beginnings) -> None:
    flow = stage.flow()
    wish = stage.add(flow)
    stage.spoil("reset_after", flow)
    stage.begin(wish)
    (there,) = stage.made(flow)
    mapping = Mapping.objects.create(
        workspace=stage.workspace, platform_id=there.id, dataflow=flow, audience=flow.audience, name="Sale",
        enabled=True, activation_type="Audience Entered", resyncing=True,
    )  # fmt: skip
    pressed = stage.press([mapping])
    stage.turn()
    stage.begin(wish, 60)
    stage.settle()
    assert wish.state == wishes.DONE
    assert Delivery.objects.get().activation == pressed
    assert len(stage.made(flow)[0].resyncs) == 1
    at_rest()


# ── would it go? ──


def test_of_a_disabled_audience_it_is_not_asked_for(stage: Beginnings) -> None:
    flow = stage.flow()
    there = stage.sim.world.segment.audiences[stage.workspace.sandbox][flow.audience.platform_id]
    there.enabled, there.status = False, "Disabled"
    wish = stage.begin(stage.add(flow))
    assert (wish.state, wish.reason) == (wishes.REFUSED, "audience_disabled")
    line = line_of(Wish.objects.select_related(*WITH).get())
    assert line.meaning is not None
    assert "send nobody" in str(line.meaning.meaning)
    assert "without a full resync" in str(line.meaning.do)
    assert not stage.made(flow)
    assert not Activation.objects.exists()
    assert not Hold.objects.exists()


def test_it_waits_until_the_audience_is_computed(stage: Beginnings) -> None:
    flow = stage.flow()
    there = stage.sim.world.segment.audiences[stage.workspace.sandbox][flow.audience.platform_id]
    there.status = "Computing"
    wish = stage.begin(stage.add(flow))
    assert (wish.state, wish.reason) == (wishes.QUEUED, "audience_computing")
    there.status = "Live"
    stage.begin(wish, 60)
    begun_once(stage, flow, wish)


def test_nothing_leaves_while_a_pause_stands(stage: Beginnings) -> None:
    flow = stage.flow()
    pause = Pause.objects.create(workspace=stage.workspace, reason="Storm", starts_at=timezone.now())
    wish = stage.begin(stage.add(flow))
    assert (wish.state, wish.reason) == (wishes.QUEUED, "paused")
    assert not stage.made(flow)
    pause.delete()
    stage.begin(wish, 60)
    begun_once(stage, flow, wish)


def test_one_that_its_time_ran_out_for_holds_nothing(stage: Beginnings) -> None:
    wish = stage.add(stage.flow())
    stage.spoil("reset_after", stage.flow())
    stage.begin(wish)
    Wish.objects.filter(pk=wish.pk).update(deadline=stage.now())
    stage.begin(wish)
    assert wish.state == wishes.LOST
    sweep(stage.workspace, now=stage.now())
    assert not Hold.objects.exists()


def test_a_linked_audience_is_run_as_after_a_press(stage: Beginnings) -> None:
    flow = stage.flow(LINKED, counted=False)
    wish = stage.begin(stage.add(flow))
    activation = begun_once(stage, flow, wish)
    assert "run_forced" in told(activation)


def test_a_conflict_of_names_is_not_taken_for_a_resync(stage: Beginnings) -> None:
    flow = stage.flow()
    assert stage.begin(stage.add(flow)).state == wishes.DONE
    stage.settle()
    Mapping.objects.filter(name="Sale").update(vanished_at=timezone.now())
    second = stage.begin(stage.add(flow))
    assert second.state in (wishes.CHANGED, wishes.REFUSED)
    assert len(stage.made(flow)) == 1
    assert not Hold.objects.exists()


# ── pages ──


def test_the_page_leads_to_what_follows_it(stage: Beginnings) -> None:
    flow = stage.flow()
    alice, charlie = make_user("alice", "activator", stage.workspace), make_user("charlie")
    wish = stage.add(flow, by=alice)
    there = reverse("activations:begun", args=[stage.workspace.slug, wish.pk])
    client, stranger = Client(), Client()
    client.force_login(alice)
    stranger.force_login(charlie)
    assert client.get(there).status_code == 404
    stage.begin(wish)
    page = client.get(flow.get_absolute_url()).content.decode()
    assert f'href="{there}"' in page
    assert "and resync it" in page
    activation = Activation.objects.get()
    assert client.get(there).headers["Location"] == activation.get_absolute_url()
    assert stranger.get(there).status_code == 404
    history = client.get(reverse("activations:history", args=[stage.workspace.slug])).content.decode()
    assert activation.name in history
    shown = client.get(activation.get_absolute_url()).content.decode()
    assert "Running" in shown


def test_secrets_are_in_no_record(stage: Beginnings) -> None:
    flow = stage.flow()
    wish = stage.add(flow)
    struck = {**wish.wanted["settings"], "sharedSecret": "[redacted]"}
    wish.delete()
    wanted = {**wish.wanted, "settings": struck}
    sealed = {"settings": {**struck, "sharedSecret": SECRET}}
    wish = stage.begin(stage.add(flow, wanted=wanted, sealed=sealed))
    for job in Job.objects.all():
        assert SECRET not in f"{job.request}{job.answer}{job.verbatim}"
    assert SECRET not in str(list(Audience.objects.values_list("platform_id")))
    assert wish.sealed == ""
