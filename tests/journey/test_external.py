"""A file becomes an audience in a browser: create it, follow it, ingest it, follow it until it can be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from simulator.clock import DAY
from simulator.sandbox import last_evaluation
from simulator.server import Simulator
from tests.journey.pages import External, ExternalChange, ExternalForm, Externals, Journey
from tests.journey.stage import SPEED, Stage
from tests.journey.test_looks import WIDE, looks_right

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]

AIS = "/data/core/ais/external-audience"
SAMPLE = b"email,city,visits\nann@example.com,Oslo,3\nbob@example.com,Bergen,12\n"


@pytest.fixture(scope="module")
def there(stage: Stage) -> Iterator[Simulator]:
    """A platform of its own, whose clock may be set."""
    with Simulator(port=0, seed=13, dataflows=4, audiences=60, speed=SPEED) as simulator:
        stage.furnisher.pairs(place="upload", address=simulator.url)
        yield simulator


@pytest.fixture
def me(journey: Open) -> Journey:
    return journey(bypass_csp=True, viewport=WIDE)


def strike(there: Simulator, fault: str, path: str) -> None:
    rule = {"method": "POST", "path": path, "fault": fault, "times": 1}
    there.world.faults.replace({"rules": [rule]})


def names(there: Simulator) -> list[str]:
    """The external audiences that the platform has."""
    return [one.name for one in there.world.sandboxes["prod"].externals.values()]


def fill(me: Journey, name: str, path: str = "in/newsletter.csv") -> ExternalForm:
    form = ExternalForm(me, "upload").open()
    form.name.fill(name)
    form.path.fill(path)
    return form


def columns(form: ExternalForm, folder: Path) -> None:
    sample = folder / "people.csv"
    sample.write_bytes(SAMPLE)
    form.read_columns(sample)
    expect(form.column(3)).to_have_value("visits")


def test_from_a_file_to_an_audience_that_can_be_used(there: Simulator, me: Journey, tmp_path: Path) -> None:
    page = me.page
    me.open("/w/upload/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="External").click()
    expect(me.title).to_have_text("External audiences")
    looks_right(page, "externals, none")
    form = fill(me, "Winter newsletter", "in/my newsletter.csv")
    columns(form, tmp_path)
    expect(form.namespace(1)).to_have_value("Email")
    expect(form.type(3)).to_have_value("integer")
    looks_right(page, "external, form")
    form.namespace(1).fill("")
    form.create()
    expect(form.path_error).to_contain_text("a path with a space")
    expect(form.columns).to_contain_text("who the person is")
    looks_right(page, "external, form refused")
    form.path.fill("in/newsletter.csv")
    form.namespace(1).fill("Email")
    there.world.clock.set(speed=0)
    form.create()
    expect(me.title).to_have_text("Winter newsletter")
    expect(me.standing).to_contain_text("Being created")
    looks_right(page, "external, being created")
    there.world.clock.set(speed=SPEED)
    expect(me.standing).to_contain_text("Created, empty")

    there.world.clock.set(speed=1)
    external = External(me)
    external.ingest()
    expect(me.standing).to_contain_text("Ingesting")
    expect(external.steps.nth(1)).to_contain_text("Running")
    looks_right(page, "external, ingesting")
    there.world.clock.set(speed=SPEED)
    expect(me.standing).to_contain_text("Usable after the next daily segmentation, about 06:00 UTC")
    expect(external.steps.nth(2)).to_contain_text("Done")
    looks_right(page, "external, waits for the segmentation")

    now = there.world.now()
    there.world.clock.set(now=last_evaluation(now) + 2 * DAY + 60 - now % 1)
    Externals(me, "upload").open()
    me.button("Refresh").click()
    me.link("Show what is new").click()
    expect(me.row("Winter newsletter")).to_contain_text("Dataflows can send it")
    looks_right(page, "externals")
    me.link("Winter newsletter").click()
    expect(me.standing).to_contain_text("Dataflows can send it")
    looks_right(page, "external, usable")
    me.link("To the audience and where it can go").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"[\d,]+ profiles as of"))
    me.link("How it was created and ingested").click()

    me.link("Change").click()
    change = ExternalChange(me)
    change.description.fill("Signed up at the fair")
    looks_right(page, "external, change")
    change.send()
    expect(external.operations).to_contain_text("update")
    expect(external.operation("update")).to_contain_text("Done")
    me.link("Delete").click()
    expect(me.title).to_contain_text("Delete Winter newsletter in Test upload?")
    looks_right(page, "external, delete")
    me.button("Delete this audience").click()
    expect(me.standing).to_contain_text("Deleted")
    looks_right(page, "external, deleted")
    assert names(there).count("Winter newsletter") == 0
    # The browser complains of the one answer that said what to correct.
    assert all("422" in one for one in me.complaints)


def test_a_lost_answer_and_a_refusal(there: Simulator, me: Journey, tmp_path: Path) -> None:
    form = fill(me, "Lost on the way")
    columns(form, tmp_path)
    strike(there, "reset_after", f"{AIS}/")
    form.create()
    expect(me.standing).to_contain_text("Created, empty")
    expect(me.story).to_contain_text("Found that Adobe took the creation")
    assert names(there).count("Lost on the way") == 1

    fill(me, "Refused by Adobe")
    form.place.select_option("S3")
    form.connection.fill("nowhere")
    columns(form, tmp_path)
    form.create()
    expect(me.standing).to_contain_text("Not created")
    expect(External(me).refusal).to_contain_text("the connection nowhere was not found")
    looks_right(me.page, "external, refused")
    me.link("Correct and ask again").click()
    expect(form.connection_error).to_contain_text("Adobe said: baseConnectionId")
    looks_right(me.page, "external, ask again")


def test_a_viewer_looks(stage: Stage, journey: Open) -> None:
    bob = journey("looker", bypass_csp=True, viewport=WIDE)
    Externals(bob).open()
    expect(bob.link("New external audience")).to_have_count(0)
    ExternalForm(bob).open()
    expect(bob.title).to_contain_text("You may look here")
    looks_right(bob.page, "external, viewer refused")


def test_without_javascript(there: Simulator, journey: Open, tmp_path: Path) -> None:
    plain = journey(java_script_enabled=False)
    form = fill(plain, "Without any script")
    columns(form, tmp_path)
    form.create()
    expect(plain.title).to_have_text("Without any script")
