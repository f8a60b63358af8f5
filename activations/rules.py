"""When a schedule fires: a day and a time of the clock on the wall of a named zone, turned into moments. Pure.

A small rule of our own: what libraries of recurrences (dateutil's rrule) offer beyond days of week and month nobody
asks for here, and what is asked for, a stated answer to clocks that are put forward and back, they leave open.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile

ONCE, DAILY, WEEKLY, MONTHLY = "once", "daily", "weekly", "monthly"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Days, and the time of day at which each of them fires, in a zone.

    Each day that the rule names fires at one moment:
    - a local time that the zone skips on that day (clocks go forward) moves to the first moment that exists;
    - a local time that comes twice (clocks go back) fires once, the first time;
    - a day of the month that a month lacks (29 to 31) is its last day.
    Days that come to the same moment, as where a zone skips a whole day, fire once.
    """

    kind: str
    zone: tzinfo
    at: time
    day: date | None = None
    weekdays: frozenset[int] = frozenset()
    month_day: int = 1
    until: date | None = None

    def after(self, moment: datetime) -> datetime | None:
        """The first moment later than this one, in UTC; None when none comes any more."""
        return next(self.moments(moment), None)

    def next(self, moment: datetime, count: int) -> list[datetime]:
        """The next moments later than this one, at most so many."""
        return list(islice(self.moments(moment), count))

    def between(self, after: datetime, upto: datetime) -> list[datetime]:
        """The moments later than `after` and not later than `upto`."""
        return list(takewhile(lambda one: one <= upto, self.moments(after)))

    def moments(self, after: datetime) -> Iterator[datetime]:
        """All moments later than this one, in order, each once, in UTC."""
        last = after
        # A day early: in a zone that skips a day, the day before may come to a moment of the day after.
        for day in self._days((after - 2 * DAY).astimezone(self.zone).date()):
            moment = moment_of(day, self.at, self.zone)
            if moment > last:
                last = moment
                yield moment

    def _days(self, first: date) -> Iterator[date]:
        """The days that the rule names, from `first` on, until its end or that of the calendar."""
        if self.kind == ONCE and self.day is not None:
            yield self.day
        if self.kind == ONCE or not self.can_fire:
            return
        last = min(self.until or date.max, date.max - 2 * DAY)
        day = first
        while day <= last:
            if self._names(day):
                yield day
            day += DAY

    def _names(self, day: date) -> bool:
        if self.kind == WEEKLY:
            return day.weekday() in self.weekdays
        if self.kind == MONTHLY:
            return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        return self.kind == DAILY

    @property
    def can_fire(self) -> bool:
        """Whether it names any day at all, whatever its end."""
        return {
            ONCE: self.day is not None,
            DAILY: True,
            WEEKLY: bool(self.weekdays & set(range(7))),
            MONTHLY: 1 <= self.month_day <= 31,
        }.get(self.kind, False)


def moment_of(day: date, at: time, zone: tzinfo) -> datetime:
    """The moment, in UTC, of this time on this day: the first of two, or the first that exists after a gap."""
    local = datetime.combine(day, at)
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if exists(local, zone):
        return early
    # Read with the offset from before the gap it lies after the change, with that from after it before the change.
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(late, early, zone)


def exists(local: datetime, zone: tzinfo) -> bool:
    """Whether clocks in this zone ever show this local time."""
    return local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local


def _change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second at which the zone's offset becomes that of `after`."""
    new = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == new:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)
