"""What a Segment audience sends is made, changed and removed from its pages, and looks right on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from simulator.segment.shelf import TOKEN, Audience
from simulator.server import Simulator
from tests.journey.pages import (
    ActivationForm,
    ChangeQuestion,
    Changes,
    ConnectionForm,
    Journey,
    SegmentAudience,
)
from tests.journey.stage import SPEED, Stage
from tests.journey.test_looks import WIDE, looks_right

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]
SLUG = "cdp"


@dataclass
class Place:
    """A Segment workspace, and audiences in it that send nothing yet."""

    sim: Simulator
    idle: list[Audience]

    def opened(self, me: Journey) -> Audience:
        """An audience that no other journey has taken, on its page."""
        audience = self.idle.pop()
        page_of(me, audience).open()
        return audience


@pytest.fixture(scope="module")
def place(stage: Stage) -> Iterator[Place]:
    with Simulator(port=0, seed=79, dataflows=4, audiences=200, speed=SPEED) as sim:
        space = next(iter(sim.world.segment.spaces))
        fields = {"platform": "segment", "sandbox": space, "org": "", "client_id": ""}
        stage.furnisher.pairs(place=SLUG, address=sim.url, fields=fields, secret=TOKEN)
        every = sim.world.segment.audiences[space].values()
        yield Place(sim, [one for one in every if not one.connections and one.enabled and one.size])


def test_connect_activate_resync_and_remove(journey: Open, place: Place) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    audience = place.opened(me)
    page, question = page_of(me, audience), ChangeQuestion(me, "Segment")
    connect(me)
    assert [one.id_sync[0]["mapTo"] for one in audience.connections.values()] == ["Email"]
    add_activation(me, "Audience Entered")
    (there,) = audience.activations.values()
    assert (there.name, there.enabled, there.type) == ("Sale", True, "Audience Entered")

    page.boxes.first.check()
    page.ask()
    looks_right(me.page, "segment, question")
    me.answer()
    me.stands("finished")
    looks_right(me.page, "segment, resync finished")
    expect(me.row(audience.name)).to_contain_text("Resync finished")
    expect(me.row(audience.name)).not_to_contain_text("Delivered")
    assert len(there.resyncs) == 1

    page.open()
    page.unfold()
    me.link("Remove Sale").click()
    looks_right(me.page, "segment, remove an activation")
    question.answer("Remove")
    done(me, "Remove activation Sale")
    me.link("Remove the destination").click()
    looks_right(me.page, "segment, remove a destination")
    question.answer("Remove")
    done(me, "Remove Webhooks")
    assert not audience.connections
    assert not me.complaints


def test_a_refused_activation_is_corrected_changed_and_switched_off(journey: Open, place: Place) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    audience = place.opened(me)
    page, question = page_of(me, audience), ChangeQuestion(me, "Segment")
    looks_right(me.page, "segment, audience without destinations")
    connect(me)
    me.link("Add an activation").click()
    looks_right(me.page, "segment, add an activation")
    fill_activation(me, "Audience Sent")
    wish = Changes(me).line("Add activation Sale").first
    expect(wish).to_contain_text("Refused")
    expect(wish).to_contain_text("is not a type for this audience")
    wish.get_by_role("link", name="Correct it").click()
    looks_right(me.page, "segment, refused, on its field")
    form = ActivationForm(me)
    form.sends_when.fill("Audience Entered")
    form.add()
    done(me, "Add activation Sale")
    (there,) = audience.activations.values()
    page.unfold()
    looks_right(me.page, "segment, connection")
    me.link("Change Sale").click()
    form.method.select_option("PUT")
    form.change()
    done(me, "Change activation Sale")
    assert there.mapping is not None
    assert there.mapping["settings"]["method"] == "PUT"
    me.link("Disable Sale").click()
    question.answer("Disable")
    done(me, "Disable activation Sale")
    assert not there.enabled
    me.link("Remove the destination").click()
    expect(question.form).to_contain_text("1 activation still uses it")
    looks_right(me.page, "segment, destination in use")


def test_added_with_a_full_resync_it_is_followed_and_switched_on_again_where_it_is_blocked(
    journey: Open, place: Place
) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    audience = place.opened(me)
    page, question = page_of(me, audience), ChangeQuestion(me, "Segment")
    connect(me)
    me.link("Add an activation").click()
    ActivationForm(me).full_resync.check()
    fill_activation(me, "Audience Entered")
    done(me, "and resync it")
    looks_right(me.page, "segment, added with a full resync")
    me.link("Follow its resync").click()
    me.stands("finished")
    expect(me.row(audience.name)).to_contain_text("Resync finished")
    looks_right(me.page, "segment, full resync finished")
    (there,) = audience.activations.values()
    assert len(there.resyncs) == 1

    page.open()
    page.unfold()
    me.link("Disable Sale").click()
    question.answer("Disable")
    done(me, "Disable activation Sale")
    expect(page.go).to_contain_text("Blocked")
    looks_right(me.page, "segment, blocked with its way out")
    me.link("Enable the activation").click()
    question.answer("Enable")
    done(me, "Enable activation Sale")
    assert there.enabled
    expect(page.go).to_contain_text("Ready")
    me.link("Disable the audience").click()
    looks_right(me.page, "segment, disable an audience")
    question.answer("Disable")
    done(me, "Disable audience")
    page.go.get_by_role("link", name="Enable the audience").click()
    question.answer("Enable")
    done(me, "Enable audience")
    assert audience.enabled
    assert not me.complaints


def page_of(me: Journey, audience: Audience) -> SegmentAudience:
    return SegmentAudience(me, SLUG, audience.id)


def connect(me: Journey) -> None:
    me.link("Add a destination").click()
    me.link("Seven Bays guest messages").click()
    form = ConnectionForm(me)
    form.identifier(1).fill("email")
    form.name_there(1).fill("Email")
    form.add()
    done(me, "Add Webhooks")


def add_activation(me: Journey, kind: str) -> None:
    me.link("Add an activation").click()
    fill_activation(me, kind)
    done(me, "Add activation Sale")


def fill_activation(me: Journey, kind: str) -> None:
    form = ActivationForm(me)
    form.name.fill("Sale")
    form.sends_when.fill(kind)
    form.traits.fill("email = mail")
    form.add()


def done(me: Journey, what: str) -> None:
    expect(Changes(me).line(what).first).to_contain_text("Done")
