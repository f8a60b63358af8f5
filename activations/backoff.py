"""How long to wait before the next try, and the one moment before which a workspace sends nothing."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from activations import nudges
from activations.models import Delivery
from audiences.models import Workspace

RECHECK = timedelta(seconds=15)
RECHECK_LONGEST = timedelta(minutes=5)
# A minute at most: one call a minute costs nothing, and a platform that is back is noticed soon.
BACKOFF = (timedelta(seconds=2), timedelta(minutes=1))
# A platform may ask for more patience than this, even for years; then it is asked again every hour.
PATIENCE = timedelta(hours=1)
# A pause of the platform this short ends with a nudge, a longer one with a sweep: the broker delivers a
# message that waits beyond its visibility timeout (300 s) twice.
NUDGED_WITHIN = timedelta(minutes=2)


def backoff(tries: int) -> timedelta:
    """Doubling from 2 s to a minute, with jitter so that many workers do not return together."""
    seconds = min(BACKOFF[0].total_seconds() * 2 ** min(tries - 1, 12), BACKOFF[1].total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311


def patience(seconds: float) -> timedelta:
    """What the platform asks us to wait, within reason."""
    return timedelta(seconds=min(seconds, PATIENCE.total_seconds()))


def slow_down(workspace: Workspace, now: datetime, wait: timedelta) -> None:
    """No job of this workspace leaves for so long."""
    until = now + wait
    Workspace.objects.filter(pk=workspace.pk).exclude(send_after__gt=until).update(send_after=until)
    workspace.send_after = until
    if timedelta(0) < wait < NUDGED_WITHIN:
        nudges.dispatch_soon(workspace.pk, after=wait + timedelta(milliseconds=100))


def recheck(deliveries: list[Delivery]) -> timedelta:
    """How long to wait for a run that is in the way: 15 s, growing with every job it was refused in."""
    tries = 1 + max(delivery.attempts for delivery in deliveries)
    return min(RECHECK * tries, RECHECK_LONGEST)
