"""Lines over time, broken where nothing is known; a figure far above all others is an arrow with its words."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.safestring import SafeString

from activations.charts.axes import across, below, days, gaps
from activations.charts.chart import Frame
from activations.charts.scale import Scale, ceiling, ticks
from activations.charts.svg import element
from activations.charts.table import Series, Table, Value

# With more, only what stands alone has a point.
POINTS = 40


def lines(table: Table, frame: Frame) -> list[SafeString]:
    """The shapes of a table; its rows are equally far apart unless they say where they are (`Row.at`)."""
    known = table.known or [0]
    lowest = 0.0 if table.clock or min(known) < max(known) / 2 else float(min(known))
    steps = ticks(ceiling(known), lowest, clock=table.clock)
    say = next(table.series)[0].say
    frame = frame.beside([say(step) for step in steps])
    scale = Scale(steps[0], steps[-1], frame.floor, frame.top)
    shapes = [*across(frame, [(scale(step), say(step)) for step in steps])]
    if not table.is_placed:
        shapes += gaps(table, frame)
    xs = _xs(table, frame)
    for series in table.series:
        shapes += _series(table, series, xs, scale)
    shapes += below(frame, _ends(table, frame)) if table.is_placed else days(table, frame)
    return shapes


def _xs(table: Table, frame: Frame) -> list[float]:
    if table.is_placed:
        return [frame.left + frame.inner * row.at for row in table.rows]
    width = frame.inner / max(len(table.rows), 1)
    return [frame.left + width * (place + 0.5) for place in range(len(table.rows))]


def _ends(table: Table, frame: Frame) -> list[tuple[float, str]]:
    return [(frame.left, table.rows[0].head), (frame.width, table.rows[-1].head)] if table.rows else []


def _series(table: Table, series: Series, xs: list[float], scale: Scale) -> Iterator[SafeString]:
    column, mark, values = series
    for stretch in _stretches(table, values, joined=mark.joined):
        if len(stretch) > 1:
            yield mark.line([(xs[place], scale(value)) for place, value in stretch])
        for place, value in stretch:
            told = element("title", table.told(table.rows[place]))
            if scale.is_beyond(value):
                yield element("g", told, mark.beyond(xs[place], scale(value)))
                yield element("text", column.say(value), x=xs[place] + 8, y=scale(value) + 9, class_="told")
            elif len(stretch) == 1 or len(values) <= POINTS:
                yield element("g", told, mark.point(xs[place], scale(value)))


def _stretches(table: Table, values: list[Value], *, joined: bool) -> Iterator[list[tuple[int, float]]]:
    """(Place, figure) of those that follow each other; each by itself where they are not joined.

    An unknown figure parts two stretches. Not so the moments of other series between those of this one.
    """
    stretch: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is not None:
            stretch.append((place, value))
        parted = value is None and (table.rows[place].note or not table.is_placed)
        if stretch and (parted or not joined):
            yield stretch
            stretch = []
    if stretch:
        yield stretch
