"""The one way in which a list becomes a sheet: cells no spreadsheet can be tricked with, chunks, file names."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from audiences import sheets
from audiences.sheets import Sheet, answer, cell, of

NAME = re.compile(r'attachment; filename="runs-campaign-s3-prod-northwind-\d{4}-\d\d-\d\d-\d{4}Z\.csv"')
NUMBERS = Sheet("numbers", [("Number", lambda row: row), ("Twice", lambda row: row * 2)])


def text(response: Any) -> str:
    return b"".join(response.streaming_content).decode("utf-8")


def table(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text(response).removeprefix("\ufeff"))))


def test_it_works() -> None:
    response = answer(NUMBERS, [1, 2], "northwind")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert text(response) == "\ufeffNumber,Twice\r\n1,2\r\n2,4\r\n"


def test_the_file_says_what_and_when() -> None:
    response = answer(Sheet("runs Campaign S3 / prod", []), [], "northwind")
    assert NAME.fullmatch(response["Content-Disposition"])


@pytest.mark.parametrize("said", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_is_no_formula(said: str) -> None:
    assert cell(said) == f"'{said}"


@pytest.mark.parametrize("said", ["Sale", "1-2", "a@b.example", "'quoted", ""])
def test_any_other_text_stays_as_it_is(said: str) -> None:
    assert cell(said) == said


@pytest.mark.parametrize("items", [["=1", "x"], ["-", "y"]])
def test_a_list_is_no_formula_either(items: list[str]) -> None:
    assert str(cell(items)).startswith("'")


def test_what_is_unknown_is_empty_and_zero_is_zero() -> None:
    assert cell(None) == ""
    assert cell(0) == 0
    assert cell(-5) == -5


def test_a_moment_is_iso_8601_with_its_zone() -> None:
    moment = datetime(2026, 11, 28, 15, 4, 5, 999, tzinfo=UTC)
    assert cell(moment, ZoneInfo("Europe/Berlin")) == "2026-11-28T16:04:05+01:00"
    assert cell(moment) == "2026-11-28T15:04:05+00:00"
    assert cell(date(2026, 11, 28)) == "2026-11-28"


def test_the_viewers_zone_and_language_hold_while_it_streams() -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    sheet = Sheet("moments", [("Zone", lambda row: timezone.localtime(row).isoformat()), ("Language", lambda _row: translation.get_language())])  # fmt: skip
    with timezone.override(ZoneInfo("Asia/Tokyo")), translation.override("de"):
        response = answer(sheet, [moment], "")
    assert table(response)[1] == ["2026-07-01T21:00:00+09:00", "de"]
    assert timezone.get_current_timezone_name() != "Asia/Tokyo"


def test_rows_are_prepared_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "CHUNK", 10)
    seen: list[int] = []

    def prepare(rows: list[int]) -> list[int]:
        seen.append(len(rows))
        return rows

    sheet = Sheet("numbers", NUMBERS.columns, prepare)
    assert len(table(answer(sheet, range(25), ""))) == 26
    assert seen == [10, 10, 5]


def test_no_row_is_read_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Constant memory: the source is read as far as the reader has come."""
    monkeypatch.setattr(sheets, "CHUNK", 10)
    read: list[int] = []

    def rows() -> Any:
        for number in range(10_000):
            read.append(number)
            yield number

    parts = iter(answer(NUMBERS, rows(), "").streaming_content)
    next(parts)
    assert read == []
    next(parts)
    assert len(read) == 10


def test_what_is_cut_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_AT_MOST", 3)
    found = table(answer(NUMBERS, range(5), ""))
    assert [row[0] for row in found] == ["Number", "0", "1", "2", "Only the first 3 rows are listed; narrow the filters for the others."]  # fmt: skip
    assert len(table(answer(NUMBERS, range(3), ""))) == 4


def test_a_path_stops_where_nothing_is() -> None:
    class Flow:
        destination = None
        name = ""

    assert of("destination.platform")(Flow()) is None
    assert of("name")(Flow()) is None
    assert of("missing")(Flow()) is None
