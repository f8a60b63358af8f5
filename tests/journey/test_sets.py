"""A choice is saved as a set, goes again in two clicks, and by itself when beat's minute comes; all pages looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journey.pages import Journey, Matrix, NewSet, OneSet, ScheduleForm, Sets, Told, some
from tests.journey.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]
# Schedules fire on the minute, and then it must still be sent and run.
NEXT_MINUTE = 90_000


def save(me: Journey, name: str) -> None:
    me.button("Save as a set").click()
    NewSet(me).save(name)
    expect(me.title).to_have_text(name)


def test_two_clicks_and_every_page_looks_right(stage: Stage, journey: Open) -> None:
    from tests.journey.test_looks import WIDE, looks_right

    pairs = stage.deal(2)
    me = journey(bypass_csp=True, viewport=WIDE)
    me.tick(*pairs)
    me.button("Save as a set").click()
    looks_right(me.page, "save as a set")
    NewSet(me).save("Friday flash sale")
    looks_right(me.page, "set without schedule")
    here = me.page.url
    me.link("Add a schedule").click()
    schedule = ScheduleForm(me)
    schedule.on_days.check()
    looks_right(me.page, "new schedule")
    schedule.save()
    expect(me.page.get_by_text("Choose at least one day of the week")).to_be_visible()
    looks_right(me.page, "new schedule, refused")
    schedule.day("Friday").check()
    schedule.save()
    expect(OneSet(me).next_times).to_have_count(5)
    looks_right(me.page, "set")
    Sets(me).open()
    looks_right(me.page, "sets")
    me.page.goto("/w/demo/")
    expect(me.page.get_by_role("heading", name="Goes next")).to_be_visible()
    for question in ("Rename", "Delete"):
        me.page.goto(here)
        OneSet(me).ask(question)
        looks_right(me.page, f"{question} a set")

    me.page.goto(here)
    me.link("Who is told").click()
    Told(me).tell("looker")
    expect(me.row("looker")).to_be_visible()
    looks_right(me.page, "who is told of a set")

    me.page.goto(here)
    me.button("Activate 2 deliveries").click()
    expect(me.title).to_contain_text(f"Send {some(2)}")
    me.answer()
    me.stands("delivered")
    assert [stage.sim.sent(pair) for pair in pairs] == [1, 1]


def test_as_soon_as_allowed_without_javascript(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey(java_script_enabled=False)
    me.open(f"/w/demo/activate/?q={pair.name}&to={pair.where}")
    Matrix(me).box(pair).check()
    me.button("Search").click()
    save(me, "Storm warning")
    me.link("Add a schedule").click()
    schedule = ScheduleForm(me)
    schedule.soon.check()
    schedule.save()
    expect(me.page.get_by_text("From now on it is looked every minute")).to_be_visible()
    here, waited = me.page.url, 0
    while not me.page.get_by_text("Over: no moment comes any more.").is_visible():
        assert waited < NEXT_MINUTE, "no beat fired the schedule"
        me.page.wait_for_timeout(3_000)
        waited += 3_000
        me.page.goto(here)
    OneSet(me).activations.first.click()
    expect(me.page.locator("main")).to_contain_text("by a schedule of yours")
    expect(me.title).to_have_text("Storm warning")
