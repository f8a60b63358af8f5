"""The main job in a browser: sign in, find, choose, press, watch until it is delivered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journey.pages import Activation, Dataflow, Destinations, Journey, Question, SignIn, sign_in
from tests.journey.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]


def focused(page: Page) -> str:
    """What has the focus, in words."""
    return str(
        page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || document.activeElement.name || '').trim()"
        )
    )


def tab_to(page: Page, words: str, at_most: int = 150) -> None:
    """Press Tab until the focus is on what says so."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if words in focused(page):
            return
    raise AssertionError(f"Tab never reached {words!r}")


def test_from_sign_in_to_delivered_by_mouse(stage: Stage, journey: Open) -> None:
    ready = stage.deal(2, where="Larkmoor order desk files")
    waiting = stage.deal(1, kind="waits", dataflow=ready[0].dataflow)[0]
    me = journey(who="")
    page = me.page

    sign_in(page, "marketer")
    expect(me.title).to_have_text("Northwind Group")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Destinations").click()
    destinations, dataflow = Destinations(me), Dataflow(me, ready[0].dataflow)
    destinations.search.fill("order desk")
    destinations.dataflow("Larkmoor order desk files").click()
    expect(me.title).to_have_text("Larkmoor order desk files")
    for pair in (*ready, waiting):
        dataflow.box(pair).check()
    expect(dataflow.tray).to_contain_text("2 go now")
    expect(dataflow.tray).to_contain_text("1 waits until")
    me.button("Activate 3 audiences").click()

    expect(me.title).to_contain_text("Send 3 audiences to Larkmoor order desk files in prod?")
    expect(page.locator("main")).to_contain_text(re.compile(r"snapshot of .+ old\),\s+[\d,]+ profiles"))
    expect(page.locator("main")).to_contain_text("2 deliveries leave in 1 job")
    expect(page.locator("main")).to_contain_text(f"{waiting.name} → Larkmoor order desk files is armed")
    expect(page.locator("main")).to_contain_text("cannot be stopped here")
    Question(me).why.fill("the sale starts at six")
    me.button("Activate now").click()

    page.evaluate("window.untouched = true")
    me.stands("2 delivered · 1 armed of 3")
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    expect(page.locator("main")).to_contain_text("“the sale starts at six”")
    expect(me.row(ready[0].name)).to_contain_text("Delivered")
    expect(me.row(waiting.name)).to_contain_text("Armed")
    assert [stage.sim.sent(pair) for pair in (*ready, waiting)] == [1, 1, 0]

    me.button("Cancel 1 unsent delivery").click()
    expect(page.get_by_role("status")).to_contain_text(["1 delivery canceled; it was not sent."])
    me.stands("2 delivered · 1 canceled of 3")
    expect(me.row(waiting.name)).to_contain_text("by marketer")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Activations").click()
    expect(page.locator("main")).to_contain_text("2 delivered · 1 canceled of 3")


def test_from_sign_in_to_delivered_by_keyboard(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey(who="")
    page = me.page
    page.goto("/")
    SignIn(page).username.focus()
    page.keyboard.type("marketer")
    page.keyboard.press("Tab")
    from tests.journey.stage import PASSWORD

    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(me.title).to_have_text("Northwind Group")
    tab_to(page, "Destinations")
    page.keyboard.press("Enter")
    expect(me.title).to_have_text("Destinations")
    tab_to(page, f"Select {pair.where}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(me.title).to_have_text(pair.where)
    tab_to(page, f"Select {pair.name}")
    page.keyboard.press("Space")
    expect(me.button("Activate 1 audience")).to_be_visible()
    tab_to(page, "Activate 1 audience")
    page.keyboard.press("Enter")
    expect(me.title).to_contain_text("Send 1 audience to")
    tab_to(page, "Activate now")
    page.keyboard.press("Enter")
    me.stands("1 delivered")
    assert stage.sim.sent(pair) == 1


def test_without_javascript(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey(java_script_enabled=False)
    Destinations(me).open().dataflow(pair.where).click()
    Dataflow(me, pair.dataflow).box(pair).check()
    me.button("Activate on-demand").click()
    expect(me.title).to_contain_text("Send 1 audience to")
    me.button("Activate now").click()
    expect(me.page.get_by_text("Without JavaScript this page does not follow by itself")).to_be_visible()
    for _ in range(40):
        if "delivered" in me.standing.inner_text():
            break
        me.page.wait_for_timeout(500)
        me.link("Refresh").click()
    me.stands("1 delivered")
    assert stage.sim.sent(pair) == 1


def test_console_stays_silent(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    marketer.press(pair).stands("1 delivered")
    for path in (
        "",
        "destinations/",
        "audiences/",
        f"audiences/{pair.audience}/",
        "activate/",
        "activations/",
    ):
        marketer.open(f"/w/demo/{path}")
        expect(marketer.title).to_be_visible()
    marketer.open("/account/")
    assert marketer.complaints == []


def test_status_changes_before_the_eyes(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    activation = Activation(marketer)
    stage.sim.speed(0)
    try:
        marketer.press(pair).stands("1 running")
        activation.search.focus()
        marketer.page.keyboard.type("a")
    finally:
        stage.sim.speed()
    marketer.stands("1 delivered")
    expect(activation.search).to_be_focused()
    expect(marketer.page.locator("#announce")).to_have_text("1 delivered")
    assert activation.polling.count() == 0, "polling goes on although it is over"
