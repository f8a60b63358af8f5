"""What a finding of the doctor is made of, and the commands it sends people to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

SWEEP = "Run: celery --app config call activations.tasks.sweep_tick"
WATCH = "Run: celery --app config call activations.tasks.watch_tick"
PAGES = "press “Check again” on the activation's page"


def sync(workspace_id: int) -> str:
    return f"Run: celery --app config call audiences.tasks.sync_workspace --args='[{workspace_id}]'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: what, since when, why, and what to do (the exact command where there is one).

    Level `act` is trouble; `note` explains what rightly waits, and troubles nobody.
    """

    code: str
    what: str
    why: str
    do: str
    since: datetime | None = None
    workspace: str = ""
    level: str = "act"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "since": self.since.isoformat() if self.since else None}
