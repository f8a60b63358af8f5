"""Codes in, words out: what a reason means for an external audience, what to do, and who can fix it.

Nobody is told that something went wrong: a text we do not know is shown as unknown, word for word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.models import ExternalEvent, ExternalOperation, User

S = ExternalOperation.State
Words = str | Promise
_l = gettext_lazy

ADMIN = _l("Your administrator, in this workspace's settings and the Adobe Developer Console.")
YOU = _l("Anyone who may press here.")
NOBODY = _l("Nobody needs to.")


@dataclass(frozen=True, slots=True)
class Problem:
    """One card: what happened, what it means, what to do, who can fix it; `said` is the vendor's own text."""

    title: str
    text: Words
    todo: Words
    who: Words
    tone: str = "act"
    said: str = ""
    operation: ExternalOperation | None = None


# reason: (what it means, what to do, who, tone)
REASONS: dict[str, tuple[Words, Words, Words, str]] = {
    "duplicate": (
        _l("Adobe says that an audience of this name exists, so none was made. It could not be found among the "
           "uploaded audiences of this sandbox."),
        _l("Choose another name, and ask again."), YOU, "act",
    ),
    "refused": (
        _l("Adobe looked at it and said no; nothing was changed."),
        _l("Correct what Adobe names, and ask again."), YOU, "act",
    ),
    "conflict": (
        _l("Adobe says that it changed or exists already; nothing was done."),
        _l("Look at what is there now, then ask again."), YOU, "look",
    ),
    "not_found": (
        _l("Adobe does not know this audience any more: somebody deleted it elsewhere."),
        _l("Create it anew if you still need it."), YOU, "act",
    ),
    "creation_failed": (
        _l("Adobe began to create it and could not. It gives no reason."),
        _l("Check the path, the base connection and the columns, then ask again under the same name."), YOU, "act",
    ),
    "ingestion_failed": (
        _l("Adobe began to bring the data in and could not; the stage that failed is marked."),
        _l("Look up the stage's dataflow run at Adobe under its id, correct the file, then ingest again."), YOU, "act",
    ),
    "credentials_refused": (
        _l("Adobe does not accept this workspace's credentials or rights; nothing was done."),
        _l("Let the workspace's connection be checked."), ADMIN, "act",
    ),
    "throttled": (
        _l("Adobe is busy and did not process the call."), _l("Nothing: it goes again by itself."), NOBODY, "moving",
    ),
    "unreachable": (
        _l("No connection to Adobe could be made, so the call never left."),
        _l("Nothing at first: it goes again by itself. If it lasts, ask your administrator."), ADMIN, "moving",
    ),
    "took_too_long": (
        _l("It went on for longer than this workspace watches; how it ended is unknown."),
        _l("Ask Adobe again with “Check again”."), YOU, "look",
    ),
}  # fmt: skip
DOUBT = (
    _l("The call left, but no clear answer came, so we do not know yet whether Adobe took it."),
    _l("Nothing: it is looked up at Adobe before anything is sent again."), NOBODY, "moving",
)  # fmt: skip
LOST = (
    _l("The call left, no clear answer came, and Adobe shows no trace of it. It may have been taken or not."),
    _l("Ask Adobe again with “Check again”, or look there."), YOU, "look",
)  # fmt: skip
UNKNOWN = (
    _l("This dashboard has no explanation for it yet, so it is kept below word for word."),
    _l("Show it to your administrator."), ADMIN, "act",
)  # fmt: skip

TITLES: dict[str, Words] = {
    S.REFUSED: _l("Adobe refused the %(kind)s"),
    S.FAILED: _l("The %(kind)s failed at Adobe"),
    S.STOPPED: _l("The outcome of the %(kind)s is unknown"),
    S.UNCONFIRMED: _l("Checking whether Adobe took the %(kind)s"),
    S.CANCELED: _l("The %(kind)s was never sent: its time ran out"),
    S.QUEUED: _l("The %(kind)s waits and goes again"),
}


def problem(operation: ExternalOperation) -> Problem | None:
    """The card of an operation that needs words; None for one that goes well."""
    title = TITLES.get(operation.state)
    if title is None or (operation.state == S.QUEUED and not operation.reason):
        return None
    text, todo, who, tone = _meaning(operation)
    return Problem(
        title=str(title) % {"kind": operation.get_kind_display()},
        text=text, todo=todo, who=who, tone=tone, said=operation.verbatim, operation=operation,
    )  # fmt: skip


def _meaning(operation: ExternalOperation) -> tuple[Words, Words, Words, str]:
    if operation.state == S.CANCELED:
        return _l("Nothing was sent."), _l("Ask again if you still need it."), YOU, "look"
    reason = operation.reason.partition(":")[0]
    if operation.state == S.UNCONFIRMED:
        return DOUBT
    if operation.state == S.STOPPED and reason not in ("took_too_long", "not_found"):
        return LOST
    return REASONS.get(reason, UNKNOWN)


def adobe_said(operation: ExternalOperation) -> str:
    """A refusal's sentence for the field that it names."""
    return _("Adobe said: %(text)s") % {"text": operation.verbatim or operation.status or ""}


# %(who)s a person, %(what)s the operation's kind.
SENTENCES: dict[str, Words] = {
    "requested": _l("%(who)s asked for the %(what)s"),
    "sent": _l("The %(what)s was sent"),
    "accepted": _l("Adobe accepted the %(what)s"),
    "not_sent": _l("The %(what)s did not get through; it goes again"),
    "unconfirmed": _l("No clear answer to the %(what)s: checking"),
    "sent_again": _l("No trace of the %(what)s at Adobe: sending it once more"),
    "found": _l("Found that Adobe took the %(what)s"),
    "existed": _l("An audience of this name was at Adobe already; it is followed here"),
    "created": _l("Created at Adobe"),
    "stage": _l("The ingestion came a stage further"),
    "ingested": _l("The data is in"),
    "failed": _l("The %(what)s failed at Adobe"),
    "refused": _l("Adobe refused the %(what)s"),
    "never_sent": _l("Time ran out for the %(what)s: never sent"),
    "stopped": _l("Stopped watching the %(what)s: outcome unknown"),
    "checked_again": _l("%(who)s asked to check again on the %(what)s"),
    "looked": _l("%(who)s asked for Adobe's list of ingestions"),
    "seen": _l("An ingestion begun elsewhere was seen"),
    "gone": _l("It was gone at Adobe already"),
    "vanished": _l("It was deleted elsewhere"),
}


def told(event: ExternalEvent, viewer: User) -> str:
    """One event as a sentence."""
    words: Mapping[str, Any] = {
        "who": _who(event, viewer),
        "what": event.operation.get_kind_display() if event.operation else "",
    }
    return str(SENTENCES.get(event.what, event.what)) % words


def _who(event: ExternalEvent, viewer: User) -> str:
    if event.actor is None:
        return _("The system")
    if event.actor.pk == viewer.pk:
        return _("You")
    return event.actor.get_full_name() or event.actor.get_username()


def problems(operations: Iterable[ExternalOperation]) -> list[Problem]:
    """The cards of the newest operation of each kind."""
    return [card for operation in operations if (card := problem(operation)) is not None]
