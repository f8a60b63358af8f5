"""Fixtures of the journeys: one stack, one browser, and a signed-in page per test.

They end with the last journey of the process, for the browser's event loop must not run where Django's tests do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.config.stack import Stack
from tests.journey.pages import Journey, sign_in
from tests.journey.postgres_redis import own_services
from tests.journey.stage import PASSWORD, PATIENCE, Stage, staged
from tests.notices.receiver import NETWORK

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

HERE = Path(__file__).parent
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Seconds.
LONGEST = 300
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Open = Callable[..., Journey]


def is_journey(item: pytest.Item) -> bool:
    return item.path.is_relative_to(HERE)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for real processes begins first, so that short files fill the time beside it. Journeys come
    together, and the very last one judges what they all left in the ledgers. One may look at a dozen pages, each in
    three ways, so they have longer than other tests."""
    for item in filter(is_journey, items):
        item.add_marker(pytest.mark.timeout(LONGEST))
    items.sort(
        key=lambda item: (
            item.get_closest_marker("stack") is None,
            not is_journey(item),
            item.get_closest_marker("judge") is not None,
        )
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A journey that failed shows what the stack said last; all that are skipped share one line."""
    report = yield
    if report.skipped and is_journey(item) and isinstance(report.longrepr, tuple):
        report.longrepr = (str(HERE / "conftest.py"), 0, report.longrepr[2])
    stage = getattr(item, "funcargs", {}).get("stage")
    # Where the stack's own end is what failed, its log has gone with its folder.
    if report.failed and isinstance(stage, Stage) and stage.stack.log.exists():
        report.sections.append(("The stack's last words", stage.stack.output[-3000:]))
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; where none is installed the journeys are skipped, or fail if they must not be."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        say = "No Chromium is installed (looked for chromium, google-chrome), so no page is opened in a browser."
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"{say} REQUIRE_BROWSER=1 asks for one.", pytrace=False)
        pytest.skip(say)
    return found


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


@pytest.fixture(scope="package")
def stage(chromium: str) -> Iterator[Stage]:
    """One real stack for all journeys of this process; on the services where the run was given any."""
    # Short on purpose: a Unix socket's path may not be longer than about 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="aod-"))
    with own_services() as services:
        known = {"DEMO_PASSWORD": PASSWORD, "NOTIFY_NETWORKS": NETWORK, **PATIENCE}
        stack = Stack(folder / "var", folder / "up.log", **known, **services)
        try:
            with staged(stack) as stage:
                yield stage
                assert stage.sent_twice() == []
                stack.stop()
                assert "Traceback" not in stack.output, stack.output
        finally:
            stack.clean()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def logins(stage: Stage, browser: Browser) -> Callable[[str], Any]:
    """Signs each person in once, and remembers the session."""
    known: dict[str, Any] = {}

    def login(who: str) -> Any:
        if who not in known:
            context = browser.new_context(base_url=stage.address)
            sign_in(context.new_page(), who)
            known[who] = context.storage_state()
            context.close()
        return known[who]

    return login


@pytest.fixture
def journey(stage: Stage, browser: Browser, logins: Callable[[str], Any]) -> Iterator[Open]:
    """Opens a browser of its own for a person: `journey("looker", color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def start(who: str = "marketer", **options: Any) -> Journey:
        if who:
            options["storage_state"] = logins(who)
        context = browser.new_context(base_url=stage.address, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Journey(context.new_page())

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def marketer(journey: Open) -> Journey:
    """The marketer's browser."""
    return journey()
