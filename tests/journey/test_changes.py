"""What the platform will not send is mended from its own error card: mapped, waited for, and delivered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from simulator.server import Simulator
from tests.journey.pages import AudienceChoice, ChangeQuestion, Changes, Journey, MappingForm
from tests.journey.stage import SPEED, Stage, times_sent
from tests.journey.stories import BLIND, Scene, Story, begin, unmap
from tests.journey.test_looks import WIDE, looks_right

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]


@pytest.fixture(scope="module")
def scene(stage: Stage, browser: Browser, logins: Callable[[str], Any]) -> Iterator[Scene]:
    """A press of an audience that was taken off its dataflow; our credentials saw it a moment too late."""
    with Simulator(port=0, seed=77, dataflows=4, audiences=20, speed=SPEED) as sim:
        pairs = stage.furnisher.pairs(place="mend", address=sim.url)
        scene = Scene(sim, [next(pair for pair in pairs if pair.kind == "ready")])
        with browser.new_context(base_url=stage.address, storage_state=logins("marketer")) as context:
            begin(Journey(context.new_page()), Story(before=unmap, rules=({**BLIND, "times": 1},)), scene)
        yield scene


@pytest.fixture
def place(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A workspace in which nothing was pressed."""
    with Simulator(port=0, seed=78, dataflows=4, audiences=20, speed=SPEED) as sim:
        slug = request.function.__name__.replace("_", "-")[:50]
        pairs = stage.furnisher.pairs(place=slug, address=sim.url)
        yield Scene(sim, [next(pair for pair in pairs if pair.kind == "ready")])


def test_not_part_of_this_dataflow_is_mended_from_its_card(journey: Open, scene: Scene) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    me.open(scene.activation).stands("1 refused")
    card = me.card("Not mapped, or outside its schedule")
    expect(card.locator("blockquote").first).to_contain_text("not part of this dataflow")
    # The refusal made a worker read the dataflow again, and now the mirror knows what is the matter.
    link = card.get_by_role("link", name="Map it")
    for _ in range(20):
        if link.count():
            break
        me.page.wait_for_timeout(300)
        me.page.reload()
    looks_right(me.page, "mend, card")
    link.click()
    expect(me.title).to_contain_text(f"Map {scene.pair.name} to")
    looks_right(me.page, "mend, form")
    form = MappingForm(me)
    form.how_often.select_option("EVERY_3_HOURS")
    form.map()
    expect(form.errors.first).to_contain_text("does not go with what a file holds")
    looks_right(me.page, "mend, wrong form")
    form.how_often.select_option("DAILY")
    form.map()
    expect(card).to_contain_text("it is armed and goes at")
    looks_right(me.page, "mend, mapped")
    assert scene.pair.audience in scene.flow.mappings
    card.get_by_role("button", name="Retry").click()
    me.stands("1 armed")
    expect(me.row(scene.pair.name)).to_contain_text("Adobe needs 60")
    assert times_sent(scene.sim, scene.pair) == 0


def test_a_dataflow_is_changed_from_its_page(journey: Open, place: Scene) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    me.open(f"/w/{place.pair.workspace}/destinations/{place.pair.dataflow}/")
    me.link("Add an audience").click()
    expect(me.title).to_have_text("Which audience shall be mapped?")
    looks_right(me.page, "change, which audience")
    first = AudienceChoice(me).audiences.first
    name = first.inner_text()
    first.click()
    MappingForm(me).map()
    changes, question = Changes(me), ChangeQuestion(me)
    expect(changes.line(f"Map {name}")).to_contain_text("Done")
    expect(me.row(name)).to_contain_text("Waits until")
    me.row(name).get_by_role("link", name="Change").click()
    me.link("Remove this audience from the dataflow").click()
    looks_right(me.page, "change, remove")
    question.answer("Remove")
    expect(changes.line(f"Remove {name}")).to_contain_text("Done")
    expect(me.row(name)).to_have_count(0)
    me.link(re.compile("^Disable$")).click()
    looks_right(me.page, "change, disable")
    question.answer("Disable")
    expect(changes.line("Disable")).to_contain_text("Done")
    assert not place.flow.enabled
    looks_right(me.page, "change, disabled")
    me.link(re.compile("^Enable$")).click()
    question.answer("Enable")
    expect(changes.line("Enable")).to_contain_text("Done")
    assert place.flow.enabled


def test_somebody_was_faster_and_the_person_is_asked_again(journey: Open, place: Scene) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    form, changes = MappingForm(me).open(place.pair), Changes(me)
    with place.sim.world.lock:
        place.change(schedule={"endDate": "2031-03-04"})
    form.file_name.fill("%SEGMENT_ID%_again_%TIMESTAMP%")
    form.change()
    wish = changes.line("Changed meanwhile")
    expect(wish).to_contain_text("now it is 2031-03-04")
    looks_right(me.page, "change, asked again")
    wish.get_by_role("link", name="Look and ask again").click()
    expect(form.file_name).to_have_value("%SEGMENT_ID%_again_%TIMESTAMP%")
    form.change()
    expect(changes.latest).to_contain_text("Done")
