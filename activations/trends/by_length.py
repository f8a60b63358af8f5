"""How long deliveries took: half of them, and nine of ten, counted by the database."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import Case, Count, F, Func, IntegerField, QuerySet, Value
from django.utils.translation import gettext as _

from activations import states
from activations.charts import Chart, Column, Mark, Row, Table, lines
from activations.models import Delivery
from activations.trends.kept import kept
from activations.trends.span import Span
from audiences import speech

ARRIVED = (*states.DELIVERED, states.FINISHED)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of `count` deliveries half took no longer than `half` whole seconds, nine of ten no longer than `most`."""

    count: int
    half: int
    most: int

    @property
    def half_words(self) -> str:
        return rough(self.half)

    @property
    def most_words(self) -> str:
        return rough(self.most)


def rough(seconds: int) -> str:
    """ "within 9 min" is true of 8 min 31 s, too: whole minutes once there are two."""
    return speech.duration(seconds if seconds < 120 else -(-seconds // 60) * 60)


class Seconds(Func):
    """Whole seconds from one moment to another.

    Django's own difference calls back into Python for every row of SQLite.
    """

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST((julianday(%(expressions)s)) * 86400.0 + 0.5 AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "FLOOR(EXTRACT(EPOCH FROM (%(expressions)s)) + 0.5)::bigint"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **more)


def lengths(rows: QuerySet[Delivery], group: Case | Value) -> dict[int, Lengths]:
    """Per value of `group`, in one query; groups of which nothing arrived are left out.

    From when the platform took it to the end of its run. Runs that somebody else had started are left out, because
    nobody tells us when; so is what would have ended before it began, by clocks that differ.

    The database counts how many took how many seconds, which is far cheaper than to have it number them in order.
    """
    arrived = rows.filter(state__in=ARRIVED, joined=False, started_at__isnull=False)
    timed = arrived.filter(finished_at__gte=F("started_at")).order_by()
    counted = timed.annotate(group=group, took=Seconds(F("finished_at"), F("started_at")))
    found: dict[int, list[tuple[int, int]]] = {}
    for name, took, n in counted.values_list("group", "took").annotate(n=Count("pk")):
        found.setdefault(name, []).append((took, n))
    return {name: _lengths(sorted(told)) for name, told in found.items()}


def _lengths(told: list[tuple[int, int]]) -> Lengths:
    """Of (seconds, how many) in order: the least that is no shorter than half of them, and than nine of ten."""
    count = sum(n for _took, n in told)
    reached = list(accumulate(n for _took, n in told))
    half, most = (
        told[bisect_left(reached, wanted)][0] for wanted in ((count + 1) // 2, (count * 9 + 9) // 10)
    )
    return Lengths(count, half, most)


def lately(rows: QuerySet[Delivery], span: Span, kept_as: str = "") -> tuple[Lengths | None, Lengths | None]:
    """Those of today, and those of all days of the span before it; two queries, of which the second is kept."""
    together = Value(0, output_field=IntegerField())

    def those_of(days: Span) -> dict[int, Lengths]:
        return lengths(rows.filter(days.within("state_since")), together)

    before = kept(span.past.key(kept_as and f"{kept_as}:lately"), lambda: those_of(span.past))
    return those_of(span.today).get(0), before.get(0)


def times(
    rows: QuerySet[Delivery], span: Span, zone: str, *, segment: bool = False, kept_as: str = ""
) -> Chart:
    """The chart of how long they took per day, in two queries. A day on which nothing arrived is a gap.

    `kept_as` names figures of days that are over, which may be kept for some minutes.
    """
    found = {
        **kept(span.past.key(kept_as and f"{kept_as}:times"), lambda: _by_day(rows, span.past)),
        **{len(span.days) - 1: one for one in _by_day(rows, span.today).values()},
    }
    caption = (
        _("Time until a resync has finished, per day; days in %(zone)s")
        if segment
        else _("Time until delivered, per day; days in %(zone)s")
    )
    table = Table(
        caption=caption % {"zone": zone},
        head=_("Day"),
        columns=(
            Column(_("Half within"), Mark("done"), speech.duration),
            Column(_("9 of 10 within"), Mark("moving", "stripes"), speech.duration),
            Column(_("Timed deliveries")),
        ),
        rows=tuple(_row(span, place, found) for place in range(len(span.days))),
        clock=True,
    )
    title = _("Time until finished") if segment else _("Time until delivered")
    return Chart("times", title, _says(found, zone), table, lines, stroked=True)


def _by_day(rows: QuerySet[Delivery], span: Span) -> dict[int, Lengths]:
    """By the number of the day."""
    if not span.days:
        return {}
    return lengths(rows.filter(span.within("state_since")), span.place("state_since"))


def _row(span: Span, place: int, found: Mapping[int, Lengths]) -> Row:
    head, key, told = span.word(place), span.days[place].isoformat(), found.get(place)
    if told is None:
        return Row(head, key, (None, None, None), note=_("none timed"))
    return Row(head, key, (told.half, told.most, told.count))


def _says(found: Mapping[int, Lengths], zone: str) -> str:
    if not found:
        return _("Nothing arrived in these days.")
    words = {
        "least": speech.duration(min(one.half for one in found.values())),
        "most": speech.duration(max(one.half for one in found.values())),
        "n": speech.number(sum(one.count for one in found.values())),
        "zone": zone,
    }
    return (
        _(
            "From when the platform took a delivery to the end of its run, of %(n)s deliveries: half of a day's within "
            "%(least)s to %(most)s. Days in %(zone)s; runs that somebody else had started are left out."
        )
        % words
    )
