"""What was made although its answer was lost may take a moment to show; until then nothing goes again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from audiences.models import Wish
from audiences.wishes.outcomes import NotYet

GRACE = timedelta(seconds=settings.RECONCILE_GRACE)
LOOK_AGAIN = 5.0


def not_while_it_may_appear(wish: Wish, now: datetime | None) -> None:
    """Raises NotYet as long as what a wish asked for may still appear; `now` is the platform's clock."""
    if now is None or now < (wish.sent_at or wish.asked_at) + GRACE:
        raise NotYet(LOOK_AGAIN)
