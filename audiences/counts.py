"""Counts of audiences over time: each sync notes those that changed, and forgets those that are old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from audiences.models import Audience, Counted, Workspace

# A month more than the pages show: of ten thousand audiences counted every day that is a million short rows.
KEPT = timedelta(days=120)
BATCH = 2000

Count = tuple[int | None, datetime | None]


def known(workspace: Workspace) -> dict[int, Count]:
    """What the mirror says now, by pk of the audience: the count and its *as of*."""
    rows = Audience.objects.filter(workspace=workspace).values_list("pk", "profiles", "profiles_as_of")
    return {pk: (profiles, as_of) for pk, profiles, as_of in rows}


def note(before: Mapping[int, Count], audiences: Iterable[Audience], now: datetime) -> int:
    """Add a row for each audience that is counted otherwise than before; returns how many.

    One that is new and whose count is unknown has nothing to note yet.
    """
    nothing: Count = (None, None)
    changed = [one for one in audiences if before.get(one.pk, nothing) != (one.profiles, one.profiles_as_of)]
    rows = [
        Counted(audience=one, profiles=one.profiles, as_of=one.profiles_as_of, seen_at=now) for one in changed
    ]
    Counted.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)


def forget(now: datetime) -> int:
    """Delete what is too old to be shown; returns how many rows."""
    return Counted.objects.filter(seen_at__lt=now - KEPT).delete()[0]
