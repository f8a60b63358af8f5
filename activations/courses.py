"""The courses a delivery can take once something is known of its call: followed, looked for, going again,
waiting, refused. The rows of the sent-once table, the last look, the reconciliation and the sweep share them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from activations import states
from activations.models import Delivery, Job
from activations.moves import move
from activations.preflight import Finding
from platforms import errors

FIRST_WATCH = timedelta(seconds=2)
FIRST_RECONCILE = timedelta(seconds=3)
# How long an unknown outcome is looked into before a person must decide: longer than a slow start of a
# run plus one second POST, short enough to hear about it before the sale is over.
UNCONFIRMED_LIMIT = timedelta(seconds=settings.UNCONFIRMED_LIMIT)


def run(
    deliveries: list[Delivery],
    runs: dict[int, str],
    *,
    what: str,
    now: datetime,
    job: Job | None = None,
    data: dict[str, Any] | None = None,
    joined: bool = False,
    reason: str = "",
    verbatim: str = "",
) -> list[Delivery]:
    """Deliveries whose run (by pk) is known from now on: running, and watched.

    `reason` and `verbatim` are what the platform said when it named the run of somebody else.
    """
    if not deliveries:
        return []
    limit = deliveries[0].workspace.watch_limit
    return move(
        deliveries,
        states.RUNNING,
        what=what,
        now=now,
        job=job,
        data=data,
        each={pk: {"run_id": run_id} for pk, run_id in runs.items()},
        joined=joined,
        started_at=now,
        next_check_at=now + FIRST_WATCH,
        deadline=now + limit,
        checks=0,
        reason=reason,
        verbatim=verbatim,
    )


def unconfirmed(
    job: Job, deliveries: list[Delivery], now: datetime, reason: str, verbatim: str, *, taken: bool = False
) -> None:
    """We do not know whether the platform took these; only its list of runs can tell.

    `taken`: it did take them, and only their runs are unknown: a second call would be a second export.
    """
    fields: dict[str, Any] = {
        "what": "unconfirmed",
        "now": now,
        "job": job,
        "data": {"reason": reason},
        "next_check_at": now + FIRST_RECONCILE,
        "deadline": now + UNCONFIRMED_LIMIT,
        "checks": 0,
        "reason": reason,
        "verbatim": verbatim,
        **({"reposted": True} if taken else {}),
    }
    first = [delivery for delivery in deliveries if delivery.posted_at is None]
    second = [delivery for delivery in deliveries if delivery.posted_at is not None]
    move(first, states.UNCONFIRMED, **fields, posted_at=job.platform_at or job.created_at)
    move(second, states.UNCONFIRMED, **fields)


def again(
    job: Job,
    deliveries: list[Delivery],
    now: datetime,
    *,
    each: dict[int, dict[str, Any]] | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """The platform refused the call because of others: these were not processed and queue at once."""
    move(
        deliveries, states.QUEUED, what="requeued", now=now, job=job, each=each, data=data,
        not_before=None, reason="", verbatim="",
    )  # fmt: skip


def split(job: Job, deliveries: list[Delivery], answer: errors.Refused, now: datetime) -> None:
    """Nobody identifiable: go again split by dataflow, then in halves, until the refusal has one name."""
    if len(deliveries) == 1:
        refuse(job, deliveries, answer, now)
        return
    flows = {delivery.dataflow_id for delivery in deliveries}
    ordered = sorted(deliveries, key=lambda d: (d.dataflow_id, d.pk))
    half = len(ordered) // 2
    packs = {
        delivery.pk: {"pack": f"{job.pk}:{delivery.dataflow_id if len(flows) > 1 else int(place >= half)}"}
        for place, delivery in enumerate(ordered)
    }
    again(job, deliveries, now, each=packs, data={"split": True, "reason": answer.code})


def arm(
    deliveries: list[Delivery],
    finding: Finding,
    now: datetime,
    *,
    not_before: datetime | None,
    data: dict[str, Any] | None = None,
) -> list[Delivery]:
    """Armed by a finding of ours about all of them, which takes the place of an older one of its kind."""
    said, code = finding.kept(), finding.code
    each = {d.pk: {"findings": [said, *(f for f in d.findings if f.get("code") != code)]} for d in deliveries}
    return move(
        deliveries, states.ARMED, what="armed", now=now, each=each, data={"reason": code, **(data or {})},
        reason=code, verbatim="", not_before=not_before, next_check_at=first_check(finding, now),
    )  # fmt: skip


# What waits for the next day may go before it: a job that was not sent gives its place back, budgets are raised.
BUDGET_LOOK = timedelta(minutes=1)


def first_check(finding: Finding, now: datetime) -> datetime:
    """When to judge again what waits for this; at once where it names no moment."""
    moment = finding.clears_at or now
    return min(moment, now + BUDGET_LOOK) if finding.code == "budget_waits" else moment


def wait(
    job: Job,
    deliveries: list[Delivery],
    answer: errors.Refused,
    now: datetime,
    *,
    how_long: timedelta,
    reason: str,
) -> None:
    """Armed: goes by itself after `how_long`, when preflight agrees."""
    move(
        deliveries,
        states.ARMED,
        what="armed",
        now=now,
        job=job,
        data={"reason": reason},
        not_before=now + how_long,
        next_check_at=now + how_long,
        reason=reason,
        verbatim=answer.verbatim,
    )


def refuse(
    job: Job, deliveries: list[Delivery], answer: errors.Refused, now: datetime, *, reason: str = ""
) -> None:
    """Final: the platform's reason is kept verbatim; a retry makes a new delivery. `reason` names the message
    where the answer's own code says less.

    Where an earlier call's outcome is unknown, this refusal is about the second call alone: those are
    looked for once more before anybody says that nothing was sent.
    """
    doubtful = [delivery for delivery in deliveries if delivery.posted_at is not None]
    unconfirmed(job, doubtful, now, answer.code, answer.verbatim)
    deliveries = without(deliveries, doubtful)
    data: dict[str, Any] = {"reason": reason or answer.code}
    if isinstance(answer, errors.CredentialsRefused | errors.InvalidInput):
        data["field"] = answer.field
    move(
        deliveries,
        states.REFUSED,
        what="refused",
        now=now,
        job=job,
        data=data,
        reason=reason or answer.code,
        verbatim=answer.verbatim,
        finished_at=now,
        next_check_at=None,
    )


def without(deliveries: list[Delivery], some: list[Delivery]) -> list[Delivery]:
    gone = {delivery.pk for delivery in some}
    return [delivery for delivery in deliveries if delivery.pk not in gone]
