"""What a chart says, in figures: the one source of its drawing, of the table behind it and of its CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from activations.charts.marks import Mark
from audiences import speech

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A series. Without a mark it stands in the table only; `say` puts its figures into words."""

    name: str
    mark: Mark | None = None
    say: Callable[[Value], str] = speech.number


# A column that is drawn, its mark, and its figures in the order of the rows.
Series = tuple[Column, Mark, list[Value]]


@dataclass(frozen=True, slots=True)
class Row:
    """One day, or one moment, with a figure per column. `head` is shown, `key` is for machines. None is unknown, and
    `note` says why. `at` places it between the first (0) and the last (1) where rows are not equally far apart."""

    head: str
    key: str
    values: tuple[Value, ...]
    note: str = ""
    at: float = 0


@dataclass(frozen=True, slots=True)
class Table:
    """`head` is the heading of the rows' names. `clock`: the figures are seconds. `blank` is said for a figure that is
    not there and has no note."""

    caption: str
    head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    clock: bool = False
    blank: str = ""

    @property
    def is_placed(self) -> bool:
        """Whether rows say where they are, rather than being equally far apart."""
        return any(row.at for row in self.rows)

    @property
    def series(self) -> Iterator[Series]:
        """What is drawn: the columns with a mark, and their figures in the order of the rows."""
        for place, column in enumerate(self.columns):
            if column.mark:
                yield column, column.mark, [row.values[place] for row in self.rows]

    @property
    def known(self) -> list[float]:
        """Every figure that is drawn."""
        return [value for _c, _m, values in self.series for value in values if value is not None]

    @property
    def body(self) -> Iterator[tuple[Row, list[tuple[str, bool]]]]:
        """Rows with their cells: words, and whether the figure is known."""
        for row in self.rows:
            yield (
                row,
                [
                    (self.words(column, row, value), value is not None)
                    for column, value in zip(self.columns, row.values, strict=True)
                ],
            )

    def words(self, column: Column, row: Row, value: Value) -> str:
        return (row.note or self.blank or speech.unknown()) if value is None else column.say(value)

    def told(self, row: Row) -> str:
        """A row in one sentence, for who points at it: "12 Nov: Delivered 31, Failed 2"."""
        if row.note and all(value is None for value in row.values):
            return f"{row.head}: {row.note}"
        told = (
            f"{column.name} {self.words(column, row, value)}"
            for column, value in zip(self.columns, row.values, strict=True)
            if value is not None
        )
        return f"{row.head}: {', '.join(told)}"

    def sheet(self) -> Iterator[list[Value | str]]:
        """Lines of the CSV: the same figures, unrounded, and the note; an unknown one is None."""
        yield [self.head, *(column.name for column in self.columns), _("Note")]
        for row in self.rows:
            yield [row.key, *row.values, row.note]
