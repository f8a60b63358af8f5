"""Signed calls to Adobe's gateway: headers, one fresh token on 401, reads repeated, writes never."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from platforms.adobe.auth import Tokens
from platforms.adobe.config import AdobeConfig
from platforms.adobe.envelopes import refusal, unreadable
from platforms.answer import Answer
from platforms.decoding import Record, dig, record, records, text
from platforms.errors import AnswerUnreadable, CredentialsRefused
from platforms.http import Call, Wire
from platforms.patience import Patience, ask

FLOW_SERVICE = "/data/foundation/flowservice"
SEGMENTATION = "/data/core/ups"
EXTERNAL_AUDIENCES = "/data/core/ais/external-audience"
SANDBOXES = "/data/foundation/sandbox-management/"
ACCESS_CONTROL = "/data/foundation/access-control"

PAGES_AT_MOST = 2_000

Params = Sequence[tuple[str, str]]
Sound = Callable[[Record], bool]


def having(key: str) -> Sound:
    """Sound is an object with this key."""
    return lambda said: key in said


class Gateway:
    """Everything the vocabulary modules need to talk to one sandbox."""

    def __init__(self, config: AdobeConfig, wire: Wire, tokens: Tokens, patience: Patience) -> None:
        self._config = config
        self._wire = wire
        self._tokens = tokens
        self._patience = patience

    @property
    def secrets(self) -> tuple[str, ...]:
        return self._tokens.secrets

    def get(
        self, path: str, params: Params = (), *, sound: Sound | None = None, sandboxed: bool = True
    ) -> Record:
        """One JSON object that is `sound`, read with patience.

        Raises the typed error of the last attempt; an object that is not sound is unreadable.
        """
        call = Call("GET", self._url(path), params=params)
        return ask(self._patience, lambda: self._read(call, sound, sandboxed))

    def inquire(self, path: str, body: object) -> Record:
        """A POST that only asks (effective policies): repeated like a read."""
        call = Call("POST", self._url(path), content=json.dumps(body).encode())
        return ask(self._patience, lambda: self._read(call, None, True))

    def post_once(
        self,
        path: str,
        body: object,
        *,
        accept: str | None,
        read_timeout: float,
        last: Callable[[], object] | None = None,
    ) -> Answer:
        """A POST with a body, sent once like every write."""
        return self.write_once("POST", path, body, accept=accept, read_timeout=read_timeout, last=last)

    def write_once(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        accept: str | None = "application/json",
        read_timeout: float | None = None,
        last: Callable[[], object] | None = None,
    ) -> Answer:
        """A write. Sent once; a second time only after a 401, which proves it was not processed.

        The token is had before anything is sent. `accept` goes with this request alone; None sends none.
        Without a body no content type is sent. `last` is called just before each sending; what it raises
        keeps the request back.
        """
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        call = Call(
            method,
            self._url(path),
            headers=headers or {},
            params=params,
            content=content,
            read_timeout=read_timeout,
            once=True,
            last=last,
        )
        return self._signed(call, accept, sandboxed=True)

    def pages(self, path: str, params: Params) -> Iterator[list[Record]]:
        """A Flow Service list page by page, by continuation token, the filters sent again each time.

        `_links.next.href` is relative and its token opaque (contract §4.4): the token alone is taken from
        it. A token that repeats would loop for ever and counts as unreadable.
        """
        seen: set[str] = set()
        token: str | None = None
        for _ in range(PAGES_AT_MOST):
            following = [("continuationToken", token)] if token else []
            answer = self.get(path, [*params, *following], sound=having("items"))
            yield records(answer["items"])
            token = continuation(answer)
            if token is None:
                return
            if token in seen:
                break
            seen.add(token)
        raise AnswerUnreadable(f"Adobe's list at {path} never ends.")

    def _read(self, call: Call, sound: Sound | None, sandboxed: bool) -> Record:
        answer = self._signed(call, "application/json", sandboxed)
        if not 200 <= answer.status < 300:
            raise refusal(answer, self.secrets)
        try:
            said = answer.json()
        except ValueError as error:
            raise unreadable(answer, "Adobe's answer is not JSON.", self.secrets) from error
        if not isinstance(said, dict) or (sound is not None and not sound(said)):
            raise unreadable(answer, "Adobe's answer lacks what it should have.", self.secrets)
        return said

    def _signed(self, call: Call, accept: str | None, sandboxed: bool) -> Answer:
        token = self._tokens.current()
        answer = self._wire.send(self._sign(call, token, accept, sandboxed))
        if answer.status != 401:
            return answer
        token = self._tokens.current(instead_of=token)
        return self._wire.send(self._sign(call, token, accept, sandboxed))

    def _sign(self, call: Call, token: str, accept: str | None, sandboxed: bool) -> Call:
        """All gateway headers (contract §1.2): the sandbox by name always, by id never."""
        config = self._config
        headers = {
            **call.headers,
            "Authorization": f"Bearer {sendable(token, 'token')}",
            "x-api-key": sendable(config.client_id, "key"),
            "x-gw-ims-org-id": sendable(config.org, "org"),
        }
        if sandboxed:
            headers["x-sandbox-name"] = sendable(config.sandbox, "sandbox")
        if accept is not None:
            headers["Accept"] = accept
        if call.content is not None:
            headers["Content-Type"] = "application/json"
        return replace(call, headers=headers)

    def _url(self, path: str) -> str:
        return self._config.platform_url.rstrip("/") + path


def sendable(value: str, field: str) -> str:
    """The value if it can stand in a header; otherwise the part of the credentials to correct."""
    if re.fullmatch(r"[\x21-\x7e]+", value):
        return value
    raise CredentialsRefused(
        "This value is empty or has characters that cannot be sent; nothing was sent.", field=field
    )


def continuation(answer: Record) -> str | None:
    """The continuation token of a Flow Service page, or None on the last one.

    A `+` in it is a plus: tokens are opaque and Adobe writes them into the link as they are.
    """
    following = dig(answer, "_links", "next")
    href = text(following) or text(record(following).get("href"))
    for part in (href or "").partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name == "continuationToken" and value:
            return unquote(value)
    return None


def single(answer: Record) -> Record | None:
    """A single object, whether it came bare or wrapped in `items` (contract §13 no. 16)."""
    if "items" in answer:
        return next(iter(records(answer["items"])), None)
    return answer if answer.get("id") else None
