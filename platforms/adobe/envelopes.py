"""The error envelopes of Adobe's services, read into the exception tree (contract §1.3, §1.4, §6.6).

Six shapes are known: gateway `error_code`+`message`, Flow Service `errorMessage`+`errorDetails`, a bare
`message`, a problem with `type`/`title`/`detail`, segmentation's `errors` keyed by status, and text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from platforms.answer import Answer, redact
from platforms.decoding import Record, first, record, records, text
from platforms.envelopes import VERBATIM, Envelope, facts
from platforms.envelopes import unreadable as spoiled
from platforms.errors import (
    AnswerUnreadable,
    Conflict,
    CredentialsRefused,
    NotFound,
    PlatformError,
    PlatformFault,
    Refused,
    Throttled,
    Unauthorized,
)

# What each code blames. Gateway: TRB (contract §1.4). Flow Service: FSE (§6.6, §3). UPAPI: SEG-SPEC (§7.3).
# 1009xx: external audiences, XA-PUB (§9).
_BLAME = {
    "401013": "token",
    "403010": "token",
    "2115-400": "token",
    "403000": "key",
    "403003": "key",
    "400003": "org",
    "403025": "org",
    "2000-401": "org",
    "113740-403": "org",
    **{f"{number}-{status}": "sandbox" for number in range(2100, 2112) for status in (400, 403, 404)},
    "2118-403": "permission",
    "2120-403": "permission",
    "2121-403": "permission",
    "1100-400": "permission",
    "113752-403": "permission",
    "100920-401": "token",
    "100921-401": "org",
    "100922-401": "permission",
}
_SERVICE_CODE = re.compile(r"(?<![\w-])(?:[A-Z]{2,12}-)?([0-9]{4,6}-[0-9]{3})(?![\w-])")
_SANDBOX_TROUBLE = re.compile(
    r"sandbox.{0,80}?(not found|not exist|invalid|missing|required|not active)", re.I | re.S
)


def _blame(code: str) -> str | None:
    """The credential part the code names, or None."""
    tail = _SERVICE_CODE.search(code)
    return _BLAME.get(code) or (_BLAME.get(tail.group(1)) if tail else None)


def envelope(answer: Answer, secrets: Iterable[str] = ()) -> Envelope:
    """Read any of the shapes. Order of the message as the contract derives it (§1.3)."""
    body = redact(answer.text, secrets)
    try:
        parsed = record(answer.json())
    except ValueError:
        parsed = {}
    listed = _listed_errors(parsed)
    message = first(
        text(parsed.get("message")),
        _joined(parsed),
        text(parsed.get("detail")),
        text(parsed.get("title")),
        *(text(item.get("message")) for item in listed),
        text(parsed.get("error_description")),
        body.strip(),
    )
    return Envelope(
        message=redact(message, secrets),
        code=_code(parsed, listed, message),
        request_id=first(text(parsed.get("requestId")), text(parsed.get("request_id")), answer.request_id),
        body=body,
    )


def _joined(parsed: Record) -> str | None:
    message, details = text(parsed.get("errorMessage")), text(parsed.get("errorDetails"))
    return f"{message} {details}" if message and details else message or details


def _listed_errors(parsed: Record) -> list[Record]:
    """Segmentation keys its errors by HTTP status: `{"404": [{code, message}]}` (SEG-SPEC)."""
    errors = parsed.get("errors")
    groups = errors.values() if isinstance(errors, dict) else [errors]
    return [item for group in groups for item in records(group)]


def _code(parsed: Record, listed: list[Record], message: str) -> str:
    kind = text(parsed.get("type")) or ""
    named = first(
        text(parsed.get("error_code")),
        text(parsed.get("errorCode")),
        text(parsed.get("code")),
        _service_code(kind.rsplit("/", 1)[-1]),
        *(text(item.get("code")) for item in listed),
        _service_code(message[:VERBATIM]),
    )
    return (named or "")[:100]


def _service_code(written: str) -> str | None:
    found = _SERVICE_CODE.search(written)
    return found.group(0) if found else None


def refusal(answer: Answer, secrets: Iterable[str] = ()) -> PlatformError:
    """The typed error of an answer that is not a success."""
    read = envelope(answer, secrets)
    known = facts(answer, read)
    status = answer.status
    field = _blamed(answer, read)
    if status == 429:
        return Throttled("Adobe asks to slow down (429).", retry_after=answer.retry_after, **known)
    if status >= 500:
        return PlatformFault(
            f"Adobe answered with an internal error ({status}).", retry_after=answer.retry_after, **known
        )
    if status < 400:
        return AnswerUnreadable(f"Adobe answered {status}, which this call never should.", **known)
    if field is not None:
        kind = Unauthorized if status == 401 else CredentialsRefused
        return kind(_BLAMED[field], field=field, **known)
    return _plain_refusal(status)(f"Adobe refused the call ({status}).", **known)


_BLAMED = {
    "token": "Adobe did not accept the access token.",
    "key": "Adobe did not accept the API key (client id).",
    "org": "Adobe did not accept the organisation.",
    "sandbox": "Adobe did not accept the sandbox.",
    "permission": "Adobe says these credentials lack a permission for this.",
}


def _blamed(answer: Answer, read: Envelope) -> str | None:
    blame = _blame(read.code)
    if blame is not None:
        return blame
    if answer.status in (400, 403, 404) and _SANDBOX_TROUBLE.search(read.message[:VERBATIM]):
        return "sandbox"
    return {401: "token", 403: "permission"}.get(answer.status)


def _plain_refusal(status: int) -> Callable[..., Refused]:
    return {404: NotFound, 409: Conflict, 412: Conflict}.get(status, Refused)


def unreadable(answer: Answer, why: str, secrets: Iterable[str] = ()) -> PlatformError:
    """The error of a body that cannot be used, its first characters kept."""
    return spoiled("Adobe", answer, why, secrets)
