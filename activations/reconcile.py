"""Finds out what became of deliveries whose job's outcome is unknown: one path for every way of not knowing.

The platform's list of runs is the evidence. A run that carries the audience is ours; so is the only run
nobody else explains. When nothing is there after the grace period the delivery goes once more, because
the platform itself answers a running one with its run id. Whatever stays unknown is for a person.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from activations import states
from activations.answers import run
from activations.models import Delivery
from activations.moves import move
from audiences.clients import client_for
from audiences.models import Workspace
from platforms.errors import PlatformError
from platforms.types import Run

log = structlog.get_logger(__name__)

# The platform's clock and ours may differ; a run "created" this long before our POST may be its effect.
CLOCK_SKEW = timedelta(seconds=30)
# A run may take a while to appear in the list; before this nothing is sent again.
GRACE = timedelta(seconds=45)
ASK_AGAIN = timedelta(seconds=5)


def reconcile(workspace: Workspace, *, now: datetime | None = None) -> int:
    """Look into the unconfirmed deliveries that are due; returns how many are known now.

    Raises nothing of the platform's: when it cannot be asked, the deliveries stay unconfirmed.
    """
    now = now or timezone.now()
    due = _due(workspace, now)
    if not due:
        return 0
    flows = sorted({delivery.dataflow.platform_id for delivery in due})
    since = min(_sent(delivery) for delivery in due) - CLOCK_SKEW
    try:
        runs = client_for(workspace).runs_of(flows, since=since)
    except PlatformError as error:
        log.warning("The platform's runs could not be read.", workspace=workspace.slug, code=error.code)
        _ask_later(due, now)
        return 0
    by_flow: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in due:
        by_flow[delivery.dataflow.platform_id].append(delivery)
    fresh = _unclaimed(workspace, runs, since)
    return sum(_settle(mine, [r for r in fresh if r.dataflow == flow], now) for flow, mine in by_flow.items())


def _due(workspace: Workspace, now: datetime) -> list[Delivery]:
    rows = Delivery.objects.filter(workspace=workspace, state=states.UNCONFIRMED, next_check_at__lte=now)
    return list(rows.select_related("dataflow", "audience", "mapping", "workspace").order_by("pk"))


def _sent(delivery: Delivery) -> datetime:
    return delivery.posted_at or delivery.state_since


def _unclaimed(workspace: Workspace, runs: tuple[Run, ...], since: datetime) -> list[Run]:
    """Runs since the POST that no delivery follows and that are not seen to be scheduled exports."""
    candidates = [
        run for run in runs
        if run.snapshot_only is not False and (run.created_at is None or run.created_at >= since)
    ]  # fmt: skip
    claimed = Delivery.objects.filter(workspace=workspace, run_id__in=[run.id for run in candidates])
    taken = set(claimed.values_list("run_id", flat=True))
    return [run for run in candidates if run.id not in taken]


def _settle(deliveries: list[Delivery], fresh: list[Run], now: datetime) -> int:
    """Settle the unconfirmed deliveries of one dataflow; returns how many left that state."""
    found: dict[int, str] = {}
    rest: list[Delivery] = []
    for delivery in deliveries:
        mine = _carrying(delivery, fresh)
        if mine is None:
            rest.append(delivery)
        else:
            found[delivery.pk] = mine.id
            fresh = [one for one in fresh if one.id != mine.id]
    unexplained = [one for one in fresh if not one.audiences]
    if len(rest) == 1 and len(unexplained) == 1:
        found[rest.pop().pk] = unexplained.pop().id
    adopted = run(
        [d for d in deliveries if d.pk in found], found, what="found", now=now, data={"evidence": "runs"}
    )
    return len(adopted) + _without_trace(rest, bool(unexplained), now)


def _carrying(delivery: Delivery, fresh: list[Run]) -> Run | None:
    sent = _sent(delivery) - CLOCK_SKEW
    for one in fresh:
        if delivery.audience.platform_id in one.audiences and (
            one.created_at is None or one.created_at >= sent
        ):
            return one
    return None


def _without_trace(deliveries: list[Delivery], unexplained: bool, now: datetime) -> int:
    """No run found: wait within the grace; after it send once more, but never beside an unexplained run."""
    over = [d for d in deliveries if d.deadline <= now]
    again = [
        d for d in deliveries
        if d not in over and not unexplained and not d.reposted and _sent(d) + GRACE <= now
    ]  # fmt: skip
    gone = [
        d for d in deliveries
        if d in over or (d.reposted and not unexplained and d.state_since + GRACE <= now)
    ]  # fmt: skip
    _ask_later([d for d in deliveries if d not in again and d not in gone], now)
    left = move(
        again, states.QUEUED, what="sent_again", now=now, reposted=True, not_before=None, next_check_at=None,
        deadline=now + again[0].workspace.send_limit if again else now,
    )  # fmt: skip
    left += move(
        gone, states.STOPPED, what="stopped", now=now, reason="no_trace", finished_at=now, next_check_at=None
    )
    return len(left)


def _ask_later(deliveries: list[Delivery], now: datetime) -> None:
    rows = Delivery.objects.filter(pk__in=[d.pk for d in deliveries], state=states.UNCONFIRMED)
    rows.update(next_check_at=now + ASK_AGAIN)
    # When the platform cannot be asked until the deadline, a person must decide.
    over = [d for d in deliveries if d.deadline <= now]
    move(
        over, states.STOPPED, what="stopped", now=now, reason="no_trace", finished_at=now, next_check_at=None
    )
