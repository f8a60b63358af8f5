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
from tests.journey.pages import FirstSteps, Journey, Members, Settings, WorkspaceForm, sign_in
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


def test_first_steps(empty: Stack, browser: Browser) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{empty.port}", viewport=WIDE, bypass_csp=True)
    context.set_default_timeout(15_000)
    me = Journey(context.new_page())
    steps, workspace = FirstSteps(me), WorkspaceForm(me)
    sign_in(me.page, "admin")
    expect(me.title).to_have_text("Welcome: first steps")
    looks_right(me.page, "first steps, welcome")

    me.link("Add an Adobe workspace").click()
    looks_right(me.page, "first steps, new workspace")
    workspace.name.fill("Northwind")
    workspace.organisation.fill("DEMO@AdobeOrg")
    workspace.client_secret.fill("mistyped")
    workspace.save()
    expect(me.page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(workspace.name).to_have_value("Northwind")
    expect(workspace.client_secret).to_have_value("")
    looks_right(me.page, "first steps, new workspace refused")
    workspace.client_id.fill("demo-client")
    workspace.client_secret.fill("mistyped")
    workspace.save()

    expect(me.title).to_have_text("First steps in Northwind")
    expect(steps.step("connection")).to_contain_text("The client secret was refused")
    expect(steps.step("catalogue")).to_contain_text("Later")
    looks_right(me.page, "first steps, refused")
    me.link("Correct the settings").click()
    expect(workspace.client_id).to_have_value("demo-client")
    workspace.client_secret.fill("demo-secret")
    workspace.save()
    expect(steps.step("connection")).to_contain_text("The connection works")
    steps.show_sandboxes()
    expect(me.row("prod").first).to_contain_text("in use")
    looks_right(me.page, "first steps, connected")

    # The page can be left: home leads back to it while nothing is mirrored.
    me.open("/account/").open("/")
    expect(steps.step("catalogue")).to_contain_text("Next")
    me.button("Sync now").click()
    expect(steps.step("catalogue")).to_contain_text("120 audiences")
    expect(steps.step("activation")).to_contain_text("ready on")
    looks_right(me.page, "first steps, synced")

    me.link("Say who may look and who may press").click()
    looks_right(me.page, "first steps, members")
    Members(me).add_activator("admin")
    expect(me.row("admin")).to_contain_text("Activator")
    looks_right(me.page, "first steps, a member")

    me.link("First steps").first.click()
    expect(steps.step("members")).to_contain_text("1 may press")
    me.link("Choose audiences there").click()
    me.page.locator("input[data-row]:not([disabled])").first.check()
    me.button(re.compile("^Activate 1 audience")).click()
    me.answer()
    me.stands(re.compile("delivered|need"))
    expect(me.page.locator("nav[aria-label=Main]")).not_to_contain_text("First steps")
    me.link("Settings").first.click()
    expect(me.title).to_have_text("Settings of Northwind")
    expect(Settings(me).guardrails).to_contain_text("Job budget per UTC day")
    expect(me.page.locator("body")).to_contain_text("Added on the page of first steps")
    looks_right(me.page, "settings")
    me.link("Add another workspace").click()
    expect(me.title).to_have_text("Add a workspace")
    me.link("Add a Segment workspace").click()
    looks_right(me.page, "first steps, new Segment workspace")
    assert not [one for one in me.complaints if "422" not in one]
    context.close()
