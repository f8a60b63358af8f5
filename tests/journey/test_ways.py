"""The same press in other ways: on a phone, and with nothing but the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journey.pages import Journey, Matrix, SignIn
from tests.journey.stage import PASSWORD, Stage
from tests.journey.test_looks import PHONE, TOO_WIDE
from tests.journey.test_press import focused, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]
# Of the window's height, what is chosen may take so much; the rest is to choose in.
TRAY_AT_MOST = 0.35
# What has the focus: is it seen, and not behind what sticks to the window's edge?
SEEN = """() => {
  const here = document.activeElement, ring = [here, here.closest(".field")].filter(Boolean);
  const marked = ring.some((one) => getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) > 0);
  const box = here.getBoundingClientRect();
  return marked && box.width > 0 && box.top < innerHeight && box.bottom > 0;
}"""


def test_watched_approved_and_canceled_on_a_phone(stage: Stage, journey: Open) -> None:
    (ready,), (waiting,) = stage.deal(), stage.deal(kind="waits", where="Larkmoor lake house")
    me = journey(viewport=PHONE, has_touch=True, is_mobile=True)
    matrix = Matrix(me).open()
    fits(me.page)
    for pair in (ready, waiting):
        matrix.audiences.fill(pair.name)
        matrix.destinations.fill(pair.where)
        expect(matrix.found).to_contain_text("1 mapping found")
        matrix.box(pair).tap()
        expect(matrix.box(pair)).to_be_checked()
    expect(matrix.tray).to_contain_text("1 goes now")
    expect(matrix.tray).to_contain_text("1 waits")
    whole(matrix.tray, at_most=TRAY_AT_MOST)
    fits(me.page)
    me.button("Activate 2 audiences").tap()

    expect(me.title).to_contain_text("Send 2 audiences to")
    fits(me.page)
    me.button("Activate now").tap()
    me.stands("1 delivered · 1 armed of 2")
    expect(me.page.get_by_text("Without JavaScript this page")).to_be_hidden()
    fits(me.page)
    me.button("Cancel 1 unsent delivery").tap()
    me.stands("1 delivered · 1 canceled of 2")
    fits(me.page)
    assert [stage.sim.sent(pair) for pair in (ready, waiting)] == [1, 0]
    assert me.complaints == []


def fits(page: Page) -> None:
    assert page.evaluate(TOO_WIDE) <= 0, f"{page.url} scrolls sideways on a phone"


def whole(what: Locator, at_most: float) -> None:
    """All of it is in the window, and it leaves room for the rest."""
    box, height = what.bounding_box(), PHONE["height"]
    assert box is not None
    assert box["y"] >= 0, "its head is out of the window"
    assert box["y"] + box["height"] <= height + 1, "its foot is out of the window"
    assert box["height"] <= at_most * height, f"it takes {box['height']:.0f} of {height} px"


def test_after_selecting_all_the_button_is_three_keys_away(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey()
    matrix = Matrix(me).open(q=pair.name, to=pair.where)
    me.button(re.compile("^Select ")).first.click()
    expect(matrix.tray).to_contain_text("1 goes now")
    for _ in range(2):
        me.page.keyboard.press("Tab")
    assert focused(me.page) == "Skip to what is selected"
    me.page.keyboard.press("Enter")
    assert focused(me.page) == "Activate 1 audience"


def test_matrix_by_keyboard_alone(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey(who="")
    page, keys, matrix = me.page, me.page.keyboard, Matrix(me)
    matrix.open()
    SignIn(page).username.focus()
    keys.type("marketer")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(me.title).to_have_text("Activate audiences on demand")

    keys.press("Tab")
    assert focused(page) == "Skip to the page"
    assert page.evaluate(SEEN)
    keys.press("Enter")
    tab_to(page, "Search audiences", at_most=5)
    assert page.evaluate(SEEN)
    keys.type(pair.name)
    expect(matrix.found).to_contain_text(re.compile(r"\d+ mappings? found"))
    expect(matrix.audiences).to_be_focused()
    keys.press("Tab")
    keys.type(pair.where)
    expect(matrix.found).to_contain_text("1 mapping found")
    expect(matrix.destinations).to_be_focused()
    stops = walk(page, f"Select {pair.name}", at_most=20)
    keys.press("Space")
    expect(matrix.tray).to_contain_text("1 goes now")
    expect(page.locator("#announce")).to_contain_text("1 goes now")
    expect(matrix.box(pair)).to_be_focused()
    stops += walk(page, "Activate 1 audience", at_most=20)
    keys.press("Enter")
    assert len(set(stops)) > 4, "the focus goes round in a trap"

    expect(me.title).to_contain_text("Send 1 audience to")
    walk(page, "Go back", at_most=40)
    keys.press("Tab")
    assert focused(page) == "Activate now"
    keys.press("Shift+Tab")
    assert focused(page) == "Go back"
    keys.press("Tab")
    keys.press("Enter")
    me.stands("1 delivered")
    # Past the page's last link the focus leaves it, and comes in again at the top.
    walk(page, "Skip to the page", at_most=120)
    assert stage.sim.sent(pair) == 1


def walk(page: Page, words: str, at_most: int) -> list[str]:
    """Press Tab until the focus is on what says so; wherever it stops on the way, it is seen."""
    stops: list[str] = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        here = focused(page)
        if page.evaluate("document.activeElement !== document.body"):
            assert page.evaluate(SEEN), f"nobody sees that the focus is on {here!r}"
        stops.append(here)
        if words in here:
            return stops
    raise AssertionError(f"Tab never reached {words!r}, only {stops}")
