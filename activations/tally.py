"""Asks Segment's Delivery Overview, when a resync has finished, how many events of it were delivered.

Only Linked Audiences' events carry their activation (contract §9): for others a count would be the whole
destination's, so it stays unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from activations import states
from activations.models import Activation, Delivery, Event
from activations.usual import compared, usual_counts
from audiences import clock
from audiences.clients import segment_client_for
from audiences.models import Workspace
from platforms.errors import PlatformError, Refused
from platforms.segment import SegmentClient
from platforms.segment.delivery import Delivered, Granularity

log = structlog.get_logger(__name__)

AT_ONCE = 10
# While one worker asks, the others leave these alone.
ASKING = timedelta(minutes=2)
ASK_AGAIN = timedelta(minutes=1)
TRIES = 5
# Events of the last moments may be counted a little after the flag went away; clocks differ a little, too.
AROUND = timedelta(minutes=1)
# Delivery Overview tells minutes over four hours at most, hours over fourteen days, days over thirty (contract §9).
SPANS: tuple[tuple[timedelta, Granularity], ...] = (
    (timedelta(hours=4), "MINUTE"),
    (timedelta(days=14), "HOUR"),
    (timedelta(days=30), "DAY"),
)
COUNTED: tuple[tuple[str, Delivered], ...] = (
    ("activated", "successful-delivery"),
    ("failed", "failed-delivery"),
    ("excluded", "filtered-at-destination"),
)


def tally(workspace: Workspace, *, now: datetime | None = None) -> int:
    """Ask about the finished resyncs that are due; returns how many have their counts now."""
    now = now or clock.now()
    done = 0
    for delivery in _take(workspace, now):
        try:
            counted = _count(segment_client_for(workspace), delivery, now)
        except PlatformError as error:
            log.warning("What was delivered could not be counted.", workspace=workspace.slug, code=error.code)
            # What is refused stays unknown; so does what could not be had in so many tries.
            given_up = isinstance(error, Refused) or delivery.checks + 1 >= TRIES
            rows = Delivery.objects.filter(pk=delivery.pk, state=states.FINISHED)
            rows.update(next_check_at=None if given_up else now + ASK_AGAIN, checks=F("checks") + 1)
            continue
        _keep(delivery, counted, now)
        done += 1
    return done


def _take(workspace: Workspace, now: datetime) -> list[Delivery]:
    due = Delivery.objects.filter(workspace=workspace, state=states.FINISHED, next_check_at__lte=now)
    with transaction.atomic():
        locked = due.order_by("next_check_at", "pk").select_for_update(skip_locked=True, no_key=True)
        rows = Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True)[:AT_ONCE]))
        rows.update(next_check_at=now + ASKING)
    return list(rows.select_related("dataflow__destination", "mapping", "job", "activation").order_by("pk"))


def _count(client: SegmentClient, delivery: Delivery, now: datetime) -> dict[str, int | None]:
    """Delivered, failed and filtered events of this activation from its call to its end. Raises PlatformError."""
    source = delivery.dataflow.details.get("source")
    if not source:
        return {}
    called = delivery.job.platform_at if delivery.job else None
    start = (called or delivery.started_at or delivery.state_since) - AROUND
    end = min((delivery.finished_at or now) + AROUND, now)
    granularity = next((told for longest, told in SPANS if end - start <= longest), None)
    if granularity is None:
        return {}
    only = {"activationId": [delivery.mapping.platform_id]}
    keys = {"source": source, "destination": delivery.dataflow.destination.platform_id}
    return {
        name: client.delivered(what, **keys, start=start, end=end, granularity=granularity, only=only).total
        for name, what in COUNTED
    }


def _keep(delivery: Delivery, counted: dict[str, int | None], now: datetime) -> None:
    usual = usual_counts([delivery.mapping_id])[delivery.mapping_id]
    known = {**counted, **compared(states.FINISHED, counted.get("activated"), usual)}
    with transaction.atomic():
        rows = Delivery.objects.filter(pk=delivery.pk, state=states.FINISHED)
        rows.update(**known, next_check_at=None)
        Event.objects.create(
            workspace_id=delivery.workspace_id, activation_id=delivery.activation_id, delivery=delivery, at=now,
            what="counted" if counted else "not_counted", data=counted,
        )  # fmt: skip
        Activation.objects.filter(pk=delivery.activation_id).update(version=F("version") + 1)
