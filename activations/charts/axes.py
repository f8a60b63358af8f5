"""What all drawings share: lines across with their figures, dates below, and where nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from django.utils.safestring import SafeString

from activations.charts.chart import Frame
from activations.charts.scale import labelled
from activations.charts.svg import element
from activations.charts.table import Table


def across(frame: Frame, places: list[tuple[float, str]]) -> Iterator[SafeString]:
    """A thin line with its figure at the left, per (y, words)."""
    for y, words in places:
        yield element("line", x1=frame.left, x2=frame.width - frame.right, y1=y, y2=y, class_="grid")
        yield element("text", words, x=frame.left - 6, y=y + 4, text_anchor="end")


def below(frame: Frame, places: list[tuple[float, str]]) -> Iterator[SafeString]:
    """Words under the drawing, per (x, words); those at the edges stay within it."""
    for x, words in places:
        half = len(words) * 3.2
        anchor, at = "middle", x
        if x + half > frame.width:
            anchor, at = "end", frame.width - 1
        elif x < half:
            anchor, at = "start", 1
        yield element("text", words, x=at, y=frame.height - 6, text_anchor=anchor)


def days(table: Table, frame: Frame) -> Iterator[SafeString]:
    """The dates below rows that are equally far apart."""
    width = frame.inner / max(len(table.rows), 1)
    chosen = labelled(len(table.rows), frame.inner)
    yield from below(
        frame, [(frame.left + width * (place + 0.5), table.rows[place].head) for place in chosen]
    )


def gaps(table: Table, frame: Frame) -> Iterator[SafeString]:
    """A dotted ground under the days of which nothing is known."""
    width = frame.inner / max(len(table.rows), 1)
    rows = enumerate(table.rows)
    for unknown, those in groupby(rows, lambda one: all(value is None for value in one[1].values)):
        places = [place for place, _row in those]
        if unknown:
            x = frame.left + width * places[0]
            yield element(
                "rect", element("title", table.told(table.rows[places[0]])), x=x, y=frame.top,
                width=width * len(places), height=frame.floor - frame.top, fill="url(#mark-idle-dots)", class_="gap",
            )  # fmt: skip
