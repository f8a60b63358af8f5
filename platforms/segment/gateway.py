"""Signed calls to the Public API: version by media type, pages by cursor, each operation at its own pace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import TypeVar
from urllib.parse import quote

from platforms.answer import Answer
from platforms.decoding import Record, record, records, text
from platforms.envelopes import taken_but_unreadable
from platforms.errors import AnswerUnreadable, CredentialsRefused
from platforms.http import Call, Wire
from platforms.pace import Pacer
from platforms.patience import Patience, ask
from platforms.segment.config import SegmentConfig
from platforms.segment.envelopes import refusal, unreadable

ALPHA = "application/vnd.segment.v1alpha+json"
BETA = "application/vnd.segment.v1beta+json"
STABLE = "application/vnd.segment.v1+json"
PAGES_AT_MOST = 2_000
PAGE = 1_000

Found = TypeVar("Found")
Params = Sequence[tuple[str, str]]


class Operation(Enum):
    """What is counted apart, with the requests a minute that are documented (contract §3).

    Everything else is counted together, and how often is not documented: there only answers tell.
    """

    ADD_CONNECTION = ("add-connection", 50)
    LIST_CONNECTIONS = ("list-connections", 50)
    ADD_ACTIVATION = ("add-activation", 50)
    LIST_ACTIVATIONS = ("list-activations", 60)
    GET_ACTIVATION = ("get-activation", 60)
    UPDATE_ACTIVATION = ("update-activation", 50)
    REMOVE_ACTIVATION = ("remove-activation", 50)
    LIST_SUPPORTED = ("list-supported", 60)
    LIST_AUDIENCES = ("list-audiences", 60)
    LIST_TRAITS = ("list-traits", 25)
    GET_AUDIENCE = ("get-audience", 100)
    UPDATE_AUDIENCE = ("update-audience", 50)
    OTHER = ("other", 0)

    @property
    def group(self) -> str:
        return self.value[0]

    @property
    def per_minute(self) -> int:
        """0: not documented."""
        return self.value[1]


PaceOf = Callable[[Operation], Pacer | None]


def no_pace(_: Operation) -> None:
    """Every call goes at once: for tests and single questions."""


class Gateway:
    """Everything the vocabulary modules need to talk to one workspace."""

    def __init__(
        self, config: SegmentConfig, wire: Wire, patience: Patience, pace_of: PaceOf = no_pace
    ) -> None:
        self._config = config
        self._wire = wire
        self._patience = patience
        self._pace_of = pace_of

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._config.token,)

    @property
    def space(self) -> str:
        """The path of the configured space. Raises CredentialsRefused where none is configured."""
        if not self._config.space:
            raise CredentialsRefused("No space is chosen yet.", field="space")
        return f"/spaces/{segment(self._config.space)}"

    def get(
        self,
        path: str,
        params: Params = (),
        *,
        key: str,
        of: Operation = Operation.OTHER,
        accept: str = ALPHA,
    ) -> Record:
        """`data` of one answer, which must have `key`; read with patience. Raises the last typed error."""
        call = Call(
            "GET", self._url(path), params=params, pace=self._pace_of(of), headers=self._headers(accept)
        )
        return ask(self._patience, lambda: self._data(self._wire.send(call), key))

    def pages(
        self,
        path: str,
        key: str,
        *,
        of: Operation = Operation.OTHER,
        accept: str = ALPHA,
        count: int = PAGE,
        params: Params = (),
    ) -> Iterator[list[Record]]:
        """A list page by page. The cursor is opaque, and falsy on the last page; no total is trusted.

        A cursor that repeats would loop for ever and counts as unreadable.
        """
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(PAGES_AT_MOST):
            asked = [("pagination.count", str(count)), *([("pagination.cursor", cursor)] if cursor else [])]
            data = self.get(path, [*params, *asked], key=key, of=of, accept=accept)
            yield records(data[key])
            cursor = text(record(data.get("pagination")).get("next"))
            if cursor is None:
                return
            if cursor in seen:
                break
            seen.add(cursor)
        raise AnswerUnreadable(f"Segment's list at {path} never ends.")

    def write(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str,
        of: Operation = Operation.OTHER,
        last: Callable[[], object] | None = None,
    ) -> Record:
        """A write: sent once, whatever happens. An answer that cannot be read was taken all the same."""
        return self.write_told(method, path, body, key=key, of=of, last=last)[0]

    def write_told(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str,
        of: Operation = Operation.OTHER,
        last: Callable[[], object] | None = None,
    ) -> tuple[Record, Answer]:
        """As `write`, with the answer itself, for the record of the call."""
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = self._headers(ALPHA) | ({"Content-Type": ALPHA} if content is not None else {})
        answer = self._wire.send(
            Call(
                method,
                self._url(path),
                headers=headers,
                content=content,
                once=True,
                last=last,
                pace=self._pace_of(of),
            )
        )
        telling = answer.status in (401, 403, 404, 409, 429) or answer.status >= 500
        if answer.flaw is not None and not telling:
            raise taken_but_unreadable(unreadable(answer, "Segment's answer broke off.", self.secrets))
        try:
            return self._data(answer, key), answer
        except AnswerUnreadable as error:
            raise taken_but_unreadable(error) from error

    def _data(self, answer: Answer, key: str) -> Record:
        if not 200 <= answer.status < 300:
            raise refusal(answer, self.secrets)
        try:
            said = record(answer.json())
        except ValueError as error:
            raise unreadable(answer, "Segment's answer is not JSON.", self.secrets) from error
        data = record(said.get("data"))
        if key not in data:
            raise unreadable(answer, "Segment's answer lacks what it should have.", self.secrets)
        return data

    def _headers(self, accept: str) -> dict[str, str]:
        if not re.fullmatch(r"[\x21-\x7e]+", self._config.token):
            raise CredentialsRefused(
                "This token is empty or has characters that cannot be sent; nothing was sent.", field="token"
            )
        return {"Authorization": f"Bearer {self._config.token}", "Accept": accept}

    def _url(self, path: str) -> str:
        return self._config.api_url.rstrip("/") + path


def segment(key: str) -> str:
    """An id as one step of a path, whatever is in it."""
    if not key or key in (".", ".."):
        raise ValueError("an id is needed")
    return quote(key, safe="")


def all_of(pages: Iterable[list[Record]], decode: Callable[[Record], Found | None]) -> tuple[Found, ...]:
    """Everything the pages hold that can be read."""
    decoded = (decode(item) for page in pages for item in page)
    return tuple(one for one in decoded if one is not None)
