"""Pages on which is chosen what goes: one object a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode

from playwright.sync_api import Locator

from tests.journey.pages.journey import Journey

if TYPE_CHECKING:
    from tests.journey.stage import Pair


@dataclass
class Boxes:
    """What the pages share on which is ticked what goes: a box for each pair, and the tray below them."""

    me: Journey

    @property
    def tray(self) -> Locator:
        """What a press of the boxes ticked would do, and its buttons."""
        return self.me.page.get_by_role("region", name="Selection")

    @property
    def why_not(self) -> Locator:
        """Why nothing can be pressed here."""
        return self.me.page.locator("#why-not")

    @property
    def boxes(self) -> Locator:
        return self.me.page.locator("input[type=checkbox]")

    def box(self, pair: Pair) -> Locator:
        return self.me.page.locator(f"#m{pair.mapping}")


@dataclass
class Overview:
    """The first page of a workspace."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Self:
        self.me.open(f"/w/{self.workspace}/")
        return self


@dataclass
class Destinations:
    """The list of a workspace's dataflows."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Self:
        self.me.open(f"/w/{self.workspace}/destinations/")
        return self

    @property
    def search(self) -> Locator:
        return self.me.page.get_by_role("searchbox")

    def dataflow(self, name: str) -> Locator:
        """The link to the dataflow of just this name."""
        return self.me.page.get_by_role("link", name=name, exact=True)


@dataclass
class Dataflow(Boxes):
    """One dataflow, and the audiences that can go there."""

    dataflow: str
    workspace: str = "demo"

    def open(self) -> Self:
        self.me.open(f"/w/{self.workspace}/destinations/{self.dataflow}/")
        return self


@dataclass
class Runs:
    """The runs of one dataflow."""

    me: Journey
    dataflow: str
    workspace: str = "demo"

    def open(self) -> Self:
        self.me.open(f"/w/{self.workspace}/destinations/{self.dataflow}/runs/")
        return self

    @property
    def details(self) -> Locator:
        """What each run folds away."""
        return self.me.page.locator("main table details")

    @property
    def facts(self) -> Locator:
        """What the first run's details say once they are open."""
        return self.details.first.locator("dl").first

    def unfold(self) -> None:
        """Open the details of the first run."""
        self.details.first.locator("summary").click()


@dataclass
class Audience(Boxes):
    """One audience, and the dataflows it can go to."""

    audience: str
    workspace: str = "demo"

    def open(self) -> Self:
        self.me.open(f"/w/{self.workspace}/audiences/{self.audience}/")
        return self


@dataclass
class Matrix(Boxes):
    """The page on which audiences and destinations are chosen."""

    workspace: str = "demo"

    def open(self, **asked: str) -> Self:
        """Open it, looking for what is asked: `q` in audiences, `to` in destinations, `sel` is ticked."""
        query = urlencode(asked, quote_via=quote)
        self.me.open(f"/w/{self.workspace}/activate/{f'?{query}' if query else ''}")
        return self

    @property
    def audiences(self) -> Locator:
        return self.me.page.get_by_label("Search audiences")

    @property
    def destinations(self) -> Locator:
        return self.me.page.get_by_label("Search destinations")

    @property
    def workspaces(self) -> Locator:
        """In which workspaces to look."""
        return self.me.page.get_by_label("Workspaces")

    @property
    def found(self) -> Locator:
        return self.me.page.locator("#found")

    @property
    def ask(self) -> Locator:
        """The button that leads to the question, whatever it says."""
        return self.me.page.locator("#ask")

    def look_for(self, audience: str, destination: str) -> None:
        self.audiences.fill(audience)
        self.destinations.fill(destination)

    def cells(self, words: str) -> Locator:
        """The crossings of an audience and a destination that say so."""
        return self.found.locator(".cell", has_text=words)

    def clock(self, pair: Pair) -> Locator:
        """How long a pair must still wait."""
        return self.me.page.locator(f"#go{pair.mapping} time")


@dataclass
class Question:
    """What is asked last: what would go where, and whether it shall."""

    me: Journey

    @property
    def why(self) -> Locator:
        return self.me.page.get_by_label("Why, for the record")

    @property
    def name(self) -> Locator:
        return self.me.page.get_by_label("Name of this activation")

    @property
    def stamps(self) -> Locator:
        """How old what each workspace sends is."""
        return self.me.page.locator(".stamp")

    @property
    def paper(self) -> str:
        """The signed paper that says what was shown."""
        return self.me.page.locator("input[name=paper]").input_value()

    def workspace(self, name: str) -> Locator:
        """Where a production workspace's name is written to confirm."""
        return self.me.page.get_by_label(f"Write {name} to confirm")

    def swap_paper(self, paper: str) -> None:
        """Let the page say that something else was shown."""
        self.me.page.evaluate("paper => document.querySelector('[name=paper]').value = paper", paper)
