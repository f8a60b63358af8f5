"""A link for those who only wait, and the wall of the war room: made, opened without signing in, silent, ended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journey.pages import Board, Journey, Overview, Share, Shared, Wall
from tests.journey.stage import Stage
from tests.journey.test_looks import WIDE, looks_right

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]
# A wall that asks every two seconds speaks up after fourteen.
SPEAKS_UP = 25_000


def test_a_link_is_made_opened_and_revoked(stage: Stage, journey: Open) -> None:
    pairs = stage.deal(2)
    me = journey(bypass_csp=True, viewport=WIDE)
    stage.sim.speed(0)
    try:
        me.press(*pairs).stands("All 2 running")
        expect(me.page).to_have_title(re.compile("^0/2 · "))
        here = me.page.url
        me.link(re.compile("^Share")).click()
        looks_right(me.page, "share, no link yet")
        address = Share(me).make(lasting="1 hour")
        looks_right(me.page, "share, new link")

        guest, passer_by = (journey(who="", bypass_csp=True, viewport=WIDE) for _ in range(2))
        shared, wall = Shared(guest).open(address), Wall(passer_by.page)
        expect(guest.standing).to_have_text("All 2 running")
        expect(guest.row(pairs[0].name)).to_contain_text("Running")
        expect(guest.page.get_by_role("navigation", name="Main")).to_have_count(0)
        expect(shared.everything).not_to_contain_text("marketer")
        looks_right(guest.page, "shared, running")
        Shared(passer_by).open(address).me.link("Big screen").click()
        expect(wall.count).to_have_text("0 of 2 over")
        looks_right(wall.page, "shared big screen")
        guest.page.evaluate("window.untouched = true")
    finally:
        stage.sim.speed()
    guest.stands("All 2 delivered")
    expect(wall.count).to_have_text("2 of 2 over")
    assert guest.page.evaluate("window.untouched"), "the page was loaded anew"
    looks_right(guest.page, "shared, over")

    expect(Share(me).open(here).links).to_contain_text(re.compile("ago|just now"))
    me.button(re.compile("^Revoke")).click()
    expect(me.page.get_by_role("status")).to_contain_text(["The link is revoked"])
    for one in (guest, passer_by):
        expect(one.title).to_have_text("This link shows nothing", timeout=45_000)
        expect(Shared(one).everything).not_to_contain_text(pairs[0].name)
        assert Shared(one).polling.count() == 0, "polling goes on although the link is over"
    shared.open(address)
    expect(guest.title).to_have_text("This link shows nothing")
    looks_right(guest.page, "shared, revoked")
    me.open(here)
    expect(me.story).to_contain_text("You made a share link")
    expect(me.story).to_contain_text("You revoked a share link")


def test_a_wall_that_gets_no_answer_says_so_loudly(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey(bypass_csp=True, viewport=WIDE)
    stage.sim.speed(0)
    try:
        me.press(pair).stands("1 running")
        me.link("Big screen").click()
        wall = Wall(me.page)
        expect(wall.count).to_have_text("0 of 1 over")
        expect(wall.alarm).to_be_hidden()
        looks_right(me.page, "big screen")
        me.page.context.set_offline(True)
        expect(wall.alarm).to_be_visible(timeout=SPEAKS_UP)
        expect(wall.alarm).to_contain_text("The dashboard does not answer. What you see is from")
        looks_right(me.page, "big screen, no answer")
        me.page.context.set_offline(False)
        expect(wall.alarm).to_be_hidden()
        me.page.route("**/screen/status/**", lambda route: route.fulfill(status=500, body=""))
        expect(wall.alarm).to_be_visible(timeout=SPEAKS_UP)
        me.page.unroute("**/screen/status/**")
        expect(wall.alarm).to_be_hidden()
    finally:
        stage.sim.speed()
    expect(wall.count).to_have_text("1 of 1 over")
    me.link("Back to the page").click()
    me.stands("1 delivered")


def test_the_board_of_a_workspace(stage: Stage, journey: Open) -> None:
    pairs = stage.deal(2)
    me = journey(bypass_csp=True, viewport=WIDE)
    stage.sim.speed(0)
    try:
        me.press(*pairs).stands("All 2 running")
        Overview(me).open().me.link("Big screen").click()
        expect(Board(me).news).to_contain_text("all 2 running")
        looks_right(me.page, "board, busy")
    finally:
        stage.sim.speed()
    expect(Board(me).news).not_to_contain_text("all 2 running")
    assert me.complaints == []
