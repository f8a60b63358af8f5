"""Pages on which is kept what goes again, and who is told of it: one object a page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator

from tests.journey.pages.journey import Journey


@dataclass
class Sets:
    """The page that lists all sets."""

    me: Journey
    workspace: str = "demo"

    def open(self) -> Sets:
        self.me.open(f"/w/{self.workspace}/sets/")
        return self


@dataclass
class NewSet:
    """The question under which name a choice is kept."""

    me: Journey

    @property
    def name(self) -> Locator:
        return self.me.page.get_by_label("Name of the new set")

    def save(self, name: str) -> None:
        self.name.fill(name)
        self.me.button("Save").click()


@dataclass
class OneSet:
    """The page of one set."""

    me: Journey

    @property
    def next_times(self) -> Locator:
        """When it goes by itself, one item a time."""
        return self.me.page.get_by_role("list", name="Next times").get_by_role("listitem")

    @property
    def activations(self) -> Locator:
        """Links to what went of it, newest first."""
        return self.me.page.get_by_role("region", name="Last activations").get_by_role("link")

    def ask(self, question: str) -> None:
        """Follow one of the links beside the title: "Rename", "Delete"."""
        self.me.page.locator(".head").get_by_role("link", name=question).click()


@dataclass
class ScheduleForm:
    """The form that says when a set goes by itself."""

    me: Journey

    @property
    def on_days(self) -> Locator:
        return self.me.page.get_by_label("On days of the week")

    @property
    def soon(self) -> Locator:
        return self.me.page.get_by_label("As soon as allowed")

    def day(self, name: str) -> Locator:
        return self.me.page.get_by_label(name)

    def save(self) -> None:
        self.me.button("Save the schedule").click()


@dataclass
class Told:
    """The page that says who is told of a set."""

    me: Journey

    def tell(self, login: str) -> None:
        self.me.page.get_by_label("Login").fill(login)
        self.me.button("Tell this person").click()


@dataclass
class Notices:
    """The page of all that somebody was told."""

    me: Journey

    def open(self) -> Notices:
        self.me.open("/notices/")
        return self


@dataclass
class Notifications:
    """The settings that say where somebody is told, one channel each."""

    me: Journey

    def open(self) -> Notifications:
        self.me.open("/settings/notifications/")
        return self

    def add(self, kind: str) -> ChannelForm:
        self.me.link(kind).first.click()
        return ChannelForm(self.me)


@dataclass
class ChannelForm:
    """The form of a channel."""

    me: Journey

    @property
    def name(self) -> Locator:
        return self.me.page.get_by_label("Name")

    @property
    def address(self) -> Locator:
        return self.me.page.get_by_label("Address")

    @property
    def secret(self) -> Locator:
        return self.me.page.get_by_label("Signing secret")

    @property
    def only_asked_for(self) -> Locator:
        return self.me.page.get_by_label("only what I asked for")

    def save(self) -> None:
        self.me.button("Save this channel").click()


@dataclass
class Channel:
    """The page of one channel."""

    me: Journey

    @property
    def errands(self) -> Locator:
        """What was sent by it, and what came of that."""
        return self.me.page.locator("#errands")

    def send_test(self) -> None:
        self.me.button("Send a test").click()

    def remove(self) -> None:
        """Ask for it, and say yes to the question."""
        self.me.link("Remove").click()
        self.me.button(re.compile("^Remove")).click()
