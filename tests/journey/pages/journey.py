"""A browser and what is on every page: its title, links, buttons, rows and cards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from tests.journey.stage import PASSWORD

if TYPE_CHECKING:
    from tests.journey.stage import Pair

# A sweep comes every 15 s, and what it finds must still be sent and run; at Segment one after the other.
expect.set_options(timeout=60_000)
# What htmx says when a page is left while a question of it is under way.
LEFT = ("htmx:sendAbort", "htmx:afterRequest")


@dataclass
class SignIn:
    """The page on which somebody says who they are."""

    page: Page

    @property
    def username(self) -> Locator:
        return self.page.get_by_label("Username")

    @property
    def password(self) -> Locator:
        return self.page.get_by_label("Password")

    def fill_in(self, who: str, password: str = PASSWORD) -> None:
        self.username.fill(who)
        self.password.fill(password)
        self.page.get_by_role("button", name="Sign in").click()


def sign_in(page: Page, who: str) -> None:
    page.goto("/accounts/login/")
    SignIn(page).fill_in(who)
    expect(page.locator("header.rail")).to_contain_text(who)


@dataclass
class Journey:
    """One browser with one page, and what went wrong in its console."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", self._threw)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(LEFT):
            self.complaints.append(message.text)

    def _threw(self, error: Error) -> None:
        self.complaints.append(str(error))

    def open(self, path: str) -> Journey:
        self.page.goto(path)
        return self

    @property
    def title(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def standing(self) -> Locator:
        """The sentence that says how the activation stands."""
        return self.page.locator("#stands")

    @property
    def story(self) -> Locator:
        return self.page.locator("ol.timeline")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("link", name=name)

    def row(self, name: str) -> Locator:
        return self.page.locator("tr", has_text=name)

    def card(self, title: str) -> Locator:
        """The error card with this title."""
        return self.page.locator("article.problem", has=self.page.get_by_role("heading", name=title))

    def tick(self, *pairs: Pair) -> Journey:
        """Open the pairs' dataflow and tick their boxes."""
        self.open(f"/w/{pairs[0].workspace}/destinations/{pairs[0].dataflow}/")
        for pair in pairs:
            self.page.locator(f"#m{pair.mapping}").check()
        return self

    def ask(self, *pairs: Pair) -> Journey:
        """Go as far as the question."""
        self.tick(*pairs)
        self.button(f"Activate {some(len(pairs))}").click()
        expect(self.title).to_contain_text("Send ")
        return self

    def press(self, *pairs: Pair) -> Journey:
        """Go all the way to the activation's page."""
        return self.ask(*pairs).answer()

    def answer(self) -> Journey:
        """Say yes to the question."""
        self.button("Activate now").click()
        expect(self.standing).to_be_visible()
        return self

    def stands(self, words: str | re.Pattern[str]) -> None:
        """Wait until the activation's sentence says so, without a reload by hand."""
        expect(self.standing).to_contain_text(words)


def some(count: int) -> str:
    return "1 audience" if count == 1 else f"{count} audiences"
