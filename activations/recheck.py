"""The last look before sending: preflight again, on what the platform shows now.

Deliveries that may go are marked as looked at; the others wait, join the run that goes on, or are blocked.
The mark is good for a moment only: dispatch takes nothing whose mark is older.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from activations import states
from activations.backoff import BACKOFF, backoff, patience, slow_down
from activations.courses import run
from activations.facts import unwilling, verdicts
from activations.models import Delivery
from activations.moves import lock, move
from activations.opening import RECHECK_EVERY, opening
from activations.preflight import Verdict
from activations.trace import carrying, may_be
from activations.vendors import vendor_of
from audiences.models import Mapping, Workspace
from platforms.errors import NotSent, PlatformError, Refused
from platforms.types import Run

log = structlog.get_logger(__name__)

# Long enough for the jobs of a large press to leave on one look; short against a run of minutes.
GOOD_FOR = timedelta(seconds=30)


def recheck(workspace: Workspace, waiting: list[Delivery], *, now: datetime) -> int:
    """Look at what these queued deliveries depend on; returns how many may be sent now.

    When the platform cannot be asked nothing is sent; they go later, and the workspace slows down.
    """
    doubtful = [delivery for delivery in waiting if delivery.posted_at is not None]
    try:
        vendor_of(workspace).look(workspace, waiting)
        traces = _traces(workspace, doubtful)
    except Refused:
        # Not even a client can be made. The call itself will be refused the same way, and say it to people.
        return _mark([delivery.pk for delivery in waiting], now)
    except PlatformError as error:
        _go_later(workspace, waiting, error, now)
        return 0
    mappings = Mapping.objects.select_related("dataflow", "audience").in_bulk([d.mapping_id for d in waiting])
    found = verdicts(
        workspace, mappings.values(), now=now, leave_out=[d.pk for d in waiting], unwilling=unwilling(waiting)
    )
    with transaction.atomic():
        # Asking took a while: what has moved meanwhile, even away and back, is not judged by what it was.
        waiting = lock(waiting)
        left = _without_trace([d for d in waiting if d.posted_at is not None], traces, now)
        asked = [d for d in waiting if d.posted_at is None or d in left]
        free = [d.pk for d in asked if _may_go(d, found[d.mapping_id], now)]
        return _mark(free, now)


def _traces(workspace: Workspace, doubtful: list[Delivery]) -> list[Run] | None:
    """Runs that can be the first calls' effect; None where our credentials may not read runs."""
    try:
        return vendor_of(workspace).traces(workspace, doubtful) if doubtful else []
    except Refused as error:
        log.warning("Runs may not be read; nothing goes a second time.", code=error.code)
        return None


def _without_trace(doubtful: list[Delivery], traces: list[Run] | None, now: datetime) -> list[Delivery]:
    """Of those that are to go a second time, the ones whose first call has left no trace by now.

    They may have waited long since the reconciliation looked: a pause, a `Retry-After`, a hold. A run that
    carries the audience is the first call's and is followed; beside one that could be, nothing is sent.
    """
    if traces is None:
        for delivery in doubtful:
            _later(delivery, now + RECHECK_EVERY)
        return []
    found: dict[int, str] = {}
    left: list[Delivery] = []
    for delivery in doubtful:
        here = [one for one in traces if one.dataflow == delivery.dataflow.platform_id]
        mine = carrying(delivery, here)
        if mine is not None:
            found[delivery.pk] = mine.id
            traces = [one for one in traces if one.id != mine.id]
        elif any(not one.audiences and may_be(one, delivery) for one in here):
            _later(delivery, now + RECHECK_EVERY)
        else:
            left.append(delivery)
    adopted = [delivery for delivery in doubtful if delivery.pk in found]
    run(adopted, found, what="found", now=now, data={"evidence": "runs"})
    return left


def _mark(pks: list[int], now: datetime) -> int:
    return Delivery.objects.filter(pk__in=pks, state=states.QUEUED).update(looked_at=now)


def _go_later(workspace: Workspace, waiting: list[Delivery], error: PlatformError, now: datetime) -> None:
    """The platform did not answer the look: nothing was sent, and the next try waits longer."""
    log.warning("The last look before sending failed.", workspace=workspace.slug, code=error.code)
    wait = backoff(1 + max(delivery.attempts for delivery in waiting))
    if isinstance(error, NotSent) and error.retry_after is not None:
        wait = max(patience(error.retry_after), BACKOFF[0])
    slow_down(workspace, now, wait)
    # A lost answer to a read is no lost answer to a call that was never made.
    code = error.code if isinstance(error, NotSent) else NotSent.code
    with transaction.atomic():
        lock(waiting)
        move(
            waiting, states.QUEUED, what="not_sent", now=now, data={"reason": code}, attempts=F("attempts") + 1,
            not_before=now + wait, reason=code, verbatim=error.verbatim,
        )  # fmt: skip


def _may_go(delivery: Delivery, verdict: Verdict, now: datetime) -> bool:
    """Whether the delivery may be sent; one that may not has been moved to where it belongs."""
    if delivery.posted_at is not None:
        # It goes a second time to learn what the first did: nothing may call it unsent or a stranger's run.
        return verdict.will_go != "waits" or _later(delivery, verdict.clears_at or now + RECHECK_EVERY)
    if verdict.will_go == "joins":
        return not _join(delivery, verdict, now)
    fields = opening(verdict, now)
    to = fields.pop("state")
    if to == states.QUEUED:
        return True
    what = "not_waited" if fields["reason"] == "no_wait_for_export" else to
    move([delivery], to, what=what, now=now, data={"reason": fields["reason"]}, **fields)
    return False


def _join(delivery: Delivery, verdict: Verdict, now: datetime) -> bool:
    found = next(finding for finding in verdict.findings if finding.run)
    return bool(
        run([delivery], {delivery.pk: found.run}, what="joined", now=now, joined=True, reason=found.code)
    )


def _later(delivery: Delivery, moment: datetime) -> bool:
    """It stays queued until then: armed, it could turn out blocked, which says that nothing was sent."""
    Delivery.objects.filter(pk=delivery.pk, state=states.QUEUED).update(not_before=moment)
    return False
