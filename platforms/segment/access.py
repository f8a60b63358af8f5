"""Whom the token belongs to, and what is wrong with it when something is."""

from __future__ import annotations

from platforms.checking import ConnectionReport, Sandbox
from platforms.decoding import record
from platforms.errors import AnswerUnreadable, CredentialsRefused, NotFound, Refused
from platforms.segment import decoding
from platforms.segment.gateway import STABLE, Gateway, all_of
from platforms.segment.types import Space, Workspace


def workspace(gateway: Gateway) -> Workspace | None:
    """The workspace the token belongs to; None where it is not told."""
    try:
        return decoding.workspace(record(gateway.get("/", key="workspace", accept=STABLE)["workspace"]))
    except (NotFound, AnswerUnreadable):
        return None


def spaces(gateway: Gateway) -> tuple[Space, ...]:
    """Every space of the workspace."""
    return all_of(gateway.pages("/spaces", "spaces"), decoding.space)


def check(gateway: Gateway, space: str) -> ConnectionReport:
    """Try the token, then the space."""
    try:
        known = spaces(gateway)
        here = workspace(gateway)
    except CredentialsRefused as error:
        return ConnectionReport(refused=error.field, summary=error.summary, verbatim=error.verbatim)
    except Refused as error:
        summary = "Segment shows no spaces to this token; the workspace may lack the feature."
        return ConnectionReport(refused="permission", summary=summary, verbatim=error.verbatim)
    chosen = next((one for one in known if one.id == space), None)
    trouble = f"This workspace has no space with the id {space!r}." if space else "No space is chosen yet."
    return ConnectionReport(
        refused=None if chosen else "space",
        summary="" if chosen else trouble,
        sandboxes=tuple(Sandbox(one.id, one.name, "active", "space") for one in known),
        workspace=here.name if here else "",
        sandbox=chosen.name if chosen else "",
    )
