"""Finds out what became of deliveries whose job's outcome is unknown: one path for every way of not knowing.

What the platform shows as running is the evidence. A run that carries the audience is ours; so is the only run
nobody else explains; at Segment a resync that goes on now and did not before. When nothing is there after the
grace period the delivery goes once more, because the platform itself answers a running one with its run id.
Whatever stays unknown is for a person.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from activations import nudges, states
from activations.courses import run
from activations.models import Delivery, Job
from activations.moves import move
from activations.trace import carrying, may_be
from activations.vendors import vendor_of
from audiences import clock
from audiences.models import Workspace
from platforms.errors import PlatformError
from platforms.types import Run

log = structlog.get_logger(__name__)

# A run may take a while to appear in the list and to name its audience; for so long after the answer was
# given up nothing is sent again, and no run is taken for ours just because nothing else explains it.
GRACE = timedelta(seconds=settings.RECONCILE_GRACE)
# While one worker asks, the others leave these deliveries alone: a silent platform must not hold them all.
ASKING = timedelta(seconds=settings.QUESTION_LEASE)
ASK_AGAIN = timedelta(seconds=5)
# Adobe's lists come empty now and then: so many looks must agree that there is no run. It matters when the
# workers were away longer than the grace, and the first look after it would decide alone.
LOOKS = 3


def reconcile(workspace: Workspace, *, now: datetime | None = None) -> int:
    """Look into the unconfirmed deliveries that are due; returns how many are known now.

    Raises nothing of the platform's: when it cannot be asked, the deliveries stay unconfirmed.
    """
    now = now or clock.now()
    due = _take(workspace, now)
    if not due:
        return 0
    try:
        fresh = vendor_of(workspace).traces(workspace, due)
    except PlatformError as error:
        log.warning("The platform's runs could not be read.", workspace=workspace.slug, code=error.code)
        _give_up([d for d in due if d.deadline <= now], now)
        _ask_later(due, now)
        return 0
    by_flow: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in due:
        by_flow[delivery.dataflow.platform_id].append(delivery)
    return sum(_settle(mine, [r for r in fresh if r.dataflow == flow], now) for flow, mine in by_flow.items())


def _take(workspace: Workspace, now: datetime) -> list[Delivery]:
    """The due deliveries, taken out of the others' sight until they have been asked about."""
    due = Delivery.objects.filter(workspace=workspace, state=states.UNCONFIRMED, next_check_at__lte=now)
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, no_key=True)
        rows = Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))
        rows.update(next_check_at=now + ASKING)
    return list(rows.select_related("dataflow", "audience", "mapping", "workspace", "job").order_by("pk"))


def _settle(deliveries: list[Delivery], fresh: list[Run], now: datetime) -> int:
    """Settle the unconfirmed deliveries of one dataflow; returns how many left that state."""
    found: dict[int, str] = {}
    rest: list[Delivery] = []
    for delivery in deliveries:
        mine = carrying(delivery, fresh)
        if mine is None:
            rest.append(delivery)
        else:
            found[delivery.pk] = mine.id
            fresh = [one for one in fresh if one.id != mine.id]
    silent = [one for one in fresh if not one.audiences and any(may_be(one, d) for d in rest)]
    if len(rest) == 1 and len(silent) == 1 and _grace_is_over(rest[0], now) and not _others_in_doubt(rest[0]):
        found[rest.pop().pk] = silent.pop().id
    adopted = run(
        [d for d in deliveries if d.pk in found], found, what="found", now=now, data={"evidence": "runs"}
    )
    return len(adopted) + _without_trace(rest, bool(silent), now)


def _grace_is_over(delivery: Delivery, now: datetime) -> bool:
    return delivery.state_since + GRACE <= now


def _others_in_doubt(delivery: Delivery) -> bool:
    """Whether another delivery of this dataflow could be what an unexplained run is about."""
    others = Delivery.objects.filter(
        dataflow_id=delivery.dataflow_id, state__in=(states.SENDING, states.UNCONFIRMED)
    )
    return others.exclude(pk=delivery.pk).exists()


def _without_trace(deliveries: list[Delivery], unexplained: bool, now: datetime) -> int:
    """No run found: wait within the grace; after it send once more, but never beside an unexplained run. Past
    the deadline a person must decide, yet not before the looks agree: our own clock may have jumped."""
    looked = [d for d in deliveries if d.checks + 1 >= LOOKS]
    over = [d for d in looked if d.deadline <= now]
    ripe = [d for d in looked if d not in over and not unexplained and _grace_is_over(d, now)]
    again = [d for d in ripe if not d.reposted]
    # The second call was refused, and a last look finds nothing of the first: nothing was sent.
    refused = [d for d in ripe if d.reposted and d.job and d.job.outcome == Job.Outcome.REFUSED]
    gone = over + [d for d in ripe if d.reposted and d not in refused]
    _ask_later([d for d in deliveries if d not in ripe and d not in over], now, looked=1)
    left = move(
        again, states.QUEUED, what="sent_again", now=now, reposted=True, not_before=None, next_check_at=None,
        deadline=now + again[0].workspace.send_limit if again else now,
    )  # fmt: skip
    if left:
        nudges.dispatch_soon(left[0].workspace_id)
    for delivery in refused:
        left += move(
            [delivery], states.REFUSED, what="refused", now=now, job=delivery.job,
            data={"reason": delivery.reason}, finished_at=now, next_check_at=None,
        )  # fmt: skip
    left += _give_up(gone, now)
    return len(left)


def _give_up(deliveries: list[Delivery], now: datetime) -> list[Delivery]:
    return move(
        deliveries, states.STOPPED, what="stopped", now=now, reason="no_trace", finished_at=now,
        next_check_at=None,
    )  # fmt: skip


def _ask_later(deliveries: list[Delivery], now: datetime, *, looked: int = 0) -> None:
    """Ask again in a moment; `checks` counts the looks that were answered."""
    rows = Delivery.objects.filter(pk__in=[d.pk for d in deliveries], state=states.UNCONFIRMED)
    rows.update(next_check_at=now + ASK_AGAIN, checks=F("checks") + looked)
