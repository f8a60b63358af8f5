"""Tells the workers that there is something to do, after the commit. A lost nudge costs seconds: beat sweeps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from audiences.models import Workspace

log = structlog.get_logger(__name__)
# A nudge older than this is worthless: the sweep has been there.
WORTHLESS_AFTER = 60


def nudge(task: str, workspace_id: int, *args: str, after: timedelta = timedelta(0)) -> None:
    """Let `task` look at a workspace once the present transaction is committed, `after` so long."""
    transaction.on_commit(partial(_send, task, (workspace_id, *args), after))


def wishes_soon(workspace_id: int) -> None:
    """Nudge the worker that fulfils wishes."""
    nudge("audiences.tasks.fulfil_wishes", workspace_id)


def resyncs_soon(workspace_id: int) -> None:
    """Nudge the worker that fulfils wishes with which a resync begins. It lives where deliveries do, known here by
    its name alone."""
    nudge("activations.tasks.begin_resyncs", workspace_id)


def look_soon(workspace_id: int, audience: str) -> None:
    """Nudge a worker to read afresh what this audience (platform id) sends, at Segment."""
    nudge("audiences.tasks.look_at_audience", workspace_id, audience)


def sync_now(workspaces: Iterable[Workspace]) -> bool:
    """Ask a worker to mirror each of these; False when the broker does not answer. Somebody waits for it, so it
    does not expire as nudges do."""
    try:
        for workspace in workspaces:
            current_app.send_task("audiences.tasks.sync_workspace", (workspace.pk,))
    except (OperationalError, OSError):
        return False
    return True


def _send(task: str, args: tuple[int | str, ...], after: timedelta) -> None:
    wait = after.total_seconds()
    try:
        current_app.send_task(task, args, countdown=wait or None, expires=wait + WORTHLESS_AFTER)
    except (OperationalError, OSError) as error:
        log.warning("A nudge was lost; the sweep will find the work.", task=task, error=str(error))
