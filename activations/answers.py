"""What an answer to a job means for its deliveries: the sent-once table, row by row.

One function per row, chosen by the type of the answer. Each says in its docstring what we know and what
we do; nothing else in the house decides whether a delivery may be sent again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from activations import nudges, states
from activations.models import Delivery, Job
from activations.moves import lock, move
from audiences.models import Workspace
from platforms import errors
from platforms.types import Accepted

FIRST_WATCH = timedelta(seconds=2)
FIRST_RECONCILE = timedelta(seconds=3)
RECHECK = timedelta(seconds=15)
RECHECK_LONGEST = timedelta(minutes=5)
# A minute at most: one call a minute costs nothing, and a platform that is back is noticed soon.
BACKOFF = (timedelta(seconds=2), timedelta(minutes=1))
# A platform may ask for more patience than this, even for years; then it is asked again every hour.
PATIENCE = timedelta(hours=1)
# How long an unknown outcome is looked into before a person must decide: longer than a slow start of a
# run plus one second POST, short enough to hear about it before the sale is over.
UNCONFIRMED_LIMIT = timedelta(seconds=settings.UNCONFIRMED_LIMIT)
ANSWER_KEPT = 64_000
# A pause of the platform this short ends with a nudge, a longer one with a sweep: the broker delivers a
# message that waits beyond its visibility timeout (300 s) twice.
NUDGED_WITHIN = timedelta(minutes=2)

Answer = Accepted | errors.PlatformError


def record(job: Job, deliveries: list[Delivery], answer: Answer, *, now: datetime) -> None:
    """Write what the platform answered to `job` and move its deliveries, in one transaction.

    Whoever closes the job first decides: the sender here, or the sweep when the sender's lease ended.
    """
    with transaction.atomic():
        handle, outcome = _row(answer)
        in_time = Job.objects.filter(pk=job.pk, outcome=Job.Outcome.SENDING).update(outcome=outcome)
        _close(job, answer, outcome, now)
        if in_time:
            lock(deliveries)
            handle(job, deliveries, answer, now)
        else:
            late(job, answer, now)


def late(job: Job, answer: Answer, now: datetime) -> None:
    """The sender was taken for dead, yet it lives. Run ids it brings are the truth about what still waits
    for it; anything else is left to the reconciliation, which is on its way."""
    if not isinstance(answer, Accepted):
        return
    waiting = job.deliveries.filter(state=states.UNCONFIRMED).select_related(
        "dataflow", "audience", "workspace"
    )
    runs = {delivery.pk: answer.runs[delivery.pair] for delivery in waiting if answer.runs.get(delivery.pair)}
    run([d for d in waiting if d.pk in runs], runs, what="accepted", now=now, job=job, data={"late": True})


def _row(answer: Answer) -> tuple[Callable[..., None], Job.Outcome]:
    for kind, handle, outcome in ROWS:
        if isinstance(answer, kind):
            return handle, outcome
    raise answer if isinstance(answer, Exception) else TypeError(type(answer))


def _close(job: Job, answer: Answer, outcome: Job.Outcome, now: datetime) -> None:
    job.outcome = outcome
    job.answered_at = now
    job.status = answer.status
    job.request_id = answer.request_id
    if isinstance(answer, Accepted):
        job.answer = answer.body[:ANSWER_KEPT]
    else:
        job.answer = (getattr(answer, "body", "") or answer.verbatim)[:ANSWER_KEPT]
        job.reason = answer.code
        job.verbatim = answer.verbatim
    job.save(update_fields=["outcome", "answered_at", "status", "request_id", "answer", "reason", "verbatim"])


def accepted(job: Job, deliveries: list[Delivery], answer: Accepted, now: datetime) -> None:
    """200: pairs with a run id are running; a pair missing in the answer is unknown, so unconfirmed."""
    taken = [delivery for delivery in deliveries if answer.runs.get(delivery.pair)]
    missing = [delivery for delivery in deliveries if not answer.runs.get(delivery.pair)]
    strange = {"unasked": list(answer.unasked)} if answer.unasked else {}
    run(
        taken,
        {delivery.pk: answer.runs[delivery.pair] for delivery in taken},
        what="accepted",
        now=now,
        job=job,
        data=strange,
    )
    unconfirmed(job, missing, now, "missing_in_answer", "")


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


def not_sent(job: Job, deliveries: list[Delivery], answer: errors.NotSent, now: datetime) -> None:
    """Connect error, no token, 429: not processed. Back to the queue, later; the whole workspace slows."""
    tries = 1 + max((delivery.attempts for delivery in deliveries), default=0)
    wait = backoff(tries)
    if answer.retry_after is not None:
        wait = max(patience(answer.retry_after), BACKOFF[0])
    slow_down(job.workspace, now + wait)
    move(
        deliveries,
        states.QUEUED,
        what="not_sent",
        now=now,
        job=job,
        data={"reason": answer.code},
        not_before=now + wait,
        reason=answer.code,
        verbatim=answer.verbatim,
    )


def patience(seconds: float) -> timedelta:
    """What the platform asks us to wait, within reason."""
    return timedelta(seconds=min(seconds, PATIENCE.total_seconds()))


def backoff(tries: int) -> timedelta:
    """Doubling from 2 s to a minute, with jitter so that many workers do not return together."""
    seconds = min(BACKOFF[0].total_seconds() * 2 ** min(tries - 1, 12), BACKOFF[1].total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311


def slow_down(workspace: Workspace, until: datetime) -> None:
    """No job of this workspace leaves before `until`."""
    Workspace.objects.filter(pk=workspace.pk).exclude(send_after__gt=until).update(send_after=until)
    workspace.send_after = until
    wait = until - timezone.now()
    if timedelta(0) < wait < NUDGED_WITHIN:
        nudges.dispatch_soon(workspace.pk, after=wait + timedelta(milliseconds=100))


def unknown(job: Job, deliveries: list[Delivery], answer: errors.OutcomeUnknown, now: datetime) -> None:
    """Read timeout, reset after sending, 5xx, unreadable answer: it may have had its effect."""
    if isinstance(answer, errors.PlatformFault):
        slow_down(job.workspace, now + patience(answer.retry_after or 5))
    unconfirmed(job, deliveries, now, answer.code, answer.verbatim)


def unconfirmed(job: Job, deliveries: list[Delivery], now: datetime, reason: str, verbatim: str) -> None:
    """We do not know whether the platform took these; only its list of runs can tell."""
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
    }
    first = [delivery for delivery in deliveries if delivery.posted_at is None]
    second = [delivery for delivery in deliveries if delivery.posted_at is not None]
    move(first, states.UNCONFIRMED, **fields, posted_at=job.platform_at or job.created_at)
    move(second, states.UNCONFIRMED, **fields)


def going_on(job: Job, deliveries: list[Delivery], answer: errors.RunGoingOn, now: datetime) -> None:
    """400 "Run already going on": join that run with the audience it names; the rest goes again without."""
    named = [d for d in deliveries if d.pair == (answer.dataflow, answer.audience)]
    if named:
        for delivery in named:
            # After a lost answer of ours the run that goes on is most likely our own.
            ours = delivery.posted_at is not None
            what = "found" if ours else "joined"
            run(
                [delivery],
                {delivery.pk: answer.run},
                what=what,
                now=now,
                job=job,
                joined=not ours,
                reason="" if ours else answer.code,
                verbatim="" if ours else answer.verbatim,
            )
        again(job, _without(deliveries, named), now)
        return
    elsewhere = [d for d in deliveries if d.audience.platform_id == answer.audience]
    if elsewhere:
        wait(job, elsewhere, answer, now, how_long=recheck(elsewhere), reason="audience_running_elsewhere")
        again(job, _without(deliveries, elsewhere), now)
        return
    split(job, deliveries, answer, now)


def not_in_schedule(
    job: Job, deliveries: list[Delivery], answer: errors.NotInSchedule, now: datetime
) -> None:
    """400 "not part of this dataflow": the audiences it names are refused, the rest goes again."""
    named = named_by(answer.names, deliveries)
    if named:
        refuse(job, named, answer, now)
        again(job, _without(deliveries, named), now)
    else:
        split(job, deliveries, answer, now)


def named_by(names: str, deliveries: list[Delivery]) -> list[Delivery]:
    """The deliveries that a comma-separated list of audience names points at, [] unless beyond doubt.

    Names may hold commas themselves and one may be part of another, so the whole text must read as a list
    of names (or ids) we sent in exactly one way, and each name must belong to one delivery only.
    """
    known: dict[str, dict[int, Delivery]] = {}
    for delivery in deliveries:
        for label in (delivery.audience.name, delivery.mapping.name, delivery.audience.platform_id):
            known.setdefault(" ".join(label.split()), {})[delivery.pk] = delivery
    known.pop("", None)
    found: dict[int, Delivery] = {}
    text = " ".join(names.split())
    # A list may come in brackets; a name may begin and end with them, too.
    inside = [text[1:-1].strip()] if text.startswith("[") and text.endswith("]") else []
    for label in only_reading([text, *inside], known):
        if len(known[label]) > 1:
            return []
        found.update(known[label])
    return list(found.values())


def only_reading(texts: Iterable[str], labels: Collection[str]) -> list[str]:
    """The labels that one of `texts` lists, separated by commas; [] unless there is exactly one way to read
    exactly one of them so."""
    found = [(ways, reading) for ways, reading in (readings(text, labels) for text in texts) if ways]
    return found[0][1] if len(found) == 1 and found[0][0] == 1 else []


def readings(text: str, labels: Collection[str]) -> tuple[int, list[str]]:
    """In how many ways (0, 1, or 2 for more) `text` lists labels separated by commas, and the last one."""
    by_length = sorted(labels, key=len, reverse=True)
    starts = [0, *(comma.end() for comma in re.finditer(r",\s*", text))]
    # Per start the number of ways to read the rest (two stand for many), and the first step of the only one.
    ways: dict[int, int] = {len(text): 1}
    step: dict[int, tuple[str, int]] = {}
    for start in reversed([start for start in starts if start < len(text)]):
        ways[start] = 0
        for label in by_length:
            if not text.startswith(label, start):
                continue
            after = re.compile(r"\s*(?:,\s*|$)").match(text, start + len(label))
            if after is not None and ways.get(after.end()):
                ways[start] = min(2, ways[start] + ways[after.end()])
                step[start] = (label, after.end())
    read: list[str] = []
    place = 0
    while text and ways[0] and place < len(text):
        label, place = step[place]
        read.append(label)
    return (ways[0] if text else 0, read)


def not_ready(job: Job, deliveries: list[Delivery], answer: errors.NotReady, now: datetime) -> None:
    """Dataflow or mapping too new: those go again after the wait the platform asks for."""
    suspects = mentioned(answer.verbatim, deliveries) or _newly_mapped(deliveries, now)
    if not suspects and len({delivery.dataflow_id for delivery in deliveries}) > 1:
        split(job, deliveries, answer, now)
        return
    suspects = suspects or deliveries
    wait(job, suspects, answer, now, how_long=timedelta(seconds=answer.wait), reason=answer.code)
    again(job, _without(deliveries, suspects), now)


def _newly_mapped(deliveries: list[Delivery], now: datetime) -> list[Delivery]:
    return [
        d for d in deliveries if d.mapping.mapped_at and d.mapping.mapped_at + d.workspace.mapping_wait > now
    ]


def not_supported(job: Job, deliveries: list[Delivery], answer: errors.NotSupported, now: datetime) -> None:
    """This destination type cannot be activated ad hoc: its dataflow's deliveries are refused."""
    named = [d for d in deliveries if d.dataflow.platform_id == answer.dataflow]
    if named:
        refuse(job, named, answer, now)
        again(job, _without(deliveries, named), now)
    else:
        split(job, deliveries, answer, now)


def refused(job: Job, deliveries: list[Delivery], answer: errors.Refused, now: datetime) -> None:
    """Other 4xx. Refused verbatim; where it is about something in the body, only what it is about."""
    if answer.status not in (400, 404) or isinstance(answer, errors.CredentialsRefused):
        refuse(job, deliveries, answer, now)
        return
    named = deliveries if len(deliveries) == 1 else mentioned(answer.verbatim, deliveries)
    if not named:
        split(job, deliveries, answer, now)
        return
    if _EXPORT_RUNNING.search(answer.verbatim):
        wait(job, named, answer, now, how_long=recheck(named), reason="scheduled_export_running")
    else:
        refuse(job, named, answer, now)
    again(job, _without(deliveries, named), now)


# No document gives this refusal's words, only its rule: wait for a scheduled export (contract §8.5).
_EXPORT_RUNNING = re.compile(
    r"scheduled\s+(?:\w+\s+)?export\b.*\b(?:in progress|running|going on)", re.I | re.S
)


def mentioned(text: str, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Deliveries whose audience or dataflow id stands in `text`; the pair when both do.

    A text that repeats the whole call points at nobody.
    """
    sent = list(deliveries)
    words = set(re.findall(r"[\w.@:-]+", text))
    words |= {word.strip(".:-@") for word in words}
    by_both = [d for d in sent if set(d.pair) <= words]
    if by_both:
        return by_both if len(by_both) < len(sent) or len(sent) == 1 else []
    by_audience = [d for d in sent if d.audience.platform_id in words]
    return by_audience or [d for d in sent if d.dataflow.platform_id in words]


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


def refuse(job: Job, deliveries: list[Delivery], answer: errors.Refused, now: datetime) -> None:
    """Final: the platform's reason is kept verbatim; a retry makes a new delivery.

    Where an earlier call's outcome is unknown, this refusal is about the second call alone: those are
    looked for once more before anybody says that nothing was sent.
    """
    doubtful = [delivery for delivery in deliveries if delivery.posted_at is not None]
    unconfirmed(job, doubtful, now, answer.code, answer.verbatim)
    deliveries = _without(deliveries, doubtful)
    data: dict[str, Any] = {"reason": answer.code}
    if isinstance(answer, errors.CredentialsRefused):
        data["field"] = answer.field
    move(
        deliveries,
        states.REFUSED,
        what="refused",
        now=now,
        job=job,
        data=data,
        reason=answer.code,
        verbatim=answer.verbatim,
        finished_at=now,
        next_check_at=None,
    )


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


def recheck(deliveries: list[Delivery]) -> timedelta:
    """How long to wait for a run that is in the way: 15 s, growing with every job it was refused in."""
    tries = 1 + max(delivery.attempts for delivery in deliveries)
    return min(RECHECK * tries, RECHECK_LONGEST)


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


def _without(deliveries: list[Delivery], some: list[Delivery]) -> list[Delivery]:
    gone = {delivery.pk for delivery in some}
    return [delivery for delivery in deliveries if delivery.pk not in gone]


ROWS: tuple[tuple[type, Callable[..., None], Job.Outcome], ...] = (
    (Accepted, accepted, Job.Outcome.ACCEPTED),
    (errors.NotSent, not_sent, Job.Outcome.NOT_SENT),
    (errors.RunGoingOn, going_on, Job.Outcome.REFUSED),
    (errors.NotInSchedule, not_in_schedule, Job.Outcome.REFUSED),
    (errors.NotReady, not_ready, Job.Outcome.REFUSED),
    (errors.NotSupported, not_supported, Job.Outcome.REFUSED),
    (errors.Refused, refused, Job.Outcome.REFUSED),
    (errors.OutcomeUnknown, unknown, Job.Outcome.UNKNOWN),
)
