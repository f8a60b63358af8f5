"""Evaluations and exports on demand: asked for once, looked for when the answer was lost, followed, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from activations.facts import _snapshot_job
from audiences.models import Audience, PlatformJob, Wish
from audiences.sync import sync
from audiences.tasks import follow_jobs
from audiences.wishes import states
from audiences.wishes.actions import ask
from audiences.wishes.words import meaning_of
from audiences.wishes.work import fulfil_all
from simulator import organisation
from simulator.madejobs import dataset_of
from simulator.server import Simulator
from tests.activations.world import Stage, fault, impatient, pass_time

UPS = "/data/core/ups"


class Desk:
    def __init__(self, sim: Any) -> None:
        self.stage = Stage(sim)
        self.workspace = self.stage.workspace
        impatient(self.workspace)
        self.dataset = dataset_of(sim.world.sandboxes["prod"])
        self.presses = 0

    @property
    def made(self) -> list[Any]:
        return self.stage.sim.world.sandboxes["prod"].jobs

    def some(self, count: int) -> list[str]:
        rows = Audience.objects.filter(workspace=self.workspace, external=False).order_by("pk")
        return list(rows.values_list("platform_id", flat=True)[:count])

    def ask(self, what: str, **fields: Any) -> Wish:
        self.presses += 1
        return ask(self.workspace, what, by=None, press=f"press-{self.presses}", **fields)

    def work(self, wish: Wish, later: float = 0) -> Wish:
        """Both clocks go on together."""
        if later:
            pass_time(self.stage.sim, later)
        self.stage.later += later
        now = self.stage.now()
        fulfil_all(self.workspace, clock=lambda: now)
        wish.refresh_from_db()
        return wish

    def fault(self, name: str, kind: str = "segment", **fields: Any) -> None:
        fault(self.stage.sim, name, path=f"{UPS}/{kind}/jobs", **fields)


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with Simulator(port=0, seed=7, dataflows=4, audiences=60) as simulator:
        yield Desk(simulator)


def wanted(desk: Desk, what: str) -> dict[str, Any]:
    return {"audiences": desk.some(2), **({"dataset": desk.dataset} if what == "export" else {})}


@pytest.mark.parametrize("what", ["evaluate", "export"])
def test_a_job_is_made_followed_and_never_taken_for_the_snapshot(desk: Desk, what: str) -> None:
    before = desk.workspace.evaluated_at, desk.workspace.snapshot_at
    wish = desk.work(desk.ask(what, wanted=wanted(desk, what)))
    assert (wish.state, wish.status) == (states.DONE, None)
    job = wish.job
    assert job is not None
    assert (job.platform_id, job.scheduled, job.is_open) == (desk.made[0].id, False, True)
    assert not _snapshot_job(desk.workspace, desk.stage.now())
    pass_time(desk.stage.sim, 200)
    follow_jobs(desk.workspace.pk)
    job.refresh_from_db()
    assert (job.status, job.scheduled, job.segments) == ("succeeded", False, desk.some(2))
    sync(desk.workspace)
    job.refresh_from_db()
    desk.workspace.refresh_from_db()
    assert job.scheduled is False
    assert (desk.workspace.evaluated_at, desk.workspace.snapshot_at) == before


@pytest.mark.parametrize("what", ["evaluate", "export"])
@pytest.mark.parametrize("name", ["reset_after", "silence_after", "truncate"])
def test_a_lost_answer_finds_the_job_and_makes_no_second(desk: Desk, what: str, name: str) -> None:
    desk.fault(name, "segment" if what == "evaluate" else "export")
    wish = desk.work(desk.ask(what, wanted=wanted(desk, what)))
    assert (wish.state, wish.doubtful) == (states.UNCONFIRMED, True)
    wish = desk.work(wish, later=10)
    assert wish.state == states.DONE
    assert wish.job.platform_id == desk.made[0].id
    assert len(desk.made) == 1


def test_what_was_not_made_goes_again_after_the_grace_and_only_then(desk: Desk) -> None:
    desk.fault("html", "segment")
    wish = desk.work(desk.ask("evaluate", wanted=wanted(desk, "evaluate")))
    assert (wish.state, desk.made) == (states.UNCONFIRMED, [])
    assert desk.work(wish, later=10).state == states.UNCONFIRMED
    assert not desk.made
    assert desk.work(wish, later=60).state == states.DONE
    assert len(desk.made) == 1


def test_a_job_of_somebody_else_or_of_another_wish_is_not_adopted(desk: Desk) -> None:
    first = desk.work(desk.ask("evaluate", wanted=wanted(desk, "evaluate")))
    desk.fault("html", "segment")
    second = desk.work(desk.ask("evaluate", wanted=wanted(desk, "evaluate")))
    assert second.state == states.UNCONFIRMED
    second = desk.work(second, later=70)
    assert second.state == states.DONE
    assert second.job != first.job


def test_too_many_at_once_wait(desk: Desk) -> None:
    wishes = [desk.ask("evaluate") for _ in range(4)]
    for wish in wishes:
        desk.work(wish)
    assert (wishes[3].state, wishes[3].reason) == (states.QUEUED, "throttled")
    assert desk.work(wishes[3], later=130).state == states.DONE


@pytest.mark.parametrize("what", ["evaluate", "export"])
def test_a_job_is_cancelled_once(desk: Desk, what: str) -> None:
    job = desk.work(desk.ask(what, wanted=wanted(desk, what))).job
    wish = desk.work(desk.ask("cancel", job=job))
    assert wish.state == states.DONE
    assert desk.made[0].cancelled_at is not None
    pass_time(desk.stage.sim, 10)
    follow_jobs(desk.workspace.pk)
    job.refresh_from_db()
    assert job.status == ("canceled" if what == "evaluate" else "failed")
    assert desk.work(desk.ask("cancel", job=job)).state == states.DONE


@pytest.mark.parametrize(("what", "policy", "right"), [
    ("evaluate", "/resource-types/segment-jobs", "Evaluate a Segment to an Audience"),
    ("export", "/permissions/export-audience-for-segments", "Export Audience for Segment"),
])  # fmt: skip
def test_a_right_that_lacks_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, what: str, policy: str, right: str
) -> None:
    monkeypatch.delitem(organisation.GRANTED, policy)
    wish = desk.work(desk.ask(what, wanted={"audiences": [], "dataset": desk.dataset}))
    assert (wish.state, wish.reason) == (states.REFUSED, "credentials_refused:permission")
    meaning = meaning_of(wish)
    assert meaning is not None
    assert f"adds {right} to the credential's role" in str(meaning.do)
    assert desk.made == []


def test_a_refusal_keeps_the_platforms_words(desk: Desk) -> None:
    wish = desk.work(desk.ask("export", wanted={"dataset": "nowhere", "audiences": []}))
    assert (wish.state, wish.verbatim) == (states.REFUSED, "The dataset nowhere is not found.")


def test_a_job_the_platform_forgot_is_not_waited_for(desk: Desk) -> None:
    PlatformJob.objects.create(
        workspace=desk.workspace, kind="segment", platform_id="gone", status="queued", scheduled=False,
        created_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    follow_jobs(desk.workspace.pk)
    assert PlatformJob.objects.get(platform_id="gone").status == "unknown"
