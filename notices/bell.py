"""How many notices a person has not read: one query, counted no further than people care."""

from __future__ import annotations

from django.db.models import Exists, Subquery, Value
from django.db.models.functions import Coalesce

from audiences.models import User
from notices.change import About
from notices.models import Notice, Reader, concerning

AT_MOST = 100


def reader_of(user: User) -> Reader:
    """How far they have read; whoever never opened the list gets one that is not saved."""
    return Reader.objects.filter(user=user).first() or Reader(user=user)


def unread(user: User) -> int:
    """Unread notices of this person, AT_MOST standing for that many or more. One query."""
    mine = Reader.objects.filter(user=user)
    seen = Coalesce(Subquery(mine.values("seen")[:1]), Value(0))
    wanted = ~Exists(mine.filter(about=About.MINE)) | concerning(user)
    rows = Notice.objects.visible_to(user).filter(wanted, told=True, pk__gt=seen)
    # What was before them is no news to them.
    return rows.filter(at__gt=user.date_joined).order_by()[:AT_MOST].count()
