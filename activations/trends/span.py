"""Days on the clocks of one zone, and in which of them a moment lies: told by the database in a few comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Self

from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.formats import date_format

from activations.rules import moment_of

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days that follow each other. `bounds` are the moments, in UTC, at which each begins, and the last one's end:
    where clocks change, a day has 23 or 25 hours. The last one is today."""

    days: tuple[date, ...]
    bounds: tuple[datetime, ...]

    @classmethod
    def last(cls, count: int, now: datetime, zone: tzinfo) -> Self:
        """The last so many days, today among them."""
        today = now.astimezone(zone).date()
        days = tuple(today - DAY * back for back in range(count - 1, -1, -1))
        return cls(days, tuple(moment_of(day, time.min, zone) for day in (*days, today + DAY)))

    @property
    def past(self) -> Span:
        """The days that are over."""
        return Span(self.days[:-1], self.bounds[:-1])

    @property
    def today(self) -> Span:
        return Span(self.days[-1:], self.bounds[-2:])

    def key(self, prefix: str) -> str:
        """Under which figures of these days are kept; "" where there is no prefix."""
        return f"{prefix}:{self.bounds[0].isoformat()}:{self.bounds[-1].isoformat()}" if prefix else ""

    def within(self, field: str) -> Q:
        """Condition: the moment lies in one of the days."""
        return Q(**{f"{field}__gte": self.bounds[0], f"{field}__lt": self.bounds[-1]})

    def place(self, field: str) -> Case | Value:
        """The number of the day in which the moment lies, counted from 0, of rows that are `within`."""
        return by_bounds(field, self.bounds[1:-1])

    def word(self, place: int) -> str:
        """ "12 Nov", as the reader's language writes a day."""
        return date_format(self.days[place], "MONTH_DAY_FORMAT")


def by_bounds(field: str, bounds: Sequence[datetime], first: int = 0) -> Case | Value:
    """How many of the bounds, which rise, lie at or before the moment; `first` is added. A tree of comparisons: ninety
    days take seven, and no database has to reckon with zones."""
    if not bounds:
        return Value(first, output_field=IntegerField())
    middle = len(bounds) // 2
    return Case(
        When(**{f"{field}__lt": bounds[middle]}, then=by_bounds(field, bounds[:middle], first)),
        default=by_bounds(field, bounds[middle + 1 :], first + middle + 1),
        output_field=IntegerField(),
    )
