"""Stacked columns, one per day: how many of each kind."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.safestring import SafeString

from activations.charts.axes import across, days, gaps
from activations.charts.chart import Frame
from activations.charts.scale import Scale, ticks
from activations.charts.svg import element
from activations.charts.table import Table
from audiences import speech

# One of ten thousand is not nothing: it is drawn so high at least.
LEAST = 1.5
PART = 0.72


def columns(table: Table, frame: Frame) -> list[SafeString]:
    """The shapes of a table whose rows are days; a day with an unknown figure has no column."""
    sums = [_sum(table, place) for place in range(len(table.rows))]
    steps = ticks(max((one for one in sums if one is not None), default=0))
    frame = frame.beside([speech.number(step) for step in steps])
    scale = Scale(0, steps[-1], frame.floor, frame.top)
    return [
        *across(frame, [(scale(step), speech.number(step)) for step in steps]),
        *gaps(table, frame),
        *(_column(table, frame, scale, place) for place, total in enumerate(sums) if total),
        *days(table, frame),
    ]


def _sum(table: Table, place: int) -> float | None:
    values = [values[place] for _column, _mark, values in table.series]
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _column(table: Table, frame: Frame, scale: Scale, place: int) -> SafeString:
    width = frame.inner / len(table.rows)
    x = frame.left + width * (place + (1 - PART) / 2)
    parts = _parts(table, scale, place, x, width * PART)
    return element("g", element("title", table.told(table.rows[place])), *parts)


def _parts(table: Table, scale: Scale, place: int, x: float, width: float) -> Iterator[SafeString]:
    foot = scale.start
    for _column, mark, values in table.series:
        if value := values[place]:
            height = max(scale.start - scale(value), LEAST)
            foot -= height
            yield mark.area(x, foot, width, height)
