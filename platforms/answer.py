"""What a server said, fit to be kept: its body read whole or known not to be, waits in seconds, secrets struck out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx

from platforms.errors import AnswerUnreadable

KEPT_BYTES = 64 * 1024
REDACTED = "[redacted]"
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPES_TO_MEND = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")
_TOKEN_SHAPES = re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}|\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}")


class Flaw(StrEnum):
    """What kept an answer's body from being read whole."""

    CUT = "cut"
    TOO_LARGE = "too large"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. `content` is cut at 64 kB when `flaw` is set."""

    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)
    flaw: Flaw | None = None

    @property
    def text(self) -> str:
        """The first 64 kB as text; what cannot be decoded or stored is replaced."""
        return _storable(self.content[:KEPT_BYTES].decode("utf-8", "replace"))

    @property
    def request_id(self) -> str:
        return str(self.headers.get("x-request-id", ""))[:200]

    @property
    def retry_after(self) -> float | None:
        return seconds_to_wait(self.headers.get("retry-after"))

    def json(self) -> object:
        """The body as JSON, its texts fit to be stored; ValueError when it is not JSON or not whole."""
        if self.flaw is not None:
            raise ValueError(f"the body is {self.flaw}")
        try:
            said = json.loads(self.content)
            return _mended(said) if _ESCAPES_TO_MEND.search(self.content) else said
        except RecursionError as error:
            raise ValueError("the body nests too deeply") from error


def _storable(text: str) -> str:
    """Without NUL and lone surrogates: JSON may carry them, databases and encoders refuse them."""
    return _NOT_STORABLE.sub("\ufffd", text)


def _mended(value: object) -> object:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _mended(item) for key, item in value.items()}
    return value


def wait_said(answer: Answer) -> float | None:
    """Seconds a refusal or fault asks us to wait in Retry-After."""
    return answer.retry_after if answer.status >= 400 else None


class AnswerTooLarge(AnswerUnreadable):
    """The body went past the limit: asking again would only bring it again."""


def seconds_to_wait(value: str | None) -> float | None:
    """Retry-After in seconds from now: delta seconds or an HTTP date (RFC 9110 10.2.3); None if neither."""
    if value is None:
        return None
    written = value.strip()[:64]
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", written):
        return float(written)
    try:
        moment = parsedate_to_datetime(written)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and without anything that looks like a bearer token."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, REDACTED)
    return _TOKEN_SHAPES.sub(REDACTED, text)
