"""Sends queued deliveries: last look, claim, commit, one call, record the answer. Any number may run at once."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from structlog.contextvars import bound_contextvars

from activations import budget, pauses, states
from activations.answers import Answer, record
from activations.lease import LEASE, renewed
from activations.models import Delivery, Hold, Job
from activations.moves import move
from activations.naming import ids
from activations.packing import pack
from activations.recheck import GOOD_FOR, recheck
from activations.vendors import vendor_of
from activations.vendors.vendor import Clocked
from audiences.clock import Clock, ticking
from audiences.clock import now as database_now
from audiences.models import Workspace
from platforms.errors import NotSent, PlatformError, Refused

log = structlog.get_logger(__name__)

# Deliveries looked at to fill the next job; several jobs' worth, so that jobs are full.
WINDOW = 800


def dispatch(workspace: Workspace, *, clock: Clock | None = None) -> int:
    """Send what may go now, job after job; returns how many jobs were sent."""
    clock = clock or ticking()
    sent = 0
    while not _paced(workspace, clock()):
        claimed = claim(workspace, clock())
        if claimed is None:
            if not look(workspace, clock()):
                break
            continue
        job, deliveries = claimed
        with bound_contextvars(workspace=workspace.slug, job=job.pk, **ids(deliveries)):
            with renewed(job):
                answer = send(workspace, job, deliveries)
            record(job, deliveries, answer, now=clock())
            _note(job)
        sent += 1
    return sent


def _note(job: Job) -> None:
    speak = log.info if job.outcome == Job.Outcome.ACCEPTED else log.warning
    speak("A job was answered.", size=job.size, outcome=job.outcome, reason=job.reason, status=job.status)


def _paced(workspace: Workspace, now: datetime) -> bool:
    workspace.refresh_from_db(fields=["send_after", "jobs_per_day", "over_budget"])
    return workspace.send_after is not None and workspace.send_after > now


def look(workspace: Workspace, now: datetime) -> int:
    """Give the due deliveries the last look before sending; returns how many may go.

    As many at once as the vendor's look takes, and the next ones while none of those may go.
    """
    if budget.hold_back(workspace, now):
        return 0
    vendor = vendor_of(workspace)
    while True:
        due = _due(workspace, now).exclude(looked_at__gte=now - GOOD_FOR)
        waiting = list(due.select_related("dataflow", "audience", "mapping", "workspace")[: vendor.looked_at])
        may_go = recheck(workspace, waiting, now=now) if waiting else 0
        if may_go or len(waiting) < vendor.looked_at or _paced(workspace, now):
            return may_go


def claim(workspace: Workspace, now: datetime) -> tuple[Job, list[Delivery]] | None:
    """Take the next job's deliveries and their holds, in one transaction; None when nothing may go.

    After the commit the deliveries are `sending` and belong to the caller until the lease ends.
    """
    with transaction.atomic():
        chosen = _next(workspace, now) if budget.leaves_room(workspace, now) else []
        if not chosen:
            return None
        job = Job.objects.create(
            workspace=workspace,
            created_at=now,
            lease_until=now + LEASE,
            size=len(chosen),
            version=workspace.adhoc_version,
        )
        mine = _take_holds(job, chosen)
        mine = move(
            mine, states.SENDING, what="sent", now=now, job_id=job.pk, attempts=F("attempts") + 1, job=job,
            each=_expecting(mine),
        )  # fmt: skip
        if not mine:
            job.delete()
            return None
        job.size = len(mine)
        job.request = vendor_of(workspace).body(mine)
        job.save(update_fields=["size", "request"])
        return job, mine


def _expecting(deliveries: list[Delivery]) -> dict[int, dict[str, Any]]:
    """How many each is to carry by the count that is known now, where it is another one than at the press."""
    known = {one.pk: (one.audience.profiles, one.audience.profiles_as_of) for one in deliveries}
    return {
        one.pk: {"expected": known[one.pk][0], "expected_as_of": known[one.pk][1]}
        for one in deliveries
        if known[one.pk] != (one.expected, one.expected_as_of)
    }


def _next(workspace: Workspace, now: datetime) -> list[Delivery]:
    """The deliveries of the next job, locked: packed with all that could go, so that jobs are full."""
    due = _due(workspace, now).filter(looked_at__gte=now - GOOD_FOR)
    locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    jobs = pack(
        _waiting(locked),
        vendor_of(workspace).per_job(workspace),
        group=lambda row: row.audience,
        keep_apart=lambda row: row.pack,
    )
    if not jobs:
        return []
    rows = Delivery.objects.select_related("dataflow", "audience", "mapping", "workspace").order_by("pk")
    return list(rows.filter(pk__in=[row.pk for row in jobs[0]]))


class Waiting(NamedTuple):
    """As much of a queued delivery as packing asks for: there may be ten jobs' worth."""

    pk: int
    audience: int
    pack: str


def _waiting(due: QuerySet[Delivery]) -> list[Waiting]:
    """The oldest deliveries that may go, with every other of the same audiences: once an audience is held,
    what was left out would have to wait for its run and leave in a job of its own."""
    rows = due.values_list("pk", "audience_id", "pack")
    oldest = [Waiting(*row) for row in rows[:WINDOW]]
    if len(oldest) < WINDOW:
        return oldest
    same = rows.filter(audience__in={row.audience for row in oldest})
    return oldest + [Waiting(*row) for row in same.exclude(pk__in=[row.pk for row in oldest])]


def _due(workspace: Workspace, now: datetime) -> QuerySet[Delivery]:
    """Queued deliveries whose moment has come, and that no hold and no pause keeps."""
    paused = pauses.standing(workspace, now)
    if paused.whole is not None:
        return Delivery.objects.none()
    rows = (
        Delivery.objects.filter(workspace=workspace, state=states.QUEUED, deadline__gt=now)
        .filter(Q(not_before=None) | Q(not_before__lte=now))
        .exclude(dataflow__destination__in=paused.destinations)
        .order_by("pk")
    )
    return vendor_of(workspace).unheld(workspace, rows)


def _take_holds(job: Job, deliveries: list[Delivery]) -> list[Delivery]:
    """The deliveries whose audience (at Segment: workspace) no other job holds, now held by `job`."""
    vendor = vendor_of(job.workspace)
    keys = {vendor.hold_key(delivery) for delivery in deliveries}
    Hold.objects.bulk_create(
        [Hold(workspace=job.workspace, key=key, job=job) for key in sorted(keys)], ignore_conflicts=True
    )
    taken = set(Hold.objects.filter(job=job).values_list("key", flat=True))
    return [delivery for delivery in deliveries if vendor.hold_key(delivery) in taken]


def send(workspace: Workspace, job: Job, deliveries: list[Delivery]) -> Answer:
    """Make the job's one call. Whatever happens before the call itself is "not sent"."""
    try:
        prepared = vendor_of(workspace).prepare(workspace, job, deliveries)
    except NotSent as error:
        return error
    except Refused as error:
        # The status of what went before: it says nothing about what stands in the call.
        error.status = None
        return error
    except PlatformError as error:
        # An unknown outcome of a read says nothing about a call that was never made.
        return NotSent(
            error.summary, verbatim=error.verbatim, status=error.status, request_id=error.request_id
        )
    try:
        return prepared.make(partial(note_sending, prepared.client, job))
    except PlatformError as error:
        return error


def note_sending(client: Clocked, job: Job) -> None:
    """Write down, at the last moment before the call, that it is made: by the platform's clock.

    A sender that was frozen or cut off past its lease learns here that the job is no longer its own, and
    must not send any more. While nothing is written here nothing was sent, and never will be.
    """
    job.platform_at = client.platform_now() or database_now()
    mine = Job.objects.filter(pk=job.pk, outcome=Job.Outcome.SENDING)
    if not mine.update(platform_at=job.platform_at):
        raise NotSent("The job's lease ended before its call was made.")
