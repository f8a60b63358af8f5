"""How fast we call a platform: one pace per workspace, kept by every process that calls it.

Plain arithmetic on a small `State`, and a `Pacer` that a `Wire` asks before each request. Where the state
lives is a `Store`'s business (`audiences/pace.py` shares one through Redis).

Calls are parted into shares, each with a bucket of tokens of its own: however much is sent or mirrored,
a question about a running run finds its own token. A 429, or a burst of faults that the vendor calls
throttling (contract §1.5), halves the rate of all shares; time brings it back, so much a second.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Protocol, TypeVar

from platforms.errors import Throttled

Given = TypeVar("Given")
Three = tuple[float, float, float]


class Share(IntEnum):
    """What a call is for."""

    WATCH = 0
    SEND = 1
    READ = 2


# Watching costs one call per hundred runs and sending one per eighty deliveries; mirroring reads by the page.
PARTS: Three = (0.3, 0.2, 0.5)
_share: ContextVar[Share] = ContextVar("share", default=Share.READ)


@contextmanager
def sharing(share: Share) -> Iterator[None]:
    """Calls made in this block (and in the threads it starts through `together`) take from this share."""
    token = _share.set(share)
    try:
        yield
    finally:
        _share.reset(token)


@dataclass(frozen=True, slots=True)
class Policy:
    """The figures of a pace. `rate`: calls a second, all shares together, when the platform is well.

    `burst`: seconds' worth of calls that may go at once after a rest. `slowest`: the part of the rate that
    is left at worst. `recovery`: seconds from there back to the whole. `faults` within `window` seconds
    count as throttling. `longest`: seconds of silence a platform may ask for. `parts`: each share's part.
    """

    rate: float = 50.0
    burst: float = 4.0
    slowest: float = 0.04
    recovery: float = 120.0
    faults: int = 3
    window: float = 10.0
    longest: float = 3600.0
    parts: Three = PARTS

    @property
    def floor(self) -> float:
        return self.rate * self.slowest

    def room(self, share: int, rate: float) -> float:
        """The most tokens a share's bucket holds at this rate."""
        return max(1.0, rate * self.parts[share] * self.burst)


# A clock that goes back by more than this was set; less is two processes at the same moment.
CLOCK_WAS_SET = 5.0
# Refusals within so many seconds answer calls that left together: they slow us once.
ONCE_IN = 1.0
THROTTLED = 429
FAULTS = (500, 503)
REFUSALS = (THROTTLED, *FAULTS)


@dataclass(frozen=True, slots=True)
class State:
    """What is shared, in seconds of the store's clock: tokens and silence per share, the rate, the faults."""

    at: float
    rate: float
    tokens: Three
    held: Three = (0.0, 0.0, 0.0)
    slowed_at: float = -1.0
    faults: int = 0
    faults_at: float = 0.0

    def written(self) -> str:
        figures = (self.at, self.rate, *self.tokens, *self.held, self.slowed_at, self.faults, self.faults_at)
        return " ".join(f"{figure:.6f}".rstrip("0").rstrip(".") for figure in figures)

    @classmethod
    def read(cls, text: str) -> State | None:
        """The state that `written` wrote; None for anything else, which is then begun anew."""
        try:
            at, rate, t0, t1, t2, h0, h1, h2, slowed, faults, since = (float(word) for word in text.split())
        except ValueError:
            return None
        return cls(at, rate, (t0, t1, t2), (h0, h1, h2), slowed, int(faults), since)


def fresh(now: float, policy: Policy) -> State:
    """The state after a long rest."""
    full = [policy.room(share, policy.rate) for share in Share]
    return State(now, policy.rate, (full[0], full[1], full[2]))


def brought_to(state: State | None, now: float, policy: Policy) -> State:
    """The state at `now`: tokens have come, and the rate has grown back a little."""
    if state is None:
        return fresh(now, policy)
    if state.at > now + CLOCK_WAS_SET:
        state = _moved_back(state, state.at - now)
    passed = max(0.0, now - state.at)
    grown = (policy.rate - policy.floor) * passed / policy.recovery
    rate = min(policy.rate, max(policy.floor, state.rate + grown))
    come = [
        min(policy.room(share, rate), state.tokens[share] + rate * policy.parts[share] * passed)
        for share in Share
    ]
    return replace(state, at=max(now, state.at), rate=rate, tokens=(come[0], come[1], come[2]))


def _moved_back(state: State, by: float) -> State:
    held = (state.held[0] - by, state.held[1] - by, state.held[2] - by)
    return replace(
        state, at=state.at - by, held=held, slowed_at=state.slowed_at - by, faults_at=state.faults_at - by
    )


def one_share(per_minute: int) -> Policy:
    """The policy of a single operation with a documented limit: half of it at once after a rest, the rest
    evenly, so that no window of a minute, however it is cut, sees more. All kinds of call share it."""
    return Policy(rate=per_minute / 120, burst=60.0, parts=(0.0, 0.0, 1.0))


def take(state: State | None, now: float, share: Share, policy: Policy) -> tuple[State, float]:
    """Take a token; returns the new state and 0, or the seconds to wait before asking again."""
    state = brought_to(state, now, policy)
    silence = state.held[share] - now
    if silence > 0:
        return state, min(silence, policy.longest)
    if state.tokens[share] >= 1:
        return replace(state, tokens=_with(state.tokens, share, state.tokens[share] - 1)), 0.0
    return state, (1 - state.tokens[share]) / (state.rate * policy.parts[share])


def told(
    state: State | None,
    now: float,
    share: Share,
    policy: Policy,
    *,
    status: int,
    retry_after: float | None = None,
) -> State:
    """What an answer teaches: 429 and bursts of faults slow us down, and silence that is asked for is kept,
    also by a success that says it was the last one for now."""
    state = brought_to(state, now, policy)
    if status in FAULTS:
        begun = now - state.faults_at > policy.window
        counted = 1 if begun else state.faults + 1
        state = replace(state, faults=counted, faults_at=now if begun else state.faults_at)
        if counted < policy.faults and retry_after is None:
            return state
    if retry_after is not None:
        until = now + min(max(retry_after, 0.0), policy.longest)
        state = replace(state, held=_with(state.held, share, max(state.held[share], until)))
    return _slowed(state, now, share, policy) if status in REFUSALS else state


def _slowed(state: State, now: float, share: Share, policy: Policy) -> State:
    """Half the rate, and nothing left of what this share had saved."""
    if now - state.slowed_at < ONCE_IN:
        return state
    empty = _with(state.tokens, share, 0.0)
    return replace(state, rate=max(policy.floor, state.rate / 2), tokens=empty, slowed_at=now, faults=0)


def _with(three: Three, share: int, value: float) -> Three:
    return (
        value if share == 0 else three[0],
        value if share == 1 else three[1],
        value if share == 2 else three[2],
    )


class Store(Protocol):
    """Keeps one pace. `change` applies a step to what is kept, as if nobody else did so meanwhile.

    A step gets the present state (None: nothing is kept) and the store's time, and gives the new state
    with its result.
    """

    def change(self, step: Callable[[State | None, float], tuple[State, Given]]) -> Given: ...


class Memory:
    """The pace of this process alone: for tests, and when nothing shared answers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.state: State | None = None

    def change(self, step: Callable[[State | None, float], tuple[State, Given]]) -> Given:
        with self._lock:
            self.state, given = step(self.state, self._clock())
            return given


class Pacer:
    """Holds a call back until its token is there, and learns from the answers. Safe from any thread.

    With `share`, every call takes from that one, whatever it is for.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        *,
        sleep: Callable[[float], object] = time.sleep,
        patience: float = 5.0,
        share: Share | None = None,
    ) -> None:
        self._share = share
        self._store = store
        self._policy = policy
        self._sleep = sleep
        self._patience = patience

    def before(self, *, write: bool = False) -> None:
        """Wait for a token, `patience` seconds at most; raises Throttled when that is not enough.

        A write takes from the share of sending, whoever makes it.
        """
        share = self._of(write)
        left = self._patience
        while wait := self._store.change(lambda state, now: take(state, now, share, self._policy)):
            if wait > left:
                raise Throttled("Our own pace holds this call back; nothing was sent.", retry_after=wait)
            left -= wait
            # A little more, so that those who wait for the same token do not all come at once.
            self._sleep(wait * random.uniform(1.0, 1.1))  # noqa: S311

    def after(self, status: int, retry_after: float | None, *, write: bool = False) -> None:
        """Tell what the platform answered. Costs nothing unless it is a refusal, a fault, or a success
        that asks for silence."""
        if status not in REFUSALS and (status >= 400 or retry_after is None):
            return
        share = self._of(write)
        self._store.change(
            lambda state, now: (
                told(state, now, share, self._policy, status=status, retry_after=retry_after),
                None,
            )
        )

    def _of(self, write: bool) -> Share:
        if self._share is not None:
            return self._share
        return Share.SEND if write else _share.get()
