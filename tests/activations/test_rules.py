"""The rule of schedules: each named day fires once, at a moment that exists, whatever the clocks do."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activations.rules import DAILY, MONTHLY, ONCE, WEEKLY, Rule, exists, moment_of

# Hour and half-hour steps, both hemispheres, a change at midnight, a skipped day, Ramadan's pairs, no change at all.
ZONES = (
    "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/Havana",
    "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Beirut", "Asia/Kolkata", "UTC",
)  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.dates(date(1996, 1, 1), date(2037, 12, 31))
moments = st.datetimes(datetime(1996, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The hours of a year in which the zone's offset changes."""
    start, found = datetime(year, 1, 1, tzinfo=UTC), []
    for hour in range(366 * 24):
        one = start + timedelta(hours=hour)
        if one.astimezone(zone).utcoffset() != (one + timedelta(hours=1)).astimezone(zone).utcoffset():
            found.append(one)
    return found


NEAR = [(zone, one) for zone in map(ZoneInfo, ZONES) for year in (2011, 2026) for one in changes(zone, year)]
near_a_change = st.tuples(st.sampled_from(NEAR), st.integers(-48, 48), times).map(
    lambda drawn: (
        drawn[0][0],
        (drawn[0][1] + timedelta(hours=drawn[1])).astimezone(drawn[0][0]).date(),
        drawn[2],
    )
)
anywhere = st.tuples(zones, days, times)


@st.composite
def rules(draw):
    kind = draw(st.sampled_from([ONCE, DAILY, WEEKLY, MONTHLY]))
    zone, day, at = draw(st.one_of(near_a_change, anywhere))
    return Rule(
        kind, zone, at, day, draw(st.frozensets(st.integers(0, 6), min_size=1)), draw(st.integers(1, 31)),
        draw(st.none() | st.just(day + timedelta(days=40))),
    ), datetime.combine(day, at, UTC)  # fmt: skip


@given(st.one_of(near_a_change, anywhere))
def test_a_time_that_exists_is_kept(drawn):
    zone, day, at = drawn
    local = moment_of(day, at, zone).astimezone(zone)
    if exists(datetime.combine(day, at), zone):
        assert (local.date(), local.time()) == (day, at)


@given(st.one_of(near_a_change, anywhere))
def test_a_time_that_comes_twice_is_the_first(drawn):
    zone, day, at = drawn
    moment = moment_of(day, at, zone)
    wanted = datetime.combine(day, at)
    for hours in range(1, 27):
        earlier = (moment - timedelta(hours=hours / 2)).astimezone(zone).replace(tzinfo=None)
        assert earlier != wanted


@given(st.one_of(near_a_change, anywhere))
def test_a_time_that_is_skipped_is_the_first_moment_after_the_gap(drawn):
    zone, day, at = drawn
    wanted = datetime.combine(day, at)
    if exists(wanted, zone):
        return
    moment = moment_of(day, at, zone)
    second = timedelta(seconds=1)
    here, before = moment.astimezone(zone), (moment - second).astimezone(zone)
    assert before.replace(tzinfo=None) < wanted < here.replace(tzinfo=None)
    assert here.replace(tzinfo=None) - before.replace(tzinfo=None) > second


@given(rules())
def test_moments_rise_and_each_is_one_of_its_days(drawn):
    rule, start = drawn
    found = rule.next(start - timedelta(days=2), 9)
    assert found == sorted(set(found))
    for one in found:
        local = one.astimezone(rule.zone)
        own = [local.date() - timedelta(days=back) for back in range(3)]
        assert any(moment_of(day, rule.at, rule.zone) == one and named(rule, day) for day in own)


@given(rules(), st.integers(0, 4))
def test_after_and_between_tell_the_same(drawn, count):
    rule, start = drawn
    found = rule.next(start, 5)
    if count < len(found):
        assert rule.after(found[count] - timedelta(seconds=1)) == found[count]
        assert rule.between(start, found[count]) == found[: count + 1]


@given(zones, moments, times)
def test_every_day_fires_once_a_day(zone, start, at):
    found = Rule(DAILY, zone, at).next(start, 30)
    locals_ = [one.astimezone(zone).date() for one in found]
    apart = [(after - before).days for before, after in pairwise(locals_)]
    # Only where a zone skips a whole day two of its days meet.
    assert set(apart) <= {1} or str(zone) == "Pacific/Apia"


@given(zones, times, st.integers(1, 31), moments)
def test_every_month_fires_on_its_day_or_its_last(zone, at, day, start):
    found = [one.astimezone(zone).date() for one in Rule(MONTHLY, zone, at, month_day=day).next(start, 14)]
    for one in found:
        last = monthrange(one.year, one.month)[1]
        assert one.day == min(day, last) or str(zone) in (
            "Pacific/Apia",
            "America/Havana",
            "America/Sao_Paulo",
            "Asia/Beirut",
        )


def named(rule: Rule, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    return {
        ONCE: day == rule.day,
        DAILY: True,
        WEEKLY: day.weekday() in rule.weekdays,
        MONTHLY: day.day == min(rule.month_day, last),
    }[rule.kind] and (rule.kind == ONCE or rule.until is None or day <= rule.until)


def at(zone: str, day: date, hour: int, minute: int = 0) -> str:
    return moment_of(day, time(hour, minute), ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("zone", "day", "hour", "minute", "moment"),
    [
        ("Europe/Berlin", date(2027, 3, 28), 2, 30, "2027-03-28T01:00:00+00:00"),
        ("Europe/Berlin", date(2026, 10, 25), 2, 30, "2026-10-25T00:30:00+00:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), 2, 15, "2026-10-03T15:30:00+00:00"),
        ("America/Havana", date(2026, 3, 8), 0, 0, "2026-03-08T05:00:00+00:00"),
        ("Pacific/Apia", date(2011, 12, 30), 9, 0, "2011-12-30T10:00:00+00:00"),
    ],
)
def test_known_days(zone, day, hour, minute, moment):
    assert at(zone, day, hour, minute) == moment


def test_the_thirty_first_is_the_last_day_of_shorter_months():
    rule = Rule(MONTHLY, ZoneInfo("UTC"), time(9), month_day=31)
    found = rule.next(datetime(2027, 1, 1, tzinfo=UTC), 4)
    assert [one.day for one in found] == [31, 28, 31, 30]


def test_the_last_day_is_included_and_ends_it():
    rule = Rule(DAILY, ZoneInfo("Europe/Berlin"), time(9), until=date(2026, 12, 2))
    assert len(rule.next(datetime(2026, 12, 1, tzinfo=UTC), 9)) == 2


@pytest.mark.parametrize(
    "rule",
    [
        Rule(WEEKLY, UTC, time(9)),
        Rule(MONTHLY, UTC, time(9), month_day=0),
        Rule(MONTHLY, UTC, time(9), month_day=32),
        Rule(ONCE, UTC, time(9)),
        Rule("secondly", UTC, time(9)),
    ],
)
def test_what_never_fires_is_known(rule):
    assert not rule.can_fire


def test_the_end_of_the_calendar_is_an_end():
    rule = Rule(DAILY, ZoneInfo("Pacific/Kiritimati"), time(9))
    assert rule.next(datetime(9999, 12, 27, tzinfo=UTC), 9)
