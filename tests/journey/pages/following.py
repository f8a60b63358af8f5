"""Pages on which is followed what went: one object a page."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page


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
