"""From an empty installation to the first activation, in a browser: an administrator's first quarter of an hour."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.config.stack import Stack, eventually
from tests.journey.pages import Journey, sign_in
from tests.journey.stage import PASSWORD, PATIENCE, Remote
from tests.journey.test_looks import WIDE, looks_right

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.stack]


@pytest.fixture
def empty() -> Iterator[Stack]:
    """A stack of this test's own with a simulator, an administrator's login and nothing else."""
    folder = Path(tempfile.mkdtemp(prefix="aod-"))
    stack = Stack(folder / "var", folder / "up.log", DEMO_PASSWORD=PASSWORD, **PATIENCE)
    try:
        stack.start("--demo=empty", "--with-parent").until_ready()
        Remote(f"http://127.0.0.1:{stack.simulator_port}").speed()
        assert eventually(lambda: stack.get("/readyz") == 200), stack.output
        yield stack
        stack.stop()
        assert "Traceback" not in stack.output, stack.output
    finally:
        stack.clean()
        shutil.rmtree(folder, ignore_errors=True)


def step(me: Journey, key: str, stands: str) -> None:
    """Wait until a step stands so, without a reload by hand."""
    expect(me.page.locator(f"#step-{key}")).to_contain_text(stands)


def enter(me: Journey, **fields: str) -> None:
    for label, value in fields.items():
        me.page.get_by_label(label.replace("_", " "), exact=True).fill(value)


def test_first_steps(empty: Stack, browser: Browser) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{empty.port}", viewport=WIDE, bypass_csp=True)
    context.set_default_timeout(15_000)
    me = Journey(context.new_page())
    sign_in(me.page, "admin")
    expect(me.title).to_have_text("Welcome: first steps")
    looks_right(me.page, "first steps, welcome")

    me.link("Add an Adobe workspace").click()
    looks_right(me.page, "first steps, new workspace")
    enter(me, Name="Northwind", IMS_organisation="DEMO@AdobeOrg", Client_secret="mistyped")
    me.button("Save and check").click()
    expect(me.page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(me.page.get_by_label("Name", exact=True)).to_have_value("Northwind")
    expect(me.page.get_by_label("Client secret", exact=True)).to_have_value("")
    looks_right(me.page, "first steps, new workspace refused")
    enter(me, Client_ID="demo-client", Client_secret="mistyped")
    me.button("Save and check").click()

    expect(me.title).to_have_text("First steps in Northwind")
    step(me, "connection", "The client secret was refused")
    step(me, "catalogue", "Later")
    looks_right(me.page, "first steps, refused")
    me.link("Correct the settings").click()
    expect(me.page.get_by_label("Client ID", exact=True)).to_have_value("demo-client")
    enter(me, Client_secret="demo-secret")
    me.button("Save and check").click()
    step(me, "connection", "The connection works")
    me.page.get_by_text("Sandboxes of these credentials").first.click()
    expect(me.row("prod").first).to_contain_text("in use")
    looks_right(me.page, "first steps, connected")

    # The page can be left: home leads back to it while nothing is mirrored.
    me.open("/account/").open("/")
    step(me, "catalogue", "Next")
    me.button("Sync now").click()
    step(me, "catalogue", "120 audiences")
    step(me, "activation", "ready on")
    looks_right(me.page, "first steps, synced")

    me.link("Say who may look and who may press").click()
    looks_right(me.page, "first steps, members")
    enter(me, Login="admin")
    me.page.get_by_label("Activator: may look and press").check()
    me.button("Save this member").click()
    expect(me.row("admin")).to_contain_text("Activator")
    looks_right(me.page, "first steps, a member")

    me.link("First steps").first.click()
    step(me, "members", "1 may press")
    me.link("Choose audiences there").click()
    me.page.locator("input[data-row]:not([disabled])").first.check()
    me.button(re.compile("^Activate 1 audience")).click()
    me.answer()
    me.stands(re.compile("delivered|need"))
    expect(me.page.locator("nav[aria-label=Main]")).not_to_contain_text("First steps")
    me.link("Settings").first.click()
    expect(me.title).to_have_text("Settings of Northwind")
    expect(me.page.get_by_role("region", name="Guardrails")).to_contain_text("Job budget per UTC day")
    expect(me.page.locator("body")).to_contain_text("Added on the page of first steps")
    looks_right(me.page, "settings")
    me.link("Add another workspace").click()
    expect(me.title).to_have_text("Add a workspace")
    me.link("Add a Segment workspace").click()
    looks_right(me.page, "first steps, new Segment workspace")
    assert not [one for one in me.complaints if "422" not in one]
    context.close()
