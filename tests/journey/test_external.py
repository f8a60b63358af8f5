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
from tests.journey.pages import Journey
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


def fill(me: Journey, name: str, path: str = "in/newsletter.csv") -> None:
    me.open("/w/upload/external/new/")
    me.page.get_by_label("Name", exact=True).fill(name)
    me.page.get_by_label("Path").fill(path)


def columns(me: Journey, folder: Path) -> None:
    sample = folder / "people.csv"
    sample.write_bytes(SAMPLE)
    me.page.get_by_label("Read them from a CSV sample").set_input_files(sample)
    me.button("Read columns").click()
    expect(me.page.get_by_label("Column 3")).to_have_value("visits")


def test_from_a_file_to_an_audience_that_can_be_used(there: Simulator, me: Journey, tmp_path: Path) -> None:
    page = me.page
    me.open("/w/upload/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="External").click()
    expect(me.title).to_have_text("External audiences")
    looks_right(page, "externals, none")
    fill(me, "Winter newsletter", "in/my newsletter.csv")
    columns(me, tmp_path)
    expect(page.get_by_label("Identity namespace 1")).to_have_value("Email")
    expect(page.get_by_label("Type 3")).to_have_value("integer")
    looks_right(page, "external, form")
    page.get_by_label("Identity namespace 1").fill("")
    me.button("Create this audience").click()
    expect(page.locator("#id_path_error")).to_contain_text("a path with a space")
    expect(page.locator("#columns")).to_contain_text("who the person is")
    looks_right(page, "external, form refused")
    page.get_by_label("Path").fill("in/newsletter.csv")
    page.get_by_label("Identity namespace 1").fill("Email")
    there.world.clock.set(speed=0)
    me.button("Create this audience").click()
    expect(me.title).to_have_text("Winter newsletter")
    expect(me.standing).to_contain_text("Being created")
    looks_right(page, "external, being created")
    there.world.clock.set(speed=SPEED)
    expect(me.standing).to_contain_text("Created, empty")

    there.world.clock.set(speed=1)
    me.button("Start the ingestion").click()
    expect(me.standing).to_contain_text("Ingesting")
    expect(page.locator(".steps li").nth(1)).to_contain_text("Running")
    looks_right(page, "external, ingesting")
    there.world.clock.set(speed=SPEED)
    expect(me.standing).to_contain_text("Usable after the next daily segmentation, about 06:00 UTC")
    expect(page.locator(".steps li").nth(2)).to_contain_text("Done")
    looks_right(page, "external, waits for the segmentation")

    now = there.world.now()
    there.world.clock.set(now=last_evaluation(now) + 2 * DAY + 60 - now % 1)
    me.open("/w/upload/external/")
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
    page.get_by_label("Description").fill("Signed up at the fair")
    looks_right(page, "external, change")
    me.button("Send the change").click()
    expect(page.locator("#operations")).to_contain_text("update")
    expect(page.locator("#operations tr", has_text="update")).to_contain_text("Done")
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
    fill(me, "Lost on the way")
    columns(me, tmp_path)
    strike(there, "reset_after", f"{AIS}/")
    me.button("Create this audience").click()
    expect(me.standing).to_contain_text("Created, empty")
    expect(me.story).to_contain_text("Found that Adobe took the creation")
    assert names(there).count("Lost on the way") == 1

    fill(me, "Refused by Adobe")
    me.page.get_by_label("Where the file lies").select_option("S3")
    me.page.get_by_label("Base connection id").fill("nowhere")
    columns(me, tmp_path)
    me.button("Create this audience").click()
    expect(me.standing).to_contain_text("Not created")
    expect(me.page.locator("article.problem blockquote")).to_contain_text(
        "the connection nowhere was not found"
    )
    looks_right(me.page, "external, refused")
    me.link("Correct and ask again").click()
    expect(me.page.locator("#id_connection_error")).to_contain_text("Adobe said: baseConnectionId")
    looks_right(me.page, "external, ask again")


def test_a_viewer_looks(stage: Stage, journey: Open) -> None:
    bob = journey("looker", bypass_csp=True, viewport=WIDE).open("/w/demo/external/")
    expect(bob.link("New external audience")).to_have_count(0)
    bob.open("/w/demo/external/new/")
    expect(bob.title).to_contain_text("You may look here")
    looks_right(bob.page, "external, viewer refused")


def test_without_javascript(there: Simulator, journey: Open, tmp_path: Path) -> None:
    plain = journey(java_script_enabled=False)
    fill(plain, "Without any script")
    columns(plain, tmp_path)
    plain.button("Create this audience").click()
    expect(plain.title).to_have_text("Without any script")
