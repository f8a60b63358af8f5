"""How long deliveries through a dataflow usually take: told by those that ended in the last days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from activations import states
from activations.cadence import NEWEST, RECENT, Usual
from activations.models import Delivery

# What was refused or blocked took no time to speak of; these ran, and are over.
OVER = (*states.DELIVERED, states.FINISHED, states.FAILED)


def usual_of(running: Iterable[Delivery], now: datetime) -> dict[int, Usual]:
    """Per dataflow (pk) of these deliveries; dataflows through which too few have ended are left out. One query, none
    without any."""
    flows = {delivery.dataflow_id for delivery in running}
    if not flows:
        return {}
    lengths: dict[int, list[float]] = defaultdict(list)
    ended = Delivery.objects.filter(
        dataflow__in=flows, state__in=OVER, started_at__isnull=False, finished_at__gt=now - RECENT
    ).order_by("-pk")
    for flow, began, end in ended.values_list("dataflow", "started_at", "finished_at")[:NEWEST]:
        if began is not None and end is not None:
            lengths[flow].append((end - began).total_seconds())
    told = {flow: Usual.told_by(each) for flow, each in lengths.items()}
    return {flow: usual for flow, usual in told.items() if usual is not None}
