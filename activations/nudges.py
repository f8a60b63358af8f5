"""The nudges of a press: dispatch, watch and sweep, told that there is something to do."""

from __future__ import annotations

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
