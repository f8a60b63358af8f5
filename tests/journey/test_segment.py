"""What a Segment audience sends is made, changed and removed from its pages, and looks right on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from simulator.segment.shelf import TOKEN, Audience
from simulator.server import Simulator
from tests.journey.pages import Journey
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
        me.open(f"/w/{SLUG}/audiences/{audience.id}/")
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
    connect(me)
    assert [one.id_sync[0]["mapTo"] for one in audience.connections.values()] == ["Email"]
    add_activation(me, "Audience Entered")
    (there,) = audience.activations.values()
    assert (there.name, there.enabled, there.type) == ("Sale", True, "Audience Entered")

    me.page.locator("input[name=m]").first.check()
    me.page.locator("#ask").click()
    looks_right(me.page, "segment, question")
    me.answer()
    me.stands("finished")
    looks_right(me.page, "segment, resync finished")
    expect(me.row(audience.name)).to_contain_text("Resync finished")
    expect(me.row(audience.name)).not_to_contain_text("Delivered")
    assert len(there.resyncs) == 1

    me.open(f"/w/{SLUG}/audiences/{audience.id}/")
    me.page.locator("details.sends summary").first.click()
    me.link("Remove Sale").click()
    looks_right(me.page, "segment, remove an activation")
    me.button("Remove it at Segment").click()
    done(me, "Remove activation Sale")
    me.link("Remove the destination").click()
    looks_right(me.page, "segment, remove a destination")
    me.button("Remove it at Segment").click()
    done(me, "Remove Webhooks")
    assert not audience.connections
    assert not me.complaints


def test_a_refused_activation_is_corrected_changed_and_switched_off(journey: Open, place: Place) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    audience = place.opened(me)
    looks_right(me.page, "segment, audience without destinations")
    connect(me)
    me.link("Add an activation").click()
    looks_right(me.page, "segment, add an activation")
    fill_activation(me, "Audience Sent")
    wish = me.page.locator(".wish", has_text="Add activation Sale").first
    expect(wish).to_contain_text("Refused")
    expect(wish).to_contain_text("is not a type for this audience")
    wish.get_by_role("link", name="Correct it").click()
    looks_right(me.page, "segment, refused, on its field")
    me.page.get_by_label("Sends when").fill("Audience Entered")
    me.button("Add it at Segment").click()
    done(me, "Add activation Sale")
    (there,) = audience.activations.values()
    me.page.locator("details.sends summary").first.click()
    looks_right(me.page, "segment, connection")
    me.link("Change Sale").click()
    me.page.get_by_label("Method").select_option("PUT")
    me.button("Change it at Segment").click()
    done(me, "Change activation Sale")
    assert there.mapping is not None
    assert there.mapping["settings"]["method"] == "PUT"
    me.link("Disable Sale").click()
    me.button("Disable it at Segment").click()
    done(me, "Disable activation Sale")
    assert not there.enabled
    me.link("Remove the destination").click()
    expect(me.page.locator("form.question")).to_contain_text("1 activation still uses it")
    looks_right(me.page, "segment, destination in use")


def test_added_with_a_full_resync_it_is_followed_and_switched_on_again_where_it_is_blocked(
    journey: Open, place: Place
) -> None:
    me = journey(viewport=WIDE, bypass_csp=True)
    audience = place.opened(me)
    connect(me)
    me.link("Add an activation").click()
    me.page.get_by_label("Full resync").check()
    fill_activation(me, "Audience Entered")
    done(me, "and resync it")
    looks_right(me.page, "segment, added with a full resync")
    me.link("Follow its resync").click()
    me.stands("finished")
    expect(me.row(audience.name)).to_contain_text("Resync finished")
    looks_right(me.page, "segment, full resync finished")
    (there,) = audience.activations.values()
    assert len(there.resyncs) == 1

    me.open(f"/w/{SLUG}/audiences/{audience.id}/")
    me.page.locator("details.sends summary").first.click()
    me.link("Disable Sale").click()
    me.button("Disable it at Segment").click()
    done(me, "Disable activation Sale")
    expect(me.page.locator("td.go")).to_contain_text("Blocked")
    looks_right(me.page, "segment, blocked with its way out")
    me.link("Enable the activation").click()
    me.button("Enable it at Segment").click()
    done(me, "Enable activation Sale")
    assert there.enabled
    expect(me.page.locator("td.go")).to_contain_text("Ready")
    me.link("Disable the audience").click()
    looks_right(me.page, "segment, disable an audience")
    me.button("Disable it at Segment").click()
    done(me, "Disable audience")
    me.page.locator("td.go").get_by_role("link", name="Enable the audience").click()
    me.button("Enable it at Segment").click()
    done(me, "Enable audience")
    assert audience.enabled
    assert not me.complaints


def connect(me: Journey) -> None:
    me.link("Add a destination").click()
    me.link("Seven Bays guest messages").click()
    me.page.get_by_label("Identifier 1").fill("email")
    me.page.get_by_label("Its name there 1").fill("Email")
    me.button("Add it at Segment").click()
    done(me, "Add Webhooks")


def add_activation(me: Journey, kind: str) -> None:
    me.link("Add an activation").click()
    fill_activation(me, kind)
    done(me, "Add activation Sale")


def fill_activation(me: Journey, kind: str) -> None:
    me.page.get_by_label("Name", exact=True).fill("Sale")
    me.page.get_by_label("Sends when").fill(kind)
    me.page.get_by_label("Traits that go along").fill("email = mail")
    me.button("Add it at Segment").click()


def done(me: Journey, what: str) -> None:
    expect(me.page.locator(".wish", has_text=what).first).to_contain_text("Done")
