"""Drawings: well-formed, told apart without colours, and saying what their table says."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activations.charts import Chart, Column, Mark, Row, Table, columns, lines
from activations.charts.scale import ceiling, labelled, ticks
from audiences import speech

SVG = "{http://www.w3.org/2000/svg}"
GOOD, BAD = Mark("done"), Mark("act", "hatch")


def stacked(*days: tuple[int | None, int | None], note: str = "") -> Chart:
    rows = tuple(Row(f"{n} Nov", f"2026-11-{n:02}", pair, note) for n, pair in enumerate(days, 1))
    table = Table("Per day", "Day", (Column("Delivered", GOOD), Column("Failed <&", BAD)), rows)
    return Chart("outcomes", "Deliveries", "Many & few", table, columns)


def timed(*days: float | None) -> Chart:
    rows = tuple(Row(f"{n} Nov", f"2026-11-{n:02}", (value,)) for n, value in enumerate(days, 1))
    table = Table("Per day", "Day", (Column("Half", GOOD, speech.duration),), rows, clock=True)
    return Chart("times", "Times", "Said", table, lines, stroked=True)


def drawings(chart: Chart) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(f"<both>{chart.pictures}</both>"))


def heights(drawing: ElementTree.Element, kind: str) -> list[float]:
    found = [one for one in drawing.iter(f"{SVG}rect") if one.get("class", "").startswith("area")]
    return [float(one.get("height")) for one in found if kind in f"{one.get('class')} {one.get('fill')}"]


def test_a_drawing_is_an_image_with_a_name_and_a_description():
    for drawing in drawings(stacked((3, 1))):
        assert drawing.get("role") == "img"
        assert drawing.get("viewBox", "").startswith("0 0 ")
        said = {one.get("id"): one.text for one in drawing}
        assert said[drawing.get("aria-labelledby")] == "Deliveries"
        assert said[drawing.get("aria-describedby")] == "Many & few"


def test_no_id_comes_twice_and_no_style_is_written_in():
    chart = stacked((3, 1))
    ids = [one.get("id") for drawing in drawings(chart) for one in drawing.iter() if one.get("id")]
    assert len(ids) == len(set(ids)) == 4
    assert "style=" not in chart.pictures
    assert "<script" not in chart.pictures


def test_columns_are_as_high_as_their_figures():
    for drawing in drawings(stacked((30, 10), (15, 0), (0, 0))):
        tall, half = heights(drawing, "plain done")
        assert tall == pytest.approx(2 * half, abs=0.3)
        assert heights(drawing, "#mark-act-hatch") == [pytest.approx(tall / 3, abs=0.3)]


def test_one_among_ten_thousand_is_not_nothing():
    for drawing in drawings(stacked((10_000, 1))):
        assert min(heights(drawing, "#mark-act-hatch")) >= 1


def test_an_unknown_day_is_a_gap_and_a_word_never_nought():
    chart = stacked((None, None), (2, 0), note="before the first outcome here")
    for drawing in drawings(chart):
        assert len(heights(drawing, "plain done")) == 1
        (gap,) = [one for one in drawing.iter(f"{SVG}rect") if one.get("class") == "gap"]
        assert gap[0].text == "1 Nov: before the first outcome here"
    (_row, cells), _other = chart.table.body
    assert cells == [("before the first outcome here", False)] * 2
    assert list(chart.table.sheet())[1] == ["2026-11-01", None, None, "before the first outcome here"]


def test_every_series_has_its_own_texture_and_a_line_of_the_legend():
    chart = stacked((3, 1))
    assert [name for _sample, name in chart.legend] == ["Delivered", "Failed <&"]
    assert len({(mark.tone, mark.texture) for _c, mark, _v in chart.table.series}) == 2


def test_who_points_at_a_column_reads_its_row():
    for drawing in drawings(stacked((3, 1))):
        assert "1 Nov: Delivered 3, Failed <& 1" in [one.text for one in drawing.iter(f"{SVG}title")]


def test_a_line_is_broken_where_nothing_is_known():
    for drawing in drawings(timed(60, 70, None, 80, None, 90, 95)):
        through = [len(one.get("points").split()) for one in drawing.iter(f"{SVG}polyline")]
        assert through == [2, 2]
        assert len(list(drawing.iter(f"{SVG}circle"))) == 5


def test_an_outlier_is_an_arrow_with_its_words_and_presses_nothing_down():
    for drawing in drawings(timed(*[600.0] * 12, 90_000.0)):
        words = [one.text for one in drawing.iter(f"{SVG}text")]
        assert "1 d 1 h" in words
        assert len(list(drawing.iter(f"{SVG}polygon"))) == 1
        ys = [float(one.get("cy")) for one in drawing.iter(f"{SVG}circle")]
        assert max(ys) < float(drawing.get("viewBox").split()[3]) * 0.85


def test_nothing_known_draws_nothing_that_breaks():
    for chart in (stacked(), stacked((None, None)), timed(), timed(None)):
        assert chart.is_empty
        assert drawings(chart)


figures = st.one_of(st.none(), st.integers(0, 10**9))


@given(st.lists(st.tuples(figures, figures), max_size=95))
def test_whatever_the_figures_they_stay_on_the_paper(days):
    for drawing in drawings(stacked(*days)):
        _x, _y, width, height = map(float, drawing.get("viewBox").split())
        for one in drawing.iter(f"{SVG}rect"):
            assert 0 <= float(one.get("x")) <= float(one.get("x")) + float(one.get("width")) <= width + 1
            assert -3 <= float(one.get("y")) <= height
    known = [value for pair in days for value in pair if value is not None]
    assert known == [
        value for line in list(stacked(*days).table.sheet())[1:] for value in line[1:3] if value is not None
    ]


@given(st.floats(0, 10**10), st.booleans())
def test_ticks_are_few_and_reach_the_highest(highest, clock):
    found = ticks(highest, clock=clock)
    assert 2 <= len(found) <= 7
    assert found[0] == 0
    assert found[-1] >= highest
    assert all(one == int(one) for one in found)


@pytest.mark.parametrize(
    ("values", "high"), [([], 1), ([5], 5), ([1] * 19 + [900], 4), ([1, 2, 3], 3), ([0, 0, 7], 7)]
)
def test_how_high_a_drawing_goes(values, high):
    assert ceiling(values) == high


@pytest.mark.parametrize(("count", "width"), [(1, 300), (30, 300), (30, 680), (90, 300), (90, 680)])
def test_dates_below_do_not_touch_and_today_is_among_them(count, width):
    places = list(labelled(count, width))
    assert places[-1] == count - 1
    assert all((b - a) * width / count >= 60 for a, b in pairwise(places))
