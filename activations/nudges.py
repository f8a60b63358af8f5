"""The nudges of a press: dispatch, watch and sweep, told that there is something to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from audiences.nudges import nudge


def dispatch_soon(workspace_id: int, *, after: timedelta = timedelta(0)) -> None:
    """Nudge dispatch once the present transaction is committed, `after` so long."""
    nudge("activations.tasks.dispatch", workspace_id, after=after)


def watch_soon(workspace_id: int) -> None:
    """Nudge the watch and the reconciliation once the present transaction is committed."""
    nudge("activations.tasks.watch", workspace_id)


def sweep_soon(workspace_id: int) -> None:
    """Nudge the sweep once the present transaction is committed: what waits may be allowed to go."""
    nudge("activations.tasks.sweep", workspace_id)


def look_soon(workspace_id: int, dataflows: Iterable[str]) -> None:
    """Have these dataflows (platform ids) read again: the mirror is behind what the platform says."""
    nudge("audiences.tasks.look_at", workspace_id, *sorted(set(dataflows)))
