"""The trace that a call of unknown outcome leaves: runs of the platform's list that can be its effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from activations.models import Delivery
from audiences.clients import client_for
from audiences.models import Workspace
from platforms.types import Run

# A call's moment is kept by the platform's own clock, yet its servers may differ; a run "created" this long
# before our POST may be its effect.
CLOCK_SKEW = timedelta(seconds=settings.CLOCK_SKEW)


def unexplained(workspace: Workspace, deliveries: Sequence[Delivery]) -> list[Run]:
    """Runs of these deliveries' dataflows since the first of their calls that no delivery follows.

    Raises PlatformError when the platform cannot be asked.
    """
    flows = sorted({delivery.dataflow.platform_id for delivery in deliveries})
    since = min(sent(delivery) for delivery in deliveries) - CLOCK_SKEW
    return _unclaimed(workspace, client_for(workspace).runs_of(flows, since=since))


def sent(delivery: Delivery) -> datetime:
    """When the first call of unknown outcome was made, by the platform's clock."""
    return delivery.posted_at or delivery.state_since


def _unclaimed(workspace: Workspace, runs: tuple[Run, ...]) -> list[Run]:
    """Runs that no delivery follows and that are not seen to be scheduled exports."""
    candidates = [run for run in runs if run.snapshot_only is not False]
    claimed = Delivery.objects.filter(workspace=workspace, run_id__in=[run.id for run in candidates])
    taken = set(claimed.values_list("run_id", flat=True))
    return [run for run in candidates if run.id not in taken]


def may_be(one: Run, delivery: Delivery) -> bool:
    """Whether the run can be what this call began: not if it is older, nor if it was over before."""
    called = sent(delivery)
    if one.completed_at is not None and one.completed_at < called:
        return False
    return one.created_at is None or one.created_at >= called - CLOCK_SKEW


def carrying(delivery: Delivery, fresh: list[Run]) -> Run | None:
    """The run for this audience that was created nearest to the call, None when there is none since."""
    called = sent(delivery)
    mine = [one for one in fresh if delivery.audience.platform_id in one.audiences and may_be(one, delivery)]
    return min(mine, key=lambda one: abs((one.created_at or called) - called), default=None)
