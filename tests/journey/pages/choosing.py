"""Pages on which is chosen what goes: one object a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import Locator

from tests.journey.pages.journey import Journey

if TYPE_CHECKING:
    from tests.journey.stage import Pair


@dataclass
class Matrix:
    """The page on which audiences and destinations are chosen."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Matrix:
        self.me.open(f"/w/{self.workspace}/activate/")
        return self

    @property
    def audiences(self) -> Locator:
        return self.me.page.get_by_label("Search audiences")

    @property
    def destinations(self) -> Locator:
        return self.me.page.get_by_label("Search destinations")

    @property
    def found(self) -> Locator:
        return self.me.page.locator("#found")

    @property
    def tray(self) -> Locator:
        """What a press of the boxes ticked would do, and its buttons."""
        return self.me.page.get_by_role("region", name="Selection")

    def box(self, pair: Pair) -> Locator:
        return self.me.page.locator(f"#m{pair.mapping}")
