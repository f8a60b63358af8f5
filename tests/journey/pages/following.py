"""Pages on which is followed what went: one object a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from playwright.sync_api import Locator, Page

from tests.journey.pages.journey import Journey

# What is asked for anew until all is over.
POLLING = "[data-poll]"


@dataclass
class Activation:
    """The page of one activation."""

    me: Journey

    @property
    def search(self) -> Locator:
        return self.me.page.get_by_role("searchbox", name="Search deliveries")

    @property
    def polling(self) -> Locator:
        return self.me.page.locator(POLLING)

    def see_job(self) -> None:
        """Unfold the first job and go where its call is shown."""
        self.me.page.locator("#side details summary").first.click()
        self.me.link(re.compile("as sent and answered")).first.click()


@dataclass
class History:
    """The list of a workspace's activations."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Self:
        self.me.open(f"/w/{self.workspace}/activations/")
        return self

    @property
    def newest(self) -> Locator:
        return self.me.page.locator("tbody tr").first


@dataclass
class Trends:
    """How deliveries ended, as charts and the tables behind them."""

    me: Journey

    @property
    def days(self) -> Locator:
        return self.me.page.get_by_label("How far back")

    @property
    def tables(self) -> Locator:
        """The tables behind the charts, folded."""
        return self.me.page.locator("figure details")

    def chart(self, name: str) -> Locator:
        return self.me.page.get_by_role("img", name=name)

    def unfold(self, table: Locator) -> Locator:
        """Open one of the tables; these are its rows."""
        table.locator("summary").click()
        return table.locator("tbody tr")

    def look_back(self, days: int) -> None:
        self.days.select_option(str(days))
        self.me.button("Show").click()


@dataclass
class Share:
    """The page on which the links to one activation are made and revoked."""

    me: Journey

    def open(self, activation: str) -> Self:
        """Open that of the activation at this address."""
        self.me.open(f"{activation}share/")
        return self

    @property
    def links(self) -> Locator:
        return self.me.page.locator("main table")

    def make(self, lasting: str) -> str:
        """Make a link that lasts so long; this is its address."""
        self.me.page.get_by_label(lasting).check()
        self.me.button("Make a link").click()
        return self.me.page.locator("#address").inner_text()


@dataclass
class Shared:
    """What a link shows to those who do not sign in."""

    me: Journey

    def open(self, address: str) -> Self:
        self.me.open(address)
        return self

    @property
    def everything(self) -> Locator:
        return self.me.page.locator("body")

    @property
    def polling(self) -> Locator:
        return self.me.page.locator(POLLING)


@dataclass
class Board:
    """A workspace's big screen: what is going on in it."""

    me: Journey

    @property
    def news(self) -> Locator:
        return self.me.page.locator("#wall")


@dataclass
class Wall:
    """A big screen, as those see it who pass by."""

    page: Page

    @property
    def count(self) -> Locator:
        """ "142 of 172 over"."""
        return self.page.locator(".wall-count")

    @property
    def alarm(self) -> Locator:
        """What it says when it gets no answer."""
        return self.page.locator(".alarm")
