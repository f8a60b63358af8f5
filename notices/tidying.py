"""Deletes what was told long ago: notices and what became of them in channels, and old tests.

What an activation that still moves has said last is kept, however old: its next change is news only beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from activations import states
from activations.models import Delivery
from audiences import clock
from notices.models import Errand, Notice

log = structlog.get_logger(__name__)
# So many in one transaction: nobody waits long for the locks.
AT_ONCE = 500
OVER = (Errand.State.DONE, Errand.State.FAILED, Errand.State.DROPPED)


def tidy(now: datetime | None = None) -> int:
    """Delete notices older than NOTICES_KEPT days, and over errands as old; returns how many rows went."""
    before = (now or clock.now()) - timedelta(days=settings.NOTICES_KEPT)
    moving = Delivery.objects.filter(activation=OuterRef("activation"), state__in=states.MOVING)
    notices = Notice.objects.filter(~Exists(moving), at__lt=before)
    errands = Errand.objects.filter(state__in=OVER, created_at__lt=before)
    gone = _away(errands) + _away(notices)
    if gone:
        log.info("Old notices were deleted.", rows=gone, days=settings.NOTICES_KEPT)
    return gone


def _away(rows: QuerySet[Notice] | QuerySet[Errand]) -> int:
    gone = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        gone += rows.model._default_manager.filter(pk__in=pks).delete()[0]
    return gone
