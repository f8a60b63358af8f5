"""What a check of a workspace's credentials finds; both vendors fill the same report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox (at Segment a space, named by its id) the credentials may choose. `state` "active" is the
    only usable one."""

    name: str
    title: str
    state: str
    type: str


@dataclass(frozen=True, slots=True)
class Permission:
    """A right the credentials need. `granted` None: the platform could not tell."""

    name: str
    granted: bool | None


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """Outcome of checking a workspace's credentials, part by part.

    `refused` names the first part refused (key, secret, scopes, org, sandbox, token, permission, space) or
    None. `workspace` and `sandbox` are what the platform calls the ones that were reached, "" when unknown.
    """

    refused: str | None = None
    summary: str = ""
    verbatim: str = ""
    sandboxes: tuple[Sandbox, ...] = ()
    permissions: tuple[Permission, ...] = ()
    workspace: str = ""
    sandbox: str = ""

    @property
    def ok(self) -> bool:
        return self.refused is None and all(p.granted is not False for p in self.permissions)
