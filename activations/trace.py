"""The trace that a call of unknown outcome leaves: runs that the platform shows and that can be its effect."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from activations.models import Delivery
from platforms.types import Run

# A call's moment is kept by the platform's own clock, yet its servers may differ; a run "created" this long
# before our POST may be its effect.
CLOCK_SKEW = timedelta(seconds=settings.CLOCK_SKEW)


def sent(delivery: Delivery) -> datetime:
    """When the first call of unknown outcome was made, by the platform's clock."""
    return delivery.posted_at or delivery.state_since


def may_be(one: Run, delivery: Delivery) -> bool:
    """Whether the run can be what this call began: not if it is older, nor if it was over before."""
    called = sent(delivery)
    if one.completed_at is not None and one.completed_at < called:
        return False
    return one.created_at is None or one.created_at >= called - CLOCK_SKEW


def carrying(delivery: Delivery, fresh: list[Run]) -> Run | None:
    """The run for this audience that was created nearest to the call, None when there is none since.

    At Segment a run is an activation's resync and has its id.
    """
    called = sent(delivery)
    mine = [
        one
        for one in fresh
        if (delivery.audience.platform_id in one.audiences or one.id == delivery.mapping.platform_id)
        and may_be(one, delivery)
    ]
    return min(mine, key=lambda one: abs((one.created_at or called) - called), default=None)
