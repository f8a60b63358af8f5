"""What asking the platform for a wish can come to, besides the errors of the call itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from platforms.errors import Refused

Settle = Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Granted:
    """The platform did it. `settle` makes the mirror say so, at a moment by the platform's clock; it runs in
    the transaction in which the wish is done. `answer` is the body for the record, secrets struck out."""

    settle: Settle | None = None
    request_id: str = ""
    status: int | None = None
    answer: str = ""


class Already(Exception):
    """It is so already; nothing was sent. Also how a lost answer turns out to have been a yes.

    `settle` is as in `Granted`.
    """

    def __init__(self, settle: Settle | None = None) -> None:
        super().__init__("so already")
        self.settle = settle


class Meanwhile(Exception):
    """What the person saw is no longer so, and nothing was sent: the person is asked again."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__("changed meanwhile")
        self.found = found


class NotYet(Exception):
    """It cannot be asked for at this moment, for this `reason`; nothing was sent. `wait` is in seconds."""

    def __init__(self, wait: float, reason: str = "dataflow_busy") -> None:
        super().__init__(f"not before {wait} s")
        self.wait = wait
        self.reason = reason


class Denied(Exception):
    """The platform said no for a reason that can be told better than its answer does; nothing happened.

    `found` is what was read about it.
    """

    def __init__(self, reason: str, error: Refused, found: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error
        self.found = found or {}
