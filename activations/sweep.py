"""Finds what a lost nudge or a dead worker left behind, and lets go what is now allowed to go.

Everything here would also be right if it ran twice at the same moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from activations import nudges, pauses, states
from activations.actions import take_back
from activations.courses import UNCONFIRMED_LIMIT, again, unconfirmed
from activations.facts import unwilling, verdicts
from activations.models import Delivery, Hold, Job
from activations.moves import lock, move, release
from activations.opening import RECHECK_EVERY, opening
from activations.vendors import vendor_of
from audiences import clock
from audiences.models import Workspace
from platforms.errors import PlatformError

log = structlog.get_logger(__name__)

ASKING = timedelta(seconds=settings.QUESTION_LEASE)
# What waits for one of these has no moment at which it clears: the platform must be asked.
UNTIL_SEEN = {
    "scheduled_export_running",
    "snapshot_export_running",
    "audience_running_elsewhere",
    "dataflow_in_transition",
    "resync_elsewhere",
    "audience_computing",
    "audience_locked",
}


def sweep(workspace: Workspace, *, now: datetime | None = None) -> None:
    """One round: dead senders, armed deliveries, pauses, deadlines, orphaned holds; then nudges for what is left."""
    now = now or clock.now()
    free_dead_jobs(workspace, now)
    release_armed(workspace, now)
    pauses.hold_back(workspace, now)
    give_up(workspace, now)
    release_orphans(workspace)
    nudge(workspace, now)


def free_dead_jobs(workspace: Workspace, now: datetime) -> None:
    """A job whose lease ended has lost its sender: whether the POST was made is unknown.

    Unless the sender had not written down that it sends: it would have had to, and from now on it cannot.
    """
    dead = Job.objects.filter(workspace=workspace, outcome=Job.Outcome.SENDING, lease_until__lt=now)
    for job in dead.order_by("pk"):
        with transaction.atomic():
            mine = Job.objects.filter(pk=job.pk, outcome=Job.Outcome.SENDING)
            sent = mine.exclude(platform_at=None).update(outcome=Job.Outcome.UNKNOWN, reason="sender_lost")
            if not sent and not mine.update(outcome=Job.Outcome.NOT_SENT, reason="sender_lost"):
                continue
            left = job.deliveries.filter(state=states.SENDING)
            lost = list(left.select_related("dataflow", "audience", "workspace"))
            lock(lost)
            if sent:
                job.refresh_from_db()
                unconfirmed(job, lost, now, "sender_lost", "")
            else:
                again(job, lost, now, data={"reason": "sender_lost"})
        log.warning("A job lost its sender.", job=job.pk, sent="perhaps" if sent else "no", size=len(lost))


def release_armed(workspace: Workspace, now: datetime) -> None:
    """Judge the due armed deliveries again: they queue, keep waiting, or turn out blocked."""
    due = Delivery.objects.filter(
        workspace=workspace, state=states.ARMED, next_check_at__lte=now, deadline__gt=now
    )
    armed = list(
        due.select_related(
            "mapping__dataflow", "mapping__audience", "dataflow", "audience", "workspace"
        ).order_by("next_check_at", "pk")
    )
    armed = _look_at_runs(workspace, armed, now)
    if not armed:
        return
    found = verdicts(
        workspace, [delivery.mapping for delivery in armed], now=now, leave_out=[d.pk for d in armed],
        unwilling=unwilling(armed),
    )  # fmt: skip
    for delivery in armed:
        fields = opening(found[delivery.mapping_id], now)
        to = fields.pop("state")
        if to == states.ARMED:
            fields["next_check_at"] = max(fields["next_check_at"], now + RECHECK_EVERY)
        if (to, fields["reason"], fields["not_before"]) == (
            states.ARMED,
            delivery.reason,
            delivery.not_before,
        ):
            waiting = Delivery.objects.filter(pk=delivery.pk, state=states.ARMED)
            waiting.update(next_check_at=fields["next_check_at"])
            continue
        if to == states.BLOCKED and delivery.posted_at is not None:
            _look_for(delivery, fields["reason"], now)
            continue
        move([delivery], to, what=_what(to, fields["reason"]), now=now, **fields)


def _what(to: str, reason: str) -> str:
    """The event's code of a judgement."""
    if reason == "no_wait_for_export":
        return "not_waited"
    return {states.QUEUED: "released"}.get(to, to)


def _look_for(delivery: Delivery, reason: str, now: datetime) -> None:
    """It cannot go a second time, but the first call may have been taken: "nothing was sent" would be a guess."""
    move(
        [delivery], states.UNCONFIRMED, what="unconfirmed", now=now, data={"reason": reason}, reason=reason,
        reposted=True, checks=0, not_before=None, next_check_at=now, deadline=now + UNCONFIRMED_LIMIT,
    )  # fmt: skip


def _look_at_runs(workspace: Workspace, armed: list[Delivery], now: datetime) -> list[Delivery]:
    """What waits for a run or a change needs to know whether it is over; the mirror may be minutes old.

    Returns those that can be judged now: where a look takes few, the others stay due and come first next time.
    """
    vendor = vendor_of(workspace)
    waiting = [delivery for delivery in armed if delivery.reason in UNTIL_SEEN]
    asking, later = waiting[: vendor.swept], waiting[vendor.swept :]
    if not asking:
        return armed
    left = {delivery.pk for delivery in later}
    armed = [delivery for delivery in armed if delivery.pk not in left]
    # While this sweep asks, the next ones leave these alone: a silent platform must not hold every worker.
    rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in armed], state=states.ARMED)
    rows.update(next_check_at=now + ASKING)
    try:
        vendor.look(workspace, asking)
    except PlatformError as error:
        log.warning(
            "What armed deliveries wait for could not be read; they keep waiting.",
            workspace=workspace.slug,
            code=error.code,
        )
    return armed


def give_up(workspace: Workspace, now: datetime) -> None:
    """What has not left by its deadline is canceled: a flash sale must not go out after it is over."""
    late = Delivery.objects.filter(workspace=workspace, deadline__lte=now, state__in=states.UNSENT)
    take_back(list(late.select_related("audience", "workspace")), what="never_sent", now=now)


def release_orphans(workspace: Workspace) -> None:
    """Holds outlive their need only when a worker died between two commits."""
    keys = list(Hold.objects.filter(workspace=workspace).values_list("key", flat=True))
    if keys:
        with transaction.atomic():
            release(workspace.pk, keys)


def nudge(workspace: Workspace, now: datetime) -> None:
    waiting = Delivery.objects.filter(workspace=workspace)
    if waiting.filter(state=states.QUEUED).exists():
        nudges.dispatch_soon(workspace.pk)
    if waiting.filter(state=states.UNCONFIRMED, next_check_at__lte=now).exists():
        nudges.watch_soon(workspace.pk)
