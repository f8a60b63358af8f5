"""Pages on which something is asked of Adobe or Segment besides an activation: one object a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Locator

from tests.journey.pages.journey import Journey

if TYPE_CHECKING:
    from tests.journey.stage import Pair


@dataclass
class Externals:
    """The page that lists external audiences."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Externals:
        self.me.open(f"/w/{self.workspace}/external/")
        return self


@dataclass
class ExternalForm:
    """The form of a new external audience."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> ExternalForm:
        self.me.open(f"/w/{self.workspace}/external/new/")
        return self

    @property
    def name(self) -> Locator:
        return self.me.page.get_by_label("Name", exact=True)

    @property
    def place(self) -> Locator:
        """Where the file lies."""
        return self.me.page.get_by_label("Where the file lies")

    @property
    def connection(self) -> Locator:
        return self.me.page.get_by_label("Base connection id")

    @property
    def connection_error(self) -> Locator:
        return self.me.page.locator("#id_connection_error")

    @property
    def path(self) -> Locator:
        return self.me.page.get_by_label("Path")

    @property
    def path_error(self) -> Locator:
        return self.me.page.locator("#id_path_error")

    @property
    def columns(self) -> Locator:
        """What the form says of the file's columns."""
        return self.me.page.locator("#columns")

    def column(self, number: int) -> Locator:
        return self.me.page.get_by_label(f"Column {number}")

    def namespace(self, number: int) -> Locator:
        return self.me.page.get_by_label(f"Identity namespace {number}")

    def type(self, number: int) -> Locator:
        return self.me.page.get_by_label(f"Type {number}")

    def read_columns(self, sample: Path) -> None:
        self.me.page.get_by_label("Read them from a CSV sample").set_input_files(sample)
        self.me.button("Read columns").click()

    def create(self) -> None:
        self.me.button("Create this audience").click()


@dataclass
class External:
    """The page of one external audience."""

    me: Journey

    @property
    def steps(self) -> Locator:
        """Its way to an audience that can be used, one item a step."""
        return self.me.page.locator(".steps li")

    @property
    def operations(self) -> Locator:
        """What was asked of Adobe."""
        return self.me.page.locator("#operations")

    @property
    def refusal(self) -> Locator:
        """Adobe's own words."""
        return self.me.page.locator("article.problem blockquote")

    def operation(self, words: str) -> Locator:
        return self.me.page.locator("#operations tr", has_text=words)

    def ingest(self) -> None:
        self.me.button("Start the ingestion").click()


@dataclass
class ExternalChange:
    """The form that changes an external audience."""

    me: Journey

    @property
    def description(self) -> Locator:
        return self.me.page.get_by_label("Description")

    def send(self) -> None:
        self.me.button("Send the change").click()


@dataclass
class Evaluation:
    """The page of evaluations and exports, and of chains that wait for them."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Evaluation:
        self.me.open(f"/w/{self.workspace}/evaluation/")
        return self

    @property
    def audiences(self) -> Locator:
        return self.me.page.locator("#id_evaluate-audiences")

    @property
    def error(self) -> Locator:
        return self.me.page.locator(".error")

    def line(self, words: str) -> Locator:
        return self.me.page.locator("#standing tr", has_text=words)

    def evaluate(self) -> None:
        self.me.button("Evaluate now").click()


@dataclass
class Chain:
    """What the question before an activation offers an organisation on v1."""

    me: Journey

    @property
    def question(self) -> Locator:
        return self.me.page.locator("form.question")

    @property
    def dataset(self) -> Locator:
        return self.me.page.get_by_label("Dataset id of the export")

    def unfold(self) -> None:
        self.me.page.get_by_text("Evaluate and export first (v1)").click()

    def answer(self) -> None:
        self.me.button("Evaluate, export, then activate").click()


@dataclass
class Changes:
    """What was asked of Adobe or Segment, as the page lists it on which it was asked."""

    me: Journey

    @property
    def latest(self) -> Locator:
        return self.me.page.locator(".wish").first

    def line(self, words: str) -> Locator:
        return self.me.page.locator(".wish", has_text=words)


@dataclass
class ChangeQuestion:
    """The question before a change: removed, disabled, enabled."""

    me: Journey
    vendor: str = "Adobe"

    @property
    def form(self) -> Locator:
        return self.me.page.locator("form.question")

    def answer(self, verb: str) -> None:
        """Say yes to it: "Remove", "Disable", "Enable"."""
        self.me.button(f"{verb} it at {self.vendor}").click()


@dataclass
class AudienceChoice:
    """The page that asks which audience shall be mapped."""

    me: Journey

    @property
    def audiences(self) -> Locator:
        return self.me.page.locator("td.name a")


@dataclass
class MappingForm:
    """The form that maps an audience to a dataflow, or changes how it is mapped."""

    me: Journey

    def open(self, pair: Pair) -> MappingForm:
        self.me.open(f"/w/{pair.workspace}/destinations/{pair.dataflow}/map/{pair.audience}/")
        return self

    @property
    def how_often(self) -> Locator:
        return self.me.page.get_by_label("How often")

    @property
    def file_name(self) -> Locator:
        return self.me.page.get_by_label("File name")

    @property
    def errors(self) -> Locator:
        return self.me.page.locator(".error")

    def map(self) -> None:
        self.me.button("Map it at Adobe").click()

    def change(self) -> None:
        self.me.button("Change it at Adobe").click()


@dataclass
class SegmentAudience:
    """The page of an audience at Segment: its destinations, and the activations they have."""

    me: Journey
    workspace: str
    audience: str

    def open(self) -> SegmentAudience:
        self.me.open(f"/w/{self.workspace}/audiences/{self.audience}/")
        return self

    @property
    def boxes(self) -> Locator:
        """One box for each activation that can be resynced."""
        return self.me.page.locator("input[name=m]")

    @property
    def go(self) -> Locator:
        """Whether an activation can go, and what helps where it cannot."""
        return self.me.page.locator("td.go")

    def ask(self) -> None:
        """Go from the boxes ticked to the question."""
        self.me.page.locator("#ask").click()

    def unfold(self) -> None:
        """Show how the first activation is set up, and what may be done with it."""
        self.me.page.locator("details.sends summary").first.click()


@dataclass
class ConnectionForm:
    """The form that adds a destination to an audience at Segment."""

    me: Journey

    def identifier(self, number: int) -> Locator:
        return self.me.page.get_by_label(f"Identifier {number}")

    def name_there(self, number: int) -> Locator:
        return self.me.page.get_by_label(f"Its name there {number}")

    def add(self) -> None:
        self.me.button("Add it at Segment").click()


@dataclass
class ActivationForm:
    """The form of an activation at Segment."""

    me: Journey

    @property
    def name(self) -> Locator:
        return self.me.page.get_by_label("Name", exact=True)

    @property
    def sends_when(self) -> Locator:
        return self.me.page.get_by_label("Sends when")

    @property
    def traits(self) -> Locator:
        return self.me.page.get_by_label("Traits that go along")

    @property
    def full_resync(self) -> Locator:
        return self.me.page.get_by_label("Full resync")

    @property
    def method(self) -> Locator:
        return self.me.page.get_by_label("Method")

    def add(self) -> None:
        self.me.button("Add it at Segment").click()

    def change(self) -> None:
        self.me.button("Change it at Segment").click()
