"""Access tokens of Adobe's identity service, kept in memory until shortly before they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from platforms.adobe.config import AdobeConfig
from platforms.answer import Answer, redact
from platforms.decoding import Record, record, text
from platforms.envelopes import VERBATIM
from platforms.errors import CredentialsRefused, PlatformError, PlatformFault, Throttled, TokenUnavailable
from platforms.http import Call, Wire
from platforms.patience import Patience, ask

ENDPOINT = "/ims/token/v3"  # v2 and the JWT exchange are legacy (contract §13 no. 25)
RENEW_BEFORE = 500.0  # seconds; what AEPP uses (contract §2.1)
UNKNOWN_LIFETIME = 3_600.0


class Tokens:
    """Gives a valid token to any thread; only one of them fetches, the others wait for its result."""

    def __init__(
        self, config: AdobeConfig, wire: Wire, patience: Patience, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._wire = wire
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._renew_at = 0.0
        self._failure: tuple[float, PlatformError] | None = None

    def __repr__(self) -> str:
        return f"Tokens({self._config.client_id!r})"

    @property
    def kept(self) -> str | None:
        """The token in memory, valid or not."""
        return self._token

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be logged, stored or shown."""
        return tuple(known for known in (self._config.client_secret, self._token) if known)

    def current(self, *, instead_of: str | None = None) -> str:
        """A token; a new one when the kept one is `instead_of` (just refused) or about to expire.

        Raises TokenUnavailable or CredentialsRefused, both before anything was sent to the platform.
        """
        arrived = time.monotonic()
        kept = self._kept(instead_of)
        if kept is not None:
            return kept
        with self._lock:
            kept = self._kept(instead_of)
            if kept is not None:
                return kept
            if self._failure is not None and self._failure[0] >= arrived:
                raise self._failure[1]  # fetched and failed while we waited: the answer is ours too
            return self._renew()

    def _kept(self, instead_of: str | None) -> str | None:
        token = self._token
        return token if token and token != instead_of and self._clock() < self._renew_at else None

    def _renew(self) -> str:
        try:
            self._token, lifetime = ask(self._patience, self._fetch)
        except PlatformError as error:
            failure = self._as_token_error(error)
            self._failure = (time.monotonic(), failure)
            raise failure from (None if failure is error else error)
        self._renew_at = self._clock() + lifetime - min(RENEW_BEFORE, lifetime / 2)
        return self._token

    def _fetch(self) -> tuple[str, float]:
        config = self._config
        form = {
            "grant_type": "client_credentials",
            "client_id": config.client_id,
            "client_secret": config.client_secret,
            "scope": ",".join(config.scopes.replace(",", " ").split()),
        }
        answer = self._wire.send(
            Call(
                "POST",
                config.ims_url.rstrip("/") + ENDPOINT,
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                },
                content=urlencode(form).encode(),
            )
        )
        return self._read(answer)

    def _read(self, answer: Answer) -> tuple[str, float]:
        try:
            said = record(answer.json())
        except ValueError:
            said = {}
        token = text(said.get("access_token"))
        if answer.status == 200 and token:
            return token, _lifetime(said.get("expires_in"))
        raise self._refusal(answer, said)

    def _refusal(self, answer: Answer, said: Record) -> PlatformError:
        body = redact(answer.text, self.secrets)
        known: dict[str, Any] = {
            "verbatim": body[:VERBATIM],
            "status": answer.status,
            "request_id": answer.request_id,
            "body": body,
        }
        wait, word = answer.retry_after, text(said.get("error"))
        if answer.status == 429:
            return Throttled("Adobe's identity service asks to slow down.", retry_after=wait, **known)
        if 400 <= answer.status < 500 and word:
            field = _blamed(said)
            return CredentialsRefused(_BLAMED[field], field=field, vendor_code=word, **known)
        if answer.status >= 500:
            return PlatformFault("Adobe's identity service is in trouble.", retry_after=wait, **known)
        return TokenUnavailable(f"Adobe's identity service gave no token ({answer.status}).", **known)

    def _as_token_error(self, error: PlatformError) -> PlatformError:
        """Whatever kept the token from us, the call it was for has not been sent."""
        if isinstance(error, CredentialsRefused | TokenUnavailable):
            return error
        return TokenUnavailable(
            f"No access token: {error.summary}",
            retry_after=getattr(error, "retry_after", None),
            verbatim=error.verbatim,
            status=error.status,
            request_id=error.request_id,
            body=error.body,
        )


_BLAMED = {
    "scopes": "Adobe's identity service did not accept the scopes.",
    "key": "Adobe's identity service did not accept the client id.",
    "secret": "Adobe's identity service did not accept the client secret.",
}


def _blamed(said: Record) -> str:
    """IMS documents no error body (contract §2.1): OAuth's words are all there is to go by.

    When they do not tell key from secret, the secret is named: it is what expires and is rotated.
    """
    words = f"{said.get('error')} {said.get('error_description')}".lower().replace("_", " ")
    if "scope" in words:
        return "scopes"
    if "secret" in words:
        return "secret"
    return "key" if "client id" in words or "unauthorized client" in words else "secret"


def _lifetime(value: object) -> float:
    """Seconds a token lives; above a million it is milliseconds, as the old exchange wrote (contract §2.1)."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:18])
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e15:
        return UNKNOWN_LIFETIME
    return value / 1000 if value > 1_000_000 else float(value)
