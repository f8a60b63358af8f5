"""What an answer to a job means for its deliveries: the sent-once table, row by row.

One function per row, chosen by the type of the answer. Each says in its docstring what we know and what
we do; nothing else in the house decides whether a delivery may be sent again. Whom a refusal names is
found in `blame.py`; what becomes of a delivery is done in `courses.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from activations import nudges, oddities, states
from activations.backoff import BACKOFF, backoff, patience, recheck, slow_down
from activations.blame import mentioned, named_by, newly_mapped
from activations.courses import again, refuse, run, split, unconfirmed, wait, without
from activations.facts import unwilling
from activations.models import Delivery, Event, Job
from activations.moves import lock, move
from platforms import errors
from platforms.segment.envelopes import one_is_going_on
from platforms.types import Accepted, Oddity, Pair

ANSWER_KEPT = 64_000
# With the backoff some seconds: time for a new token to be known everywhere, and no more, because what is
# wrong with the credentials has to be mended by a person before the sale.
UNAUTHORIZED_RETRIES = 2

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
    told = [delivery.pk for delivery in waiting if delivery.pair in _unreadable(answer)]
    Delivery.objects.filter(pk__in=told, state=states.UNCONFIRMED).update(reposted=True)
    oddities.flag_answer(list(waiting), answer.odd)


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
    """200: pairs with a run id are running; a pair missing in the answer is unknown, so unconfirmed. One whose
    run id cannot be read was taken: it is looked for, and never sent again."""
    taken = [delivery for delivery in deliveries if answer.runs.get(delivery.pair)]
    run(taken, {d.pk: answer.runs[d.pair] for d in taken}, what="accepted", now=now, job=job)
    unreadable = [delivery for delivery in without(deliveries, taken) if delivery.pair in _unreadable(answer)]
    unconfirmed(job, unreadable, now, "run_id_unreadable", "", taken=True)
    unconfirmed(job, without(deliveries, taken + unreadable), now, "missing_in_answer", "")
    oddities.flag_answer(deliveries, answer.odd)


def _unreadable(answer: Accepted) -> set[Pair | None]:
    """The pairs that it took, with run ids in no shape we know."""
    return {one.pair for one in answer.odd if one.kind == "run_id"}


def not_sent(job: Job, deliveries: list[Delivery], answer: errors.NotSent, now: datetime) -> None:
    """Connect error, no token, 429: not processed. Back to the queue, later; the whole workspace slows."""
    wait = _backoff(deliveries)
    if answer.retry_after is not None:
        wait = max(patience(answer.retry_after), BACKOFF[0])
    _later(job, deliveries, answer, now, wait=wait, reason=answer.code)


def unauthorized(job: Job, deliveries: list[Delivery], answer: errors.Unauthorized, now: datetime) -> None:
    """401 although the token was fetched anew: not processed. Back to the queue, later, a few times, because a
    new token may take a moment to be known everywhere; then refused, for a person must look at the credentials.
    """
    tried = _refused_before(deliveries)
    patient = [delivery for delivery in deliveries if tried.get(delivery.pk, 0) < UNAUTHORIZED_RETRIES]
    if patient:
        _later(job, patient, answer, now, wait=_backoff(patient), reason="unauthorized")
    if len(patient) < len(deliveries):
        Job.objects.filter(pk=job.pk).update(outcome=Job.Outcome.REFUSED)
        refuse(job, without(deliveries, patient), answer, now)


def _refused_before(deliveries: list[Delivery]) -> dict[int | None, int]:
    """How often each delivery (pk) went back to the queue after a 401, by its events."""
    told = Event.objects.filter(delivery__in=deliveries, what="not_sent", job__status=401)
    return dict(told.order_by().values_list("delivery").annotate(n=Count("pk")))


def _backoff(deliveries: list[Delivery]) -> timedelta:
    return backoff(1 + max((delivery.attempts for delivery in deliveries), default=0))


def _later(
    job: Job,
    deliveries: list[Delivery],
    answer: errors.PlatformError,
    now: datetime,
    *,
    wait: timedelta,
    reason: str,
) -> None:
    slow_down(job.workspace, now, wait)
    move(
        deliveries, states.QUEUED, what="not_sent", now=now, job=job, data={"reason": reason},
        not_before=now + wait, reason=reason, verbatim=answer.verbatim,
    )  # fmt: skip


def unknown(job: Job, deliveries: list[Delivery], answer: errors.OutcomeUnknown, now: datetime) -> None:
    """Read timeout, reset after sending, 5xx, unreadable answer: it may have had its effect."""
    if isinstance(answer, errors.PlatformFault):
        slow_down(job.workspace, now, patience(answer.retry_after or 5))
    unconfirmed(job, deliveries, now, answer.code, answer.verbatim)


def going_on(job: Job, deliveries: list[Delivery], answer: errors.RunGoingOn, now: datetime) -> None:
    """400 "Run already going on": join that run with the audience it names; the rest goes again without."""
    named = [d for d in deliveries if d.pair == (answer.dataflow, answer.audience)]
    if named and not answer.run:
        _going_on_unnamed(job, named, answer, now)
        again(job, without(deliveries, named), now)
        return
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
        again(job, without(deliveries, named), now)
        return
    elsewhere = [d for d in deliveries if d.audience.platform_id == answer.audience]
    if elsewhere:
        wait(job, elsewhere, answer, now, how_long=recheck(elsewhere), reason="audience_running_elsewhere")
        again(job, without(deliveries, elsewhere), now)
        return
    split(job, deliveries, answer, now)


def _going_on_unnamed(job: Job, named: list[Delivery], answer: errors.RunGoingOn, now: datetime) -> None:
    """It goes on, in a run whose id we cannot read. Ours, after a lost answer, is looked for and never sent
    again; somebody else's is waited for, and joined when the list of runs shows it."""
    ours = [delivery for delivery in named if delivery.posted_at is not None]
    others = without(named, ours)
    unconfirmed(job, ours, now, "run_id_unreadable", answer.verbatim, taken=True)
    if others:
        wait(job, others, answer, now, how_long=recheck(others), reason=answer.code)
    oddities.flag_answer(named, [Oddity("run_id", answer.verbatim, (answer.dataflow, answer.audience))])


def not_in_schedule(
    job: Job, deliveries: list[Delivery], answer: errors.NotInSchedule, now: datetime
) -> None:
    """400 "not part of this dataflow": the audiences it names are refused, the rest goes again."""
    named = named_by(answer.names, deliveries)
    if named:
        refuse(job, named, answer, now)
        nudges.look_soon(job.workspace_id, {delivery.dataflow.platform_id for delivery in named})
        again(job, without(deliveries, named), now)
    else:
        split(job, deliveries, answer, now)


def not_ready(job: Job, deliveries: list[Delivery], answer: errors.NotReady, now: datetime) -> None:
    """Dataflow or mapping too new: those go again after the wait the platform asks for."""
    suspects = mentioned(answer.verbatim, deliveries) or newly_mapped(deliveries, now)
    if not suspects and len({delivery.dataflow_id for delivery in deliveries}) > 1:
        split(job, deliveries, answer, now)
        return
    suspects = suspects or deliveries
    wait(job, suspects, answer, now, how_long=timedelta(seconds=answer.wait), reason=answer.code)
    again(job, without(deliveries, suspects), now)


def not_supported(job: Job, deliveries: list[Delivery], answer: errors.NotSupported, now: datetime) -> None:
    """This destination type cannot be activated ad hoc: its dataflow's deliveries are refused."""
    named = [d for d in deliveries if d.dataflow.platform_id == answer.dataflow]
    if named:
        refuse(job, named, answer, now)
        again(job, without(deliveries, named), now)
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
        not_waiting = unwilling(named)
        stopped = [delivery for delivery in named if delivery.mapping_id in not_waiting]
        refuse(job, stopped, answer, now, reason="no_wait_for_export")
        waiting = without(named, stopped)
        if waiting:
            wait(job, waiting, answer, now, how_long=recheck(waiting), reason="scheduled_export_running")
    else:
        refuse(job, named, answer, now)
        if isinstance(answer, errors.NotFound):
            nudges.look_soon(job.workspace_id, {delivery.dataflow.platform_id for delivery in named})
    again(job, without(deliveries, named), now)


def conflict(job: Job, deliveries: list[Delivery], answer: errors.Conflict, now: datetime) -> None:
    """409. At Segment it may be another resync in the workspace, or a stranger's of the same activation: wait, and
    look again. Any other conflict is a refusal."""
    if one_is_going_on(answer):
        wait(job, deliveries, answer, now, how_long=recheck(deliveries), reason="resync_elsewhere")
    else:
        refused(job, deliveries, answer, now)


# No document gives this refusal's words, only its rule: wait for a scheduled export (contract §8.5).
_EXPORT_RUNNING = re.compile(
    r"scheduled\s+(?:\w+\s+)?export\b.*\b(?:in progress|running|going on)", re.I | re.S
)


ROWS: tuple[tuple[type, Callable[..., None], Job.Outcome], ...] = (
    (Accepted, accepted, Job.Outcome.ACCEPTED),
    (errors.NotSent, not_sent, Job.Outcome.NOT_SENT),
    (errors.Unauthorized, unauthorized, Job.Outcome.NOT_SENT),
    (errors.RunGoingOn, going_on, Job.Outcome.REFUSED),
    (errors.NotInSchedule, not_in_schedule, Job.Outcome.REFUSED),
    (errors.NotReady, not_ready, Job.Outcome.REFUSED),
    (errors.NotSupported, not_supported, Job.Outcome.REFUSED),
    (errors.Conflict, conflict, Job.Outcome.REFUSED),
    (errors.Refused, refused, Job.Outcome.REFUSED),
    (errors.OutcomeUnknown, unknown, Job.Outcome.UNKNOWN),
)
