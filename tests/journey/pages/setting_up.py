"""Pages on which a workspace is set up: one object a page."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator

from tests.journey.pages.journey import Journey


@dataclass
class WorkspaceForm:
    """The form of a workspace: where it is, and the credentials for it."""

    me: Journey

    @property
    def name(self) -> Locator:
        return self.me.page.get_by_label("Name", exact=True)

    @property
    def organisation(self) -> Locator:
        return self.me.page.get_by_label("IMS organisation", exact=True)

    @property
    def client_id(self) -> Locator:
        return self.me.page.get_by_label("Client ID", exact=True)

    @property
    def client_secret(self) -> Locator:
        return self.me.page.get_by_label("Client secret", exact=True)

    def save(self) -> None:
        self.me.button("Save and check").click()


@dataclass
class FirstSteps:
    """The page that leads through a new workspace."""

    me: Journey

    def step(self, key: str) -> Locator:
        return self.me.page.locator(f"#step-{key}")

    def show_sandboxes(self) -> None:
        """Unfold what else the credentials can see."""
        self.me.page.get_by_text("Sandboxes of these credentials").first.click()


@dataclass
class Members:
    """The page that says who may look and who may press."""

    me: Journey

    def add_activator(self, login: str) -> None:
        self.me.page.get_by_label("Login", exact=True).fill(login)
        self.me.page.get_by_label("Activator: may look and press").check()
        self.me.button("Save this member").click()


@dataclass
class Settings:
    """The page of a workspace's settings."""

    me: Journey

    @property
    def guardrails(self) -> Locator:
        return self.me.page.get_by_role("region", name="Guardrails")


@dataclass
class AdminPause:
    """The administration's form of a pause."""

    me: Journey

    def open(self) -> AdminPause:
        self.me.open("/admin/activations/pause/add/")
        return self

    def fill_in(self, workspace: str, reason: str) -> None:
        self.me.page.get_by_label("Workspace").select_option(label=workspace)
        self.me.page.get_by_label("Reason").fill(reason)

    def save(self) -> None:
        self.me.button("Save").first.click()
