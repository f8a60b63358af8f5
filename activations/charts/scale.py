"""From figures to places: round ticks, a scale that one outlier does not flatten, labels that do not touch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

MOST_TICKS = 4
DAY = 86_400
# Seconds that people read on clocks.
CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY)  # fmt: skip
# A figure so many times as large as nine of ten others would press them to the ground.
OUTLIER = 4.0
# Pixels that a date of the axis takes with the room around it.
LABEL = 62


@dataclass(frozen=True, slots=True)
class Scale:
    """Figures from `low` to `high` on a way of pixels; what is higher ends at its end, and says so."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (min(value, self.high) - self.low) / (self.high - self.low or 1)
        return self.start + (self.end - self.start) * max(share, 0)

    def is_beyond(self, value: float) -> bool:
        return value > self.high


def ticks(highest: float, low: float = 0, *, clock: bool = False) -> list[int]:
    """Round figures from at most `low` to at least `highest`; whole ones, because nobody sends half a delivery."""
    wanted = max((highest - low) / MOST_TICKS, 1)
    step = _on_the_clock(wanted) if clock else _round(wanted)
    first, last = floor(low / step), max(ceil(highest / step), floor(low / step) + 1)
    return [number * step for number in range(first, last + 1)]


def _round(wanted: float) -> int:
    """The least of 1, 2, 5, 10, 20, 50, … that is not less than this."""
    power: int = 10 ** max(floor(log10(wanted)), 0)
    return next(part * power for part in (1, 2, 5, 10) if part * power >= wanted * 0.999)


def _on_the_clock(seconds: float) -> int:
    place = bisect_left(CLOCK, seconds)
    return CLOCK[place] if place < len(CLOCK) else _round(seconds / DAY) * DAY


def ceiling(values: Sequence[float]) -> float:
    """How high a drawing must go: to the highest figure, unless nine of ten lie far below it."""
    if not values:
        return 1
    ordered = sorted(values)
    most = ordered[max(ceil(len(ordered) * 0.9) - 1, 0)]
    return min(ordered[-1], most * OUTLIER) if most else ordered[-1]


def labelled(count: int, width: float) -> range:
    """Which of so many days carry their date: the last one, and every week or some weeks before it."""
    for step in (1, 7, 14, 28, 56):
        if width / max(count, 1) * step >= LABEL:
            return range((count - 1) % step, count, step)
    return range(count - 1, count)
