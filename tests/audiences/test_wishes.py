"""Wishes about dataflows against the simulator: done once, never blindly again, and asked again when stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from activations.facts import verdicts
from audiences.connection import why_not_move
from audiences.models import Audience, Dataflow, Mapping, Wish
from audiences.wishes import states, work
from audiences.wishes.actions import CannotAsk, ask
from audiences.wishes.moves import IllegalMove, move
from audiences.wishes.terms import terms_of
from audiences.wishes.work import claim, fulfil, fulfil_all
from simulator.dataflow import Flow
from simulator.server import Simulator
from tests.activations.world import Stage, fault, impatient
from tests.catalogue import make_audience, make_user, make_workspace

FLOWS = "/data/foundation/flowservice/flows"
TERMS = {
    "export_mode": "DAILY_FULL_EXPORT", "frequency": "DAILY", "trigger": "SCHEDULED", "start_date": "2026-01-01",
    "end_date": "", "start_time": "05:00", "file_name_template": "%SEGMENT_ID%_%DATETIME(YYYYMMdd)%",
}  # fmt: skip


class Desk:
    """A mirrored stand-in with one dataflow in hand, and the verbs of a wish spelled short."""

    def __init__(self, sim: Any) -> None:
        self.stage = Stage(sim)
        self.workspace = self.stage.workspace
        impatient(self.workspace)
        self.flow = self.mapped[0].dataflow
        self.presses = 0

    @property
    def place(self) -> Any:
        return self.stage.sim.world.sandboxes["prod"]

    @property
    def there(self) -> Flow:
        """The dataflow as the platform has it."""
        return self.place.flows[self.flow.platform_id]

    @property
    def mapped(self) -> list[Mapping]:
        return self.stage.good(3, flows=1)

    def unmapped(self, *, external: bool = False) -> Audience:
        known = Audience.objects.filter(workspace=self.workspace, external=external, lifecycle="published")
        return known.exclude(mappings__dataflow=self.flow).order_by("pk")[0]

    def ask(self, what: str, audience: Audience | None = None, **fields: Any) -> Wish:
        self.presses += 1
        known = {"by": None, "press": f"press-{self.presses}", "dataflow": self.flow, "audience": audience}
        return ask(self.workspace, what, **{**known, **fields})

    def work(self, wish: Wish, later: float = 0) -> Wish:
        now = timezone.now() + timedelta(seconds=later)
        fulfil_all(self.workspace, clock=lambda: now)
        wish.refresh_from_db()
        return wish

    def fault(self, name: str, method: str = "PATCH", **fields: Any) -> None:
        path = f"{FLOWS}/{self.flow.platform_id}" + ("/action" if method == "POST" else "")
        fault(self.stage.sim, name, method=method, path=path, **fields)

    def calls(self, method: str) -> int:
        return sum(
            call.method == method for call in self.stage.sim.world.ledger.calls if "/flows/" in call.path
        )

    def will_go(self, audience: Audience) -> Any:
        mapping = Mapping.objects.select_related("dataflow", "audience").get(
            dataflow=self.flow, audience=audience
        )
        return verdicts(self.workspace, [mapping])[mapping.pk]

    def others_change(self, mapping: Mapping, **schedule: str) -> None:
        """Somebody else changes a mapping at the platform; our mirror does not know."""
        with self.stage.sim.world.lock:
            for selector in self.there.selectors:
                if mapping.audience.platform_id in (
                    selector["value"].get("systemSegmentId"),
                    selector["value"]["id"],
                ):
                    selector["value"]["schedule"] |= schedule
            self.there.changed(self.stage.sim.world.now() + 1, "update")


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as simulator:
        yield Desk(simulator)


@pytest.mark.parametrize("external", [False, True])
def test_an_audience_is_mapped_and_waits_its_hour_at_once(desk: Desk, external: bool) -> None:
    audience = desk.unmapped(external=external)
    wish = desk.work(desk.ask("map", audience, wanted=TERMS))
    assert (wish.state, wish.status) == (states.DONE, 200)
    assert audience.platform_id in desk.there.mappings
    verdict = desk.will_go(audience)
    assert (verdict.will_go, verdict.main.code) == ("waits", "mapped_recently")
    assert timedelta(minutes=58) < verdict.clears_at - timezone.now() < timedelta(minutes=62)
    desk.flow.refresh_from_db()
    assert (desk.flow.etag, desk.flow.mapped_count) == (desk.there.document["etag"], len(desk.there.mappings))
    assert [event.what for event in wish.events.all()] == ["asked", "taken_up", "done"]


def test_terms_change_and_the_audience_does_not_wait_again(desk: Desk) -> None:
    mapping = desk.mapped[0]
    seen, until = terms_of(mapping), (timezone.now() + timedelta(days=9)).date()
    wanted = {**TERMS, "end_date": until.isoformat()}
    assert desk.work(desk.ask("alter", mapping.audience, wanted=wanted, seen=seen)).state == states.DONE
    mapping.refresh_from_db()
    assert (mapping.end_date, mapping.start_time) == (until, "05:00")
    assert desk.there.mappings[mapping.audience.platform_id].end == until.isoformat()
    assert desk.will_go(mapping.audience).will_go == "ready"


def test_an_audience_is_removed_and_blocked_here(desk: Desk) -> None:
    mapping = desk.mapped[1]
    others = [key for key in desk.there.mappings if key != mapping.audience.platform_id]
    assert desk.work(desk.ask("unmap", mapping.audience, seen=terms_of(mapping))).state == states.DONE
    assert list(desk.there.mappings) == others
    assert desk.will_go(mapping.audience).main.code == "not_mapped"


def test_mapped_again_the_row_lives_again(desk: Desk) -> None:
    mapping = desk.mapped[0]
    desk.work(desk.ask("unmap", mapping.audience, seen=terms_of(mapping)))
    desk.work(desk.ask("map", mapping.audience, wanted=TERMS))
    assert Mapping.objects.get(dataflow=desk.flow, audience=mapping.audience).pk == mapping.pk
    assert desk.will_go(mapping.audience).main.code == "mapped_recently"


def test_a_dataflow_is_switched_off_and_on(desk: Desk) -> None:
    mapping = desk.mapped[0]
    assert desk.work(desk.ask("disable")).state == states.DONE
    assert not desk.there.enabled
    assert desk.will_go(mapping.audience).main.code == "dataflow_disabled"
    assert desk.work(desk.ask("enable")).state == states.DONE
    assert desk.will_go(mapping.audience).will_go == "ready"
    assert desk.calls("POST") == 2


@pytest.mark.parametrize("name", ["reset_after", "silence_after", "truncate", "html"])
def test_a_lost_answer_is_looked_up_before_anything_goes_again(desk: Desk, name: str) -> None:
    audience = desk.unmapped()
    desk.fault(name)
    wish = desk.work(desk.ask("map", audience, wanted=TERMS))
    assert (wish.state, wish.doubtful) == (states.UNCONFIRMED, True)
    happened = audience.platform_id in desk.there.mappings
    wish = desk.work(wish, later=60)
    assert wish.state == states.DONE
    assert desk.calls("PATCH") == (1 if happened else 2)
    assert [selector["value"]["id"] for selector in desk.there.selectors].count(audience.platform_id) == 1
    assert desk.will_go(audience).main.code == "mapped_recently"


def test_a_lost_switch_that_somebody_undid_is_asked_about(desk: Desk) -> None:
    desk.fault("reset_after", method="POST")
    wish = desk.work(desk.ask("disable"))
    assert wish.state == states.UNCONFIRMED
    assert not desk.there.enabled
    with desk.stage.sim.world.lock:
        desk.there.document["state"] = "enabled"
        desk.there.changed(desk.stage.sim.world.now() + 1, "enable")
    wish = desk.work(wish, later=60)
    assert (wish.state, wish.found) == (states.CHANGED, {"state": "enabled"})
    assert desk.calls("POST") == 1


@pytest.mark.parametrize(("name", "rule"), [
    ("reset_before", {}), ("status", {"status": 429, "retry_after": 7}), ("status", {"status": 503}),
])  # fmt: skip
def test_what_did_not_happen_goes_again(desk: Desk, name: str, rule: dict[str, Any]) -> None:
    mapping = desk.mapped[0]
    desk.fault(name, **rule)
    wish = desk.work(desk.ask("unmap", mapping.audience, seen=terms_of(mapping)))
    assert wish.is_open
    assert desk.work(wish).is_open, "it waits before it goes again"
    assert desk.work(wish, later=90).state == states.DONE
    assert mapping.audience.platform_id not in desk.there.mappings


def test_an_unrelated_change_in_between_is_read_and_resolved_anew(desk: Desk) -> None:
    first, second, *_ = desk.mapped
    desk.fault("status", status=412)
    wish = desk.work(desk.ask("unmap", second.audience, seen=terms_of(second)))
    assert (wish.state, wish.reason, wish.doubtful) == (states.QUEUED, "conflict", False)
    desk.stage.unmap(first)
    assert desk.work(wish, later=60).state == states.DONE
    assert second.audience.platform_id not in desk.there.mappings
    assert len(desk.there.mappings) == len(desk.there.selectors)


def test_what_changed_meanwhile_is_asked_again_and_the_mirror_told(desk: Desk) -> None:
    mapping = desk.mapped[0]
    seen = terms_of(mapping)
    desk.others_change(mapping, endDate="2031-01-01")
    wish = desk.work(desk.ask("alter", mapping.audience, wanted=TERMS, seen=seen))
    assert (wish.state, wish.found["end_date"]) == (states.CHANGED, "2031-01-01")
    assert desk.calls("PATCH") == 0
    mapping.refresh_from_db()
    assert mapping.end_date.isoformat() == "2031-01-01"
    wish = desk.work(desk.ask("alter", mapping.audience, wanted=TERMS, seen=terms_of(mapping)))
    assert wish.state == states.DONE


@pytest.mark.parametrize("what", ["alter", "unmap"])
def test_an_audience_that_is_gone_meanwhile(desk: Desk, what: str) -> None:
    mapping = desk.mapped[0]
    seen = terms_of(mapping)
    desk.stage.unmap(mapping)
    wish = desk.work(desk.ask(what, mapping.audience, wanted=TERMS if what == "alter" else {}, seen=seen))
    assert wish.state == (states.CHANGED if what == "alter" else states.DONE)
    assert desk.will_go(mapping.audience).main.code == "not_mapped"
    assert desk.calls("PATCH") == 0


@pytest.mark.parametrize("what", ["map", "disable"])
def test_a_dataflow_that_is_gone_is_marked_so(desk: Desk, what: str) -> None:
    flow = desk.mapped[0].dataflow
    del desk.place.flows[flow.platform_id]
    wish = desk.work(desk.ask(what, desk.unmapped() if what == "map" else None, wanted=TERMS))
    assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
    flow.refresh_from_db()
    assert flow.vanished_at is not None
    assert not flow.mappings.filter(vanished_at=None).exists()


def test_one_that_only_its_address_does_not_find_is_not_marked(desk: Desk) -> None:
    flow = desk.mapped[0].dataflow
    desk.fault("status", "GET", status=404, times=9)
    wish = desk.work(desk.ask("map", desk.unmapped(), wanted=TERMS))
    assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
    flow.refresh_from_db()
    assert flow.vanished_at is None


def test_one_that_was_mapped_meanwhile_on_other_terms(desk: Desk) -> None:
    mapping = desk.mapped[0]
    wish = desk.work(desk.ask("map", mapping.audience, wanted=TERMS))
    assert (wish.state, wish.found["mapped"]) == (states.CHANGED, "yes")


def test_a_refusal_keeps_the_platforms_words(desk: Desk) -> None:
    wish = desk.work(desk.ask("map", desk.unmapped(), wanted={**TERMS, "frequency": "EVERY_3_HOURS"}))
    assert (wish.state, wish.reason, wish.status) == (states.REFUSED, "refused", 400)
    assert wish.verbatim == "The frequency does not match the exportMode."


def test_refused_credentials_are_named(desk: Desk) -> None:
    desk.fault("status", status=403)
    wish = desk.work(desk.ask("map", desk.unmapped(), wanted=TERMS))
    assert (wish.state, wish.reason) == (states.REFUSED, "credentials_refused:key")


def test_a_dataflow_in_transition_is_waited_for(desk: Desk) -> None:
    with desk.stage.sim.world.lock:
        desk.there.transition_until = desk.stage.sim.world.now() + 5
    wish = desk.work(desk.ask("map", desk.unmapped(), wanted=TERMS))
    assert (wish.state, wish.reason) == (states.QUEUED, "dataflow_busy")
    with desk.stage.sim.world.lock:
        desk.there.transition_until = None
    assert desk.work(wish, later=30).state == states.DONE


def test_a_dead_worker_leaves_it_to_the_next(desk: Desk) -> None:
    audience, now = desk.unmapped(), timezone.now()
    wish = desk.ask("map", audience, wanted=TERMS)
    taken = claim(Wish.objects.plain(), desk.workspace, timezone.now())
    assert taken is not None
    assert claim(Wish.objects.plain(), desk.workspace, now) is None
    wish = desk.work(wish, later=300)
    assert (wish.state, wish.attempts) == (states.DONE, 2)
    # The first comes back to life: what it writes down or sends no longer counts.
    fulfil(taken)
    wish.refresh_from_db()
    assert (wish.state, desk.calls("PATCH")) == (states.DONE, 1)


def test_one_that_was_sent_by_a_dead_worker_is_doubtful(desk: Desk) -> None:
    wish = desk.ask("map", desk.unmapped(), wanted=TERMS)
    claim(Wish.objects.plain(), desk.workspace, timezone.now())
    Wish.objects.filter(pk=wish.pk).update(sent_at=timezone.now())
    desk.fault("status", method="GET", status=500, times=9)
    wish = desk.work(wish, later=300)
    assert (wish.state, wish.doubtful) == (states.UNCONFIRMED, True)
    assert desk.calls("PATCH") == 0


def test_what_cannot_be_done_in_its_time_is_given_up_in_true_words(desk: Desk) -> None:
    first = desk.ask("map", desk.unmapped(), wanted=TERMS)
    assert (desk.work(first, later=3601).state, first.reason) == (states.REFUSED, "never_sent")
    desk.fault("reset_after")
    second = desk.work(desk.ask("map", desk.unmapped(), wanted=TERMS))
    assert second.state == states.UNCONFIRMED
    assert (desk.work(second, later=7201).state, second.reason) == (states.LOST, "no_trace")


def test_a_double_click_is_one_wish_and_another_has_to_wait(desk: Desk) -> None:
    audience = desk.unmapped()
    first = desk.ask("map", audience, wanted=TERMS, press="same")
    assert desk.ask("map", audience, wanted=TERMS, press="same").pk == first.pk
    with pytest.raises(CannotAsk):
        desk.ask("map", audience, wanted=TERMS)
    desk.ask("disable")
    with pytest.raises(CannotAsk):
        desk.ask("enable")


def test_nothing_of_another_workspace_is_touched(desk: Desk) -> None:
    with pytest.raises(ValueError, match="another workspace"):
        desk.ask("map", make_audience(make_workspace()), wanted=TERMS)


def test_states_move_along_their_edges_only_and_once(desk: Desk) -> None:
    wish = desk.ask("disable", by=make_user("ann"))
    twin = Wish.objects.get(pk=wish.pk)
    with pytest.raises(IllegalMove):
        move(wish, states.DONE, what="done", now=timezone.now())
    assert move(wish, states.SENDING, what="taken_up", now=timezone.now())
    assert not move(twin, states.SENDING, what="taken_up", now=timezone.now())
    assert wish.events.count() == 2


def test_a_workspace_with_an_open_wish_does_not_move_to_another_sandbox(desk: Desk) -> None:
    assert why_not_move(desk.workspace) == ""
    wish = desk.ask("disable")
    assert "on its way" in why_not_move(desk.workspace)
    desk.work(wish)
    assert why_not_move(desk.workspace) == ""


def test_who_may_see_a_wish(desk: Desk) -> None:
    wish = desk.ask("disable")
    belongs, stranger = make_user("bob", "viewer", desk.workspace), make_user("charlie")
    assert list(Wish.objects.visible_to(belongs)) == [wish]
    assert not Wish.objects.visible_to(stranger).exists()
    assert Dataflow.objects.visible_to(belongs).exists()


def test_a_living_workers_wish_is_not_taken_up_by_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is renewed while it works, and only its own: not once it is over."""
    renewals: list[Callable[[], object]] = []

    @contextmanager
    def kept(renew: Callable[[], object], name: str) -> Iterator[None]:
        Wish.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert renew() == 1
        assert Wish.objects.get().lease_until > timezone.now()
        renewals.append(renew)
        yield

    monkeypatch.setattr(work, "kept", kept)
    desk.ask("disable")
    fulfil_all(desk.workspace)
    assert [renew() for renew in renewals] == [0]
