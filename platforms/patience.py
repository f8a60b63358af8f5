"""Asking again: how reads are repeated, and which troubles may pass by themselves. Writes never come here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from platforms.answer import AnswerTooLarge
from platforms.errors import AnswerLost, AnswerUnreadable, PlatformFault, Throttled, Unreachable

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Patience:
    """How reads are repeated: a number of attempts within a budget of seconds, with growing pauses."""

    attempts: int = 4
    budget: float = 30.0
    first: float = 0.25
    most: float = 5.0
    jitter: float = 0.5


def ask(patience: Patience, read: Callable[[], Given]) -> Given:
    """Call `read` until it answers, patience runs out, or asking again cannot help.

    stamina does the waiting: exponential with jitter, or what the platform asked for in Retry-After when
    that still fits the budget.
    """
    ends = time.monotonic() + patience.budget

    def again(error: Exception) -> bool | float:
        if not _passes(error):
            return False
        wait = getattr(error, "retry_after", None)
        if wait is None:
            return time.monotonic() < ends
        wait += random.uniform(0, patience.jitter)  # noqa: S311
        return wait if time.monotonic() + wait <= ends else False

    for attempt in stamina.retry_context(
        on=again,
        attempts=patience.attempts,
        timeout=patience.budget,
        wait_initial=patience.first,
        wait_max=patience.most,
        wait_jitter=patience.jitter,
    ):
        with attempt:
            return read()
    raise AssertionError("unreachable: stamina re-raises the last error")


def _passes(error: Exception) -> bool:
    """Whether the trouble may pass by itself: 429, 5xx, silence, and bodies spoiled on the way."""
    if isinstance(error, AnswerUnreadable):
        return not isinstance(error, AnswerTooLarge) and (error.status or 0) < 300
    return isinstance(error, Throttled | Unreachable | PlatformFault | AnswerLost)
