"""Segment's error envelope, read into the exception tree (contract §2, §3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from platforms.answer import Answer, redact
from platforms.decoding import Record, record, records, text
from platforms.envelopes import VERBATIM, Envelope, facts
from platforms.envelopes import unreadable as spoiled
from platforms.errors import (
    AnswerUnreadable,
    Conflict,
    CredentialsRefused,
    InvalidInput,
    NotFound,
    PlatformError,
    PlatformFault,
    Refused,
    Throttled,
)


def _errors(answer: Answer) -> list[Record]:
    try:
        return records(record(answer.json()).get("errors"))
    except ValueError:
        return []


def envelope(answer: Answer, secrets: Iterable[str] = ()) -> Envelope:
    """Read `errors[]`: every message, the first type. Types are an open list, so statuses decide."""
    body = redact(answer.text, secrets)
    errors = _errors(answer)
    said = "; ".join(message for one in errors if (message := text(one.get("message"))))
    kind = next((kind for one in errors if (kind := text(one.get("type")))), "")
    return Envelope(redact(said or body.strip(), secrets), kind[:100], answer.request_id, body)


def wait_said(answer: Answer) -> float | None:
    """Seconds to be silent: of a refusal Retry-After, else `msBeforeNext`, else the reset; of a success
    that was the last one allowed, until the reset. None where nothing asks for it."""
    if answer.status == 429:
        waits = (answer.retry_after, _ms_before_next(answer), _until_reset(answer))
        return next((wait for wait in waits if wait is not None), None)
    if answer.status >= 400:
        return answer.retry_after
    return _until_reset(answer) if answer.headers.get("x-ratelimit-remaining", "").strip() == "0" else None


def _ms_before_next(answer: Answer) -> float | None:
    for one in _errors(answer):
        wait = record(one.get("data")).get("msBeforeNext")
        if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait < 86_400_000:
            return wait / 1000
    return None


def _until_reset(answer: Answer) -> float | None:
    """X-RateLimit-Reset is a date (RFC 5322), taken against the answer's own: our clock may be wrong."""
    ends = _date(answer.headers.get("x-ratelimit-reset"))
    if ends is None:
        return None
    now = _date(answer.headers.get("date")) or datetime.now(UTC)
    return max(0.0, (ends - now).total_seconds())


def _date(written: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(written or "")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


_LACKING = {
    401: ("Segment did not accept the token, or the token lacks the permission.", "token"),
    403: ("Segment says this token lacks a permission.", "permission"),
}


_NOT_ACCEPTED = (InvalidInput, "Segment did not accept a value.")
_ABOUT_INPUT: dict[int, tuple[type[InvalidInput | NotFound], str]] = {
    400: _NOT_ACCEPTED,
    404: (NotFound, "Segment does not find it (404)."),
    422: _NOT_ACCEPTED,
}


def refusal(answer: Answer, secrets: Iterable[str] = ()) -> PlatformError:
    """The typed error of an answer that is not a success."""
    read = envelope(answer, secrets)
    known, status = facts(answer, read), answer.status
    if status == 429:
        return Throttled("Segment asks to slow down (429).", retry_after=wait_said(answer), **known)
    if status >= 500:
        summary = f"Segment answered with an internal error ({status})."
        return PlatformFault(summary, retry_after=answer.retry_after, **known)
    if status < 400:
        return AnswerUnreadable(f"Segment answered {status}, which this call never should.", **known)
    if status in _LACKING:
        summary, blamed = _LACKING[status]
        return CredentialsRefused(summary, field=blamed, **known)
    if status in _ABOUT_INPUT:
        kind_of, summary = _ABOUT_INPUT[status]
        named = next((name for one in _errors(answer) if (name := text(one.get("field")))), "")
        return kind_of(summary, field=redact(named, secrets)[:VERBATIM], **known)
    kind = Conflict if status == 409 else Refused
    return kind(f"Segment refused the call ({status}).", **known)


# No document gives the words for a second resync, only the rule: one at a time in a workspace (contract §9).
_RESYNC_GOING_ON = re.compile(
    r"resync\b.*\b(?:in progress|running|going on|pending|already|at a time)|already\b.*\bresync", re.I | re.S
)


def one_is_going_on(error: PlatformError) -> bool:
    """Whether a conflict says that another resync is going on."""
    return bool(_RESYNC_GOING_ON.search(error.verbatim))


def unreadable(answer: Answer, why: str, secrets: Iterable[str] = ()) -> PlatformError:
    """The error of a body that cannot be used, its first characters kept."""
    return spoiled("Segment", answer, why, secrets)
