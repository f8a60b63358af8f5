"""One press that spans two workspaces, found and ticked in the matrix, followed on one page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journey.pages import History, Journey, Matrix, Question
from tests.journey.stage import Stage, times_sent

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_two_workspaces_one_activation(stage: Stage, marketer: Journey) -> None:
    (here,), (there,) = stage.deal(), stage.deal(workspace="busy")
    page, matrix = marketer.page, Matrix(marketer).open()
    page.evaluate("window.untouched = true")
    matrix.look_for(here.name, here.where)
    expect(matrix.found).to_contain_text("1 mapping found")
    matrix.box(here).check()
    expect(matrix.tray).to_contain_text("1 audience")
    matrix.look_for(there.name, there.where)
    matrix.workspaces.select_option("busy")
    matrix.box(there).check()
    expect(matrix.tray).to_contain_text("Test busy: 1 delivery leaves in 1 job.")
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    assert "in=busy" in page.url, "the address says what is looked for"
    page.reload()
    expect(matrix.tray).to_contain_text("2 audiences")
    marketer.button("Activate 2 audiences").click()
    expect(marketer.title).to_contain_text(
        re.compile(r"Send 2 audiences to .*Northwind Group\s+and\s+Test busy\?", re.S)
    )
    expect(Question(marketer).stamps).to_have_count(2)
    marketer.answer().stands("All 2 delivered")
    assert (stage.sim.sent(here), times_sent(stage.busy, there)) == (1, 1)
    expect(marketer.row(there.name)).to_contain_text("Test busy · Adobe")
    for place in ("demo", "busy"):
        expect(History(marketer, place).open().newest).to_contain_text("all 2 delivered")


def test_adobe_and_segment_in_one_press(stage: Stage, marketer: Journey) -> None:
    """One activation and one progress: a file is delivered, a resync finishes."""
    (here,) = stage.deal()
    matrix = Matrix(marketer).open(q=here.name, to=here.where)
    matrix.box(here).check()
    matrix.look_for("", "")
    matrix.workspaces.select_option("demo-segment")
    expect(matrix.found).to_contain_text("Segment sends who is in the audience")
    matrix.cells("Ready").get_by_role("checkbox").first.check()
    marketer.button("Activate 2 audiences").click()
    expect(marketer.title).to_contain_text("Northwind on Segment")
    expect(marketer.page.locator("main")).to_contain_text(re.compile("resync", re.I))
    marketer.answer()
    expect(marketer.standing).to_contain_text("1 delivered", timeout=60_000)
    expect(marketer.standing).to_contain_text("1 finished resyncing", timeout=60_000)
    assert stage.sim.sent(here) == 1


def test_without_javascript(stage: Stage, journey: Callable[..., Journey]) -> None:
    (here,), (there,) = stage.deal(), stage.deal(workspace="busy")
    me = journey(java_script_enabled=False)
    matrix = Matrix(me).open(q=here.name, to=here.where)
    matrix.box(here).check()
    matrix.workspaces.select_option("busy")
    matrix.look_for(there.name, there.where)
    me.button("Search").click()
    matrix.box(there).check()
    matrix.ask.click()
    expect(me.title).to_contain_text("Send 2 audiences to")
    me.button("Activate now").click()
    for _ in range(60):
        if "All 2 delivered" in me.standing.inner_text():
            break
        me.page.wait_for_timeout(500)
        me.link("Refresh").click()
    me.stands("All 2 delivered")
    assert (stage.sim.sent(here), times_sent(stage.busy, there)) == (1, 1)


def test_waits_count_down_before_the_eyes(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal(kind="waits", where="Larkmoor trade newsletter")
    clock = Matrix(marketer).open(q=pair.name, to=pair.where).clock(pair)
    expect(clock).to_have_text(re.compile(r"^in \d+ min \d+ s$"))
    first = clock.inner_text()
    expect(clock).not_to_have_text(first)
    assert marketer.complaints == []
