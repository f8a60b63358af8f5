"""Asks the platform about every due run in as few calls as it allows, and writes what changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q

from activations import beginnings, nudges, states
from activations.cadence import LONGEST, SHORTEST, Cadence, age, too_young
from activations.models import Delivery
from activations.moves import move
from activations.usual import compared, usual_counts
from activations.vendors import vendor_of
from audiences import clock
from audiences.models import Workspace
from platforms.errors import PlatformError, Refused
from platforms.types import Counts, Run, RunStatus

log = structlog.get_logger(__name__)

AT_ONCE = 1000
# A watcher that died frees the workspace after this long.
LEASE = timedelta(seconds=settings.QUESTION_LEASE)
# A run that is over with a status we cannot read is asked about this often before a person must look.
UNREADABLE_CHECKS = 5

OUTCOMES = {
    RunStatus.SUCCEEDED: states.SUCCEEDED,
    RunStatus.PARTIAL: states.PARTLY,
    RunStatus.FAILED: states.FAILED,
    RunStatus.FINISHED: states.FINISHED,
}


def watch(workspace: Workspace, *, now: datetime | None = None) -> int:
    """Ask about the due runs of a workspace; returns how many deliveries are over now.

    One watcher per workspace at a time; the others return at once.
    """
    now = now or clock.now()
    if not _due(workspace, now).exists() or not _take_lease(workspace, now):
        return 0
    try:
        due = list(_due(workspace, now)[:AT_ONCE])
        cadence = Cadence.of(workspace, {delivery.dataflow_id for delivery in due}, now)
        asking = _fill(workspace, _put_off(due, cadence, now), now)
        return _watch(workspace, asking, cadence, now) if asking else 0
    finally:
        Workspace.objects.filter(pk=workspace.pk).update(watched_until=None)


def _take_lease(workspace: Workspace, now: datetime) -> bool:
    free = Workspace.objects.filter(Q(watched_until=None) | Q(watched_until__lt=now), pk=workspace.pk)
    return free.update(watched_until=now + LEASE) == 1


def _due(workspace: Workspace, now: datetime):  # type: ignore[no-untyped-def]
    return _running(workspace).filter(next_check_at__lte=now)


def _running(workspace: Workspace):  # type: ignore[no-untyped-def]
    rows = Delivery.objects.filter(workspace=workspace, state=states.RUNNING)
    return rows.select_related("dataflow", "audience", "mapping", "workspace").order_by("next_check_at", "pk")


def _put_off(due: list[Delivery], cadence: Cadence, now: datetime) -> list[Delivery]:
    """Those worth a question now; the ones that cannot be over yet get their moment, without one."""
    young = too_young(cadence, due, now)
    by_wait: dict[float, list[int]] = {}
    for pk, wait in young.items():
        by_wait.setdefault(round(wait, 1), []).append(pk)
    for wait, pks in by_wait.items():
        rows = Delivery.objects.filter(pk__in=pks, state=states.RUNNING)
        rows.update(next_check_at=now + timedelta(seconds=wait))
    return [delivery for delivery in due if delivery.pk not in young]


def _fill(workspace: Workspace, due: list[Delivery], now: datetime) -> list[Delivery]:
    """The last call asks about as many as fit: those whose turn is next cost nothing there."""
    room = -len(due) % vendor_of(workspace).per_question
    return due + list(_running(workspace).filter(next_check_at__gt=now)[:room]) if room else due


def _watch(workspace: Workspace, deliveries: list[Delivery], cadence: Cadence, now: datetime) -> int:
    try:
        runs = vendor_of(workspace).runs(workspace, deliveries, now)
    except PlatformError as error:
        log.warning("Runs could not be read; asking again.", workspace=workspace.slug, code=error.code)
        # Credentials do not mend themselves in two seconds: no hot loop around a refusal.
        _ask_later(deliveries, cadence, now, shortest=LONGEST if isinstance(error, Refused) else SHORTEST)
        return 0
    over: list[Delivery] = []
    going_on: list[Delivery] = []
    for delivery in deliveries:
        (over if _is_over(delivery, runs.get(delivery.run_id)) else going_on).append(delivery)
    finished = _finish(over, runs, now)
    _ask_later(going_on, cadence, now)
    if finished:
        nudges.dispatch_soon(workspace.pk)
        if workspace.is_segment:
            beginnings.wake(workspace, now)
    return finished


def _is_over(delivery: Delivery, found: Run | None) -> bool:
    if found is None:
        return False
    if found.status.is_over:
        return True
    return (
        found.status is RunStatus.UNKNOWN
        and found.completed_at is not None
        and delivery.checks >= UNREADABLE_CHECKS
    )


def _finish(deliveries: list[Delivery], runs: dict[str, Run], now: datetime) -> int:
    by_state: dict[str, list[Delivery]] = {}
    usual = usual_counts({delivery.mapping_id for delivery in deliveries})
    for delivery in deliveries:
        by_state.setdefault(outcome(delivery, runs[delivery.run_id]), []).append(delivery)
    moved = 0
    for state, those in by_state.items():
        each = {
            d.pk: {
                **(found := result(d, runs[d.run_id])),
                **compared(state, found["activated"], usual[d.mapping_id]),
                "finished_at": runs[d.run_id].completed_at or now,
                "reason": _reason(d, state),
                "next_check_at": vendor_of(d.workspace).count_at(d, now),
            }
            for d in those
        }
        moved += len(move(those, state, what=state, now=now, each=each))
    return moved


def outcome(delivery: Delivery, found: Run) -> str:
    """The delivery's state that a finished run means. Zero profiles is a warning, not a success."""
    state = OUTCOMES.get(found.status, states.STOPPED)
    if state == states.SUCCEEDED and counts_of(delivery, found).activated == 0:
        return states.EMPTY
    return state


def _reason(delivery: Delivery, state: str) -> str:
    if state == states.FINISHED:
        return "" if delivery.seen_at is not None or delivery.joined else "resync_not_seen"
    return {
        states.FAILED: "run_failed",
        states.EMPTY: "delivered_empty",
        states.PARTLY: "partly",
        states.STOPPED: "status_unknown",
    }.get(state, "")


def counts_of(delivery: Delivery, found: Run) -> Counts:
    """The run's counts for this audience; the run's own where it carries no other; else unknown."""
    mine = found.audiences.get(delivery.audience.platform_id)
    if mine is not None:
        return mine
    return Counts() if found.audiences else found.counts


def result(delivery: Delivery, found: Run) -> dict[str, Any]:
    """What a run says about a delivery, as fields; absent stays None."""
    counts = counts_of(delivery, found)
    alone = len(found.audiences) <= 1
    issues = [
        {"severity": i.severity, "code": i.code, "message": i.message, "count": i.count} for i in found.issues
    ]
    worst = next((i for i in found.issues if i.severity == "error"), None)
    return {
        "run_word": found.word or "",
        "started_at": found.started_at or delivery.started_at,
        "received": counts.received,
        "activated": counts.activated,
        "excluded": counts.excluded,
        "failed": counts.failed,
        "files": found.files if alone else None,
        "bytes_out": found.bytes_out if alone else None,
        "issues": issues,
        "verbatim": f"{worst.code}: {worst.message}" if worst else "",
    }


def _ask_later(
    deliveries: list[Delivery], cadence: Cadence, now: datetime, *, shortest: float = SHORTEST
) -> None:
    """Back off per run, in one UPDATE per moment; past the deadline stop watching."""
    over = [delivery for delivery in deliveries if delivery.deadline <= now]
    move(
        over,
        states.STOPPED,
        what="stopped",
        now=now,
        reason="watch_limit",
        finished_at=now,
        next_check_at=None,
    )
    by_wait: dict[float, list[int]] = {}
    for delivery in deliveries:
        wait = max(cadence.next(delivery.dataflow_id, age(delivery, now)), shortest)
        by_wait.setdefault(round(wait, 1), []).append(delivery.pk)
    for wait, pks in by_wait.items():
        rows = Delivery.objects.filter(pk__in=pks, state=states.RUNNING)
        rows.update(next_check_at=now + timedelta(seconds=wait), checks=F("checks") + 1)
