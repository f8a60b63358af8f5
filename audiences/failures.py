"""Why the platform gave no answer, in one sentence of ours, with its own words below: kept by a sync that failed."""

from __future__ import annotations

from audiences.told import Told, as_line, from_line
from audiences.told import said as _
from platforms.errors import CredentialsRefused, PlatformError

SENTENCES: dict[str, Told] = {
    "unreachable": _("No connection to %(vendor)s could be made."),
    "throttled": _("%(vendor)s asked to slow down."),
    "token_unavailable": _("%(vendor)s's sign-in service gave no token."),
    "credentials_refused": _("%(vendor)s does not accept the credentials: %(field)s."),
    "not_found": _("%(vendor)s does not know what was asked for, or the credentials may not see it."),
    "answer_lost": _("The answer of %(vendor)s was lost."),
    "platform_fault": _("%(vendor)s had an internal error."),
    "answer_unreadable": _("The answer of %(vendor)s cannot be read."),
}
OTHER = _("%(vendor)s refused the question.")
OURS = _("Our own fault: %(kind)s")
SENTENCE = 500
# What a person corrects; each as its field is called.
FIELDS: dict[str, Told] = {
    "key": _("client ID"),
    "secret": _("client secret"),
    "scopes": _("scopes"),
    "org": _("IMS organisation"),
    "sandbox": _("sandbox"),
    "space": _("space"),
    "token": _("access token"),
    "permission": _("permission"),
}


def lines_of(error: BaseException, vendor: str) -> str:
    """As the workspace keeps it: a line of ours, then the platform's words."""
    if not isinstance(error, PlatformError):
        return as_line(OURS % {"kind": type(error).__name__}, SENTENCE)
    field = error.field if isinstance(error, CredentialsRefused) else ""
    facts = {"vendor": vendor, **({"field": FIELDS.get(field, field)} if field else {})}
    ours = as_line(SENTENCES.get(error.code, OTHER) % facts, SENTENCE)
    return f"{ours}\n{error.verbatim}".strip()


def words_of(kept: str) -> str:
    """In the reader's language."""
    ours, _newline, theirs = kept.partition("\n")
    return f"{from_line(ours)}\n{theirs}".strip()
