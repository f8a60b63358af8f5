"""Why the platform gave no answer, in a sentence of ours: kept by what failed, said when somebody reads it."""

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


def sentence_of(error: BaseException, vendor: str) -> Told:
    """What happened, in words of ours."""
    if not isinstance(error, PlatformError):
        return OURS % {"kind": type(error).__name__}
    field = error.field if isinstance(error, CredentialsRefused) else ""
    facts = {"vendor": vendor, **({"field": FIELDS.get(field, field)} if field else {})}
    return SENTENCES.get(error.code, OTHER) % facts


def lines_of(error: BaseException, vendor: str) -> str:
    """As the workspace keeps it: a line of ours, then the platform's words."""
    theirs = error.verbatim if isinstance(error, PlatformError) else ""
    return f"{as_line(sentence_of(error, vendor), SENTENCE)}\n{theirs}".strip()


def words_of(kept: str) -> str:
    """In the reader's language."""
    ours, _newline, theirs = kept.partition("\n")
    return f"{from_line(ours)}\n{theirs}".strip()
