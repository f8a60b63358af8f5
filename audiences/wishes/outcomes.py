"""What asking the platform for a wish can come to, besides the errors of the call itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from platforms.types import PlatformJob


@dataclass(frozen=True, slots=True)
class Granted:
    """The platform did it. `etag` is the dataflow's new version, `job` what the platform made of it."""

    etag: str = ""
    request_id: str = ""
    status: int | None = None
    job: PlatformJob | None = None


class Already(Exception):
    """It is so already; nothing was sent. Also how a lost answer turns out to have been a yes."""


class Meanwhile(Exception):
    """What the person saw is no longer so, and nothing was sent: the person is asked again."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__("changed meanwhile")
        self.found = found


class NotYet(Exception):
    """It cannot be asked for at this moment; nothing was sent. `wait` is in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"not before {wait} s")
        self.wait = wait
