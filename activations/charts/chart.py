"""A chart as pages show it: drawn once for wide pages and once for phones, with its legend and its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.safestring import SafeString

from activations.charts.marks import Mark
from activations.charts.svg import element
from activations.charts.table import Table

# Of a letter of the axis, in pixels.
LETTER = 6.4


@dataclass(frozen=True, slots=True)
class Frame:
    """The paper: `left` is what the figures of the axis need. Units are pixels where it is shown unscaled."""

    name: str
    width: float
    height: float
    left: float = 0
    top: float = 12
    right: float = 10
    bottom: float = 22

    @property
    def floor(self) -> float:
        return self.height - self.bottom

    @property
    def inner(self) -> float:
        return self.width - self.left - self.right

    def beside(self, labels: list[str]) -> Frame:
        """With room for these labels at its left."""
        left = max(map(len, labels), default=1) * LETTER + 10
        return Frame(self.name, self.width, self.height, left, self.top, self.right, self.bottom)


WIDE, SLIM = Frame("wide", 720, 160), Frame("slim", 340, 190)
Draw = Callable[[Table, Frame], list[SafeString]]


@dataclass(frozen=True, slots=True)
class Chart:
    """`key` names it in ids and addresses; `says` is what one sees in it, in a sentence; `draw` makes its shapes,
    which are strokes and points where it is `stroked`."""

    key: str
    title: str
    says: str
    table: Table
    draw: Draw
    stroked: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing known, or nothing but noughts."""
        return not any(self.table.known)

    @property
    def pictures(self) -> SafeString:
        """Both drawings; the style sheet shows the one that fits."""
        return SafeString(self._drawn(WIDE) + self._drawn(SLIM))

    def _drawn(self, frame: Frame) -> SafeString:
        title, says = f"{self.key}-{frame.name}-title", f"{self.key}-{frame.name}-says"
        return element(
            "svg",
            element("title", self.title, id=title),
            element("desc", self.says, id=says),
            *self.draw(self.table, frame),
            xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {frame.width:g} {frame.height:g}", role="img",
            class_=f"chart {frame.name}", aria_labelledby=title, aria_describedby=says,
        )  # fmt: skip

    @property
    def legend(self) -> list[tuple[SafeString, str]]:
        """A sample of every series with its name."""
        return [(_sample(mark, self.stroked), column.name) for column, mark, _values in self.table.series]


def _sample(mark: Mark, stroked: bool) -> SafeString:
    drawn = [mark.area(1, 1, 20, 10)]
    if stroked:
        drawn = [mark.line([(1, 6), (21, 6)])] * mark.joined + [mark.point(11, 6)]
    return element(
        "svg",
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox="0 0 22 12",
        class_="sample",
        aria_hidden="true",
    )
