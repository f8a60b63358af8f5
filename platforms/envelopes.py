"""What every vendor's error answer is read into, and what a body that cannot be read means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from platforms.answer import KEPT_BYTES, Answer, AnswerTooLarge, Flaw, redact
from platforms.errors import AnswerLost, AnswerUnreadable, PlatformError

VERBATIM = 2_000


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an error answer says, whichever service wrote it."""

    message: str
    code: str
    request_id: str
    body: str


def facts(answer: Answer, read: Envelope) -> dict[str, Any]:
    """What every typed error keeps of the answer."""
    return {
        "verbatim": read.message[:VERBATIM],
        "status": answer.status,
        "vendor_code": read.code,
        "request_id": read.request_id,
        "body": read.body[:KEPT_BYTES],
    }


def unreadable(vendor: str, answer: Answer, why: str, secrets: Iterable[str] = ()) -> PlatformError:
    """The error of a body that cannot be used, its first characters kept."""
    body = redact(answer.text, secrets)
    known: dict[str, Any] = {
        "verbatim": body[:VERBATIM],
        "status": answer.status,
        "request_id": answer.request_id,
        "body": body,
    }
    if answer.flaw is Flaw.TOO_LARGE:
        return AnswerTooLarge(f"{vendor}'s answer is larger than we read.", **known)
    if answer.flaw is Flaw.CUT:
        return AnswerLost(f"{vendor}'s answer broke off.", **known)
    return AnswerUnreadable(why, **known)


def taken_but_unreadable(error: PlatformError) -> AnswerUnreadable:
    """For a write even a broken-off answer is unreadable: it began to come, so the request was taken."""
    if isinstance(error, AnswerUnreadable):
        return error
    return AnswerUnreadable(
        error.summary,
        verbatim=error.verbatim,
        status=error.status,
        request_id=error.request_id,
        body=error.body,
    )
