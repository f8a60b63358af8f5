"""One press that spans two workspaces, found and ticked in the matrix, followed on one page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journey.pages import Journey
from tests.journey.stage import Stage, times_sent

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_two_workspaces_one_activation(stage: Stage, marketer: Journey) -> None:
    (here,), (there,) = stage.deal(), stage.deal(workspace="busy")
    page = marketer.open("/w/demo/activate/").page
    page.evaluate("window.untouched = true")
    found, tray = page.locator("#found"), page.get_by_role("region", name="Selection")
    page.get_by_label("Search audiences").fill(here.name)
    page.get_by_label("Search destinations").fill(here.where)
    expect(found).to_contain_text("1 mapping found")
    page.locator(f"#m{here.mapping}").check()
    expect(tray).to_contain_text("1 audience")
    page.get_by_label("Search audiences").fill(there.name)
    page.get_by_label("Search destinations").fill(there.where)
    page.get_by_label("Workspaces").select_option("busy")
    page.locator(f"#m{there.mapping}").check()
    expect(tray).to_contain_text("Test busy: 1 delivery leaves in 1 job.")
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    assert "in=busy" in page.url, "the address says what is looked for"
    page.reload()
    expect(tray).to_contain_text("2 audiences")
    marketer.button("Activate 2 audiences").click()
    expect(marketer.title).to_contain_text(
        re.compile(r"Send 2 audiences to .*Northwind Group\s+and\s+Test busy\?", re.S)
    )
    expect(page.locator(".stamp")).to_have_count(2)
    marketer.answer().stands("All 2 delivered")
    assert (stage.sim.sent(here), times_sent(stage.busy, there)) == (1, 1)
    expect(marketer.row(there.name)).to_contain_text("Test busy · Adobe")
    for place in ("demo", "busy"):
        marketer.open(f"/w/{place}/activations/")
        expect(page.locator("tbody tr").first).to_contain_text("all 2 delivered")


def test_adobe_and_segment_in_one_press(stage: Stage, marketer: Journey) -> None:
    """One activation and one progress: a file is delivered, a resync finishes."""
    (here,) = stage.deal()
    page = marketer.open(f"/w/demo/activate/?q={here.name}&to={here.where}").page
    page.locator(f"#m{here.mapping}").check()
    found = page.locator("#found")
    page.get_by_label("Search audiences").fill("")
    page.get_by_label("Search destinations").fill("")
    page.get_by_label("Workspaces").select_option("demo-segment")
    expect(found).to_contain_text("Segment sends who is in the audience")
    ready = found.locator(".cell", has_text="Ready")
    ready.get_by_role("checkbox").first.check()
    marketer.button("Activate 2 audiences").click()
    expect(marketer.title).to_contain_text("Northwind on Segment")
    expect(page.locator("main")).to_contain_text(re.compile("resync", re.I))
    marketer.answer()
    expect(marketer.standing).to_contain_text("1 delivered", timeout=60_000)
    expect(marketer.standing).to_contain_text("1 finished resyncing", timeout=60_000)
    assert stage.sim.sent(here) == 1


def test_without_javascript(stage: Stage, journey: Callable[..., Journey]) -> None:
    (here,), (there,) = stage.deal(), stage.deal(workspace="busy")
    me = journey(java_script_enabled=False)
    page = me.open(f"/w/demo/activate/?q={here.name}&to={here.where}").page
    page.locator(f"#m{here.mapping}").check()
    page.get_by_label("Workspaces").select_option("busy")
    page.get_by_label("Search destinations").fill(there.where)
    page.get_by_label("Search audiences").fill(there.name)
    me.button("Search").click()
    page.locator(f"#m{there.mapping}").check()
    page.locator("#ask").click()
    expect(me.title).to_contain_text("Send 2 audiences to")
    me.button("Activate now").click()
    for _ in range(60):
        if "All 2 delivered" in me.standing.inner_text():
            break
        page.wait_for_timeout(500)
        me.link("Refresh").click()
    me.stands("All 2 delivered")
    assert (stage.sim.sent(here), times_sent(stage.busy, there)) == (1, 1)


def test_waits_count_down_before_the_eyes(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal(kind="waits", where="Larkmoor trade newsletter")
    page = marketer.open(f"/w/demo/activate/?q={pair.name}&to={pair.where}").page
    clock = page.locator(f"#go{pair.mapping} time")
    expect(clock).to_have_text(re.compile(r"^in \d+ min \d+ s$"))
    first = clock.inner_text()
    expect(clock).not_to_have_text(first)
    assert marketer.complaints == []
