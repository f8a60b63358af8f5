"""Any list as a sheet: a CSV file, streamed, with the same filters and order as the page whose address it shares.

`?csv=…` asks for it; the word after it names the list, where a page has several. A view answers with `sheet` in
place of its page, so who may not see the page gets no sheet either.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from itertools import islice
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

ASKED = "csv"
ROWS_AT_MOST = 100_000
CHUNK = 1000
# A spreadsheet takes a cell that begins so for a formula; the wide ones count where Chinese or Japanese is typed.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Column = tuple[str | Promise, Callable[[Any], Any]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`what` names the list in the file's name, `columns` are headings with what stands below them.

    `prepare` is given the rows a chunk at a time, to add in a constant number of queries what the columns ask
    for; it returns the rows to write.
    """

    what: str
    columns: Sequence[Column]
    prepare: Callable[[list[Any]], Iterable[Any]] = field(default=list)


def asked(request: HttpRequest) -> str:
    """Which list of the page is asked for as a sheet; "" where the page itself is."""
    return request.GET.get(ASKED, "")


def answer(sheet: Sheet, rows: Iterable[Any] | QuerySet[Any], place: str) -> StreamingHttpResponse:
    """The rows as a download; `place` is the workspace's slug, or whatever else they are of."""
    now = timezone.now().astimezone(UTC)
    writer = _Writer(sheet, timezone.localtime().tzinfo or UTC, get_language() or "en")
    source = rows.iterator(CHUNK) if isinstance(rows, QuerySet) else iter(rows)
    response = StreamingHttpResponse(writer.lines(source), content_type="text/csv; charset=utf-8")
    name = "-".join(filter(None, (slugify(sheet.what), slugify(place), f"{now:%Y-%m-%d-%H%M}Z")))
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


@dataclass(frozen=True, slots=True)
class _Writer:
    """A sheet with the viewer's zone and language: they are no longer set while the answer streams."""

    sheet: Sheet
    zone: tzinfo
    language: str

    def lines(self, rows: Iterator[Any]) -> Iterator[str]:
        """Text, a chunk of rows at a time."""
        left = ROWS_AT_MOST
        # The mark by which Excel knows UTF-8.
        yield "\ufeff" + self._spoken(lambda: [[str(heading) for heading, _value in self.sheet.columns]])
        while left > 0 and (chunk := list(islice(rows, min(CHUNK, left)))):
            left -= len(chunk)
            yield self._spoken(partial(self._rows, chunk))
        if left <= 0 and next(rows, None) is not None:
            yield self._spoken(self._cut_off)

    def _rows(self, chunk: list[Any]) -> list[list[Any]]:
        return [[value(row) for _heading, value in self.sheet.columns] for row in self.sheet.prepare(chunk)]

    def _cut_off(self) -> list[list[Any]]:
        """Said in the sheet itself: what is cut off must not look like all there is."""
        said = _("Only the first %(n)s rows are listed; narrow the filters for the others.")
        return [[said % {"n": ROWS_AT_MOST}]]

    def _spoken(self, rows: Callable[[], list[list[Any]]]) -> str:
        with override(self.language), timezone.override(self.zone):
            writer = csv.writer(_Echo())
            return "".join(writer.writerow([cell(value, self.zone) for value in row]) for row in rows())


def cell(value: object, zone: tzinfo = UTC) -> str | int | float:
    """What stands in a cell: no formula, moments in ISO 8601 with their zone, nothing where a thing is unknown."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        value = "; ".join(str(one) for one in value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def of(path: str) -> Callable[[Any], Any]:
    """The value at a path of attributes: `of("destination.platform")`; None where one of them is None or ""."""

    def value(row: Any) -> Any:
        for name in path.split("."):
            row = getattr(row, name, None)
            if row is None or row == "":
                return None
        return row

    return value


def person(user: Model | None) -> str | None:
    """A person's sign-in name; None where the system acted, or nobody is known."""
    return user.get_username() if user is not None else None  # type: ignore[attr-defined]
