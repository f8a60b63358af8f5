"""One bounded HTTP exchange at a time, vendor-neutral: what was sent, what came back, what is unknown.

Nothing here knows a vendor's envelope. `Wire.send` returns any answer the server gave, whatever its
status, and raises only when there was none: `Unreachable` (nothing was processed) or `AnswerLost`.
Nothing is repeated here: `platforms/patience.py` does that, for reads.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import httpx
import structlog

from platforms.answer import KEPT_BYTES, Answer, Flaw, wait_said
from platforms.errors import AnswerLost, PlatformError, Unreachable
from platforms.farclock import FarClock
from platforms.pace import Pacer

log = structlog.get_logger(__name__)

Asked = TypeVar("Asked")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds each phase may take, and how much of an answer is read."""

    connect: float = 5.0
    read: float = 30.0
    write: float = 30.0
    pool: float = 5.0
    answer_bytes: int = 64 * 1024 * 1024
    answer_seconds: float = 120.0

    def timeout(self, read: float | None = None) -> httpx.Timeout:
        return httpx.Timeout(connect=self.connect, read=read or self.read, write=self.write, pool=self.pool)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `once` marks a write: its own connection, and nothing repeats it.

    `last` is called when nothing is left to wait for; what it raises keeps the request back. `pace` is that
    of its own kind of call, where the vendor counts kinds apart.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Sequence[tuple[str, str]] = ()
    content: bytes | None = field(default=None, repr=False)
    read_timeout: float | None = None
    once: bool = False
    last: Callable[[], object] | None = field(default=None, repr=False)
    pace: Pacer | None = field(default=None, repr=False)


@cache
def _trust() -> ssl.SSLContext:
    """Certificates are verified, always. One context per process: loading them takes 20 ms."""
    return httpx.create_ssl_context()


class Wire:
    """Sends requests over kept connections, from any thread; `close` when done.

    Proxies of the environment are used (companies sit behind them), but never towards loopback, where
    only a stand-in can live. Redirects are answers like any other: a redirected POST would be a second
    POST. `Accept` has no default, because its absence means something to some vendors.

    `heed` reads how long an answer asks us to be silent.

    Writes get a connection of their own. A kept one may have been closed by the server at the very
    moment we write, which looks like a lost answer though nothing was processed: a false unknown costs a
    person minutes, a fresh connection one or two round trips (1.5 ms measured on loopback).
    """

    def __init__(
        self,
        *,
        transport: httpx.BaseTransport | None = None,
        limits: Limits | None = None,
        pace: Pacer | None = None,
        heed: Callable[[Answer], float | None] = wait_said,
    ) -> None:
        self._heed = heed
        self._limits = limits or Limits()
        self.far_clock = FarClock()
        self._pace = pace
        kept = httpx.Limits(max_connections=24, max_keepalive_connections=24, keepalive_expiry=30.0)
        single = httpx.Limits(max_connections=24, max_keepalive_connections=0)
        self._kept, self._single = (
            httpx.Client(
                transport=transport,
                limits=limits_of_pool,
                timeout=self._limits.timeout(),
                verify=_trust(),
                follow_redirects=False,
                trust_env=True,
                mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
            )
            for limits_of_pool in (kept, single)
        )
        for client in (self._kept, self._single):
            del client.headers["accept"]

    def close(self) -> None:
        self._kept.close()
        self._single.close()

    def send(self, call: Call) -> Answer:
        """One exchange. Raises Unreachable or AnswerLost; every answer, even a 500, is returned.

        Raises Throttled, and sends nothing, when our own pace would hold it back for long.
        """
        paces = [pace for pace in (call.pace, self._pace) if pace is not None]
        for pace in paces:
            pace.before(write=call.once)
        if call.last is not None:
            call.last()
        started = time.perf_counter()
        try:
            answer = self._exchange(call)
        except PlatformError as error:
            _note(call, started, outcome=error.code)
            raise
        for pace in paces[:1]:
            # The narrower one learns; what everything must heed, every kind of call soon hears itself.
            pace.after(answer.status, self._heed(answer), write=call.once)
        self.far_clock.hear(answer.headers.get("date"))
        _note(call, started, status=answer.status, request_id=answer.request_id)
        return answer

    def _exchange(self, call: Call) -> Answer:
        client = self._single if call.once else self._kept
        try:
            request = client.build_request(
                call.method,
                call.url,
                headers=dict(call.headers),
                params=list(call.params) or None,
                content=call.content,
                timeout=self._limits.timeout(call.read_timeout),
            )
            response = client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise silence(error) from error
        try:
            content, flaw = self._collect(response)
        finally:
            with suppress(httpx.TransportError):  # the answer is in; how the line ends tells nothing
                response.close()
        return Answer(response.status_code, response.headers, content, flaw)

    def _collect(self, response: httpx.Response) -> tuple[bytes, Flaw | None]:
        kept = bytearray()
        ends = time.monotonic() + self._limits.answer_seconds
        try:
            for chunk in response.iter_bytes():
                kept += chunk
                if len(kept) > self._limits.answer_bytes:
                    return bytes(kept[:KEPT_BYTES]), Flaw.TOO_LARGE
                if time.monotonic() > ends:
                    return bytes(kept[:KEPT_BYTES]), Flaw.CUT
        except httpx.DecodingError:
            return bytes(kept[:KEPT_BYTES]), Flaw.GARBLED
        except httpx.TransportError:
            return bytes(kept[:KEPT_BYTES]), Flaw.CUT
        return bytes(kept), None


_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,  # the request could not even be written down
    httpx.InvalidURL,
    UnicodeError,  # a host name that cannot be one
)


def silence(error: Exception) -> PlatformError:
    """What a missing answer means for the effect of the request."""
    kind = type(error).__name__
    if isinstance(error, _NOT_SENT):
        return Unreachable(f"The platform could not be reached ({kind}).")
    return AnswerLost(f"The request was sent, but no answer came back ({kind}).")


def _note(call: Call, started: float, **known: object) -> None:
    took = round((time.perf_counter() - started) * 1000)
    status = known.get("status")
    speak = log.debug if isinstance(status, int) and status < 400 and not call.once else log.info
    speak("Platform call", method=call.method, path=httpx.URL(call.url).path, ms=took, **known)


def together(width: int, call: Callable[[Asked], Given], items: Iterable[Asked]) -> Iterator[Given]:
    """Results of `call` for each item as they arrive, at most `width` at once; the first error ends it.

    The threads know what the caller's context knows: what the calls are for, and what logs should name.
    """
    with ThreadPoolExecutor(max_workers=width) as pool:
        futures = [pool.submit(copy_context().run, call, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
