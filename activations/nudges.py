"""Tells the workers that there is something to do, after the commit. A lost nudge costs seconds: beat sweeps."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
# A nudge older than this is worthless: the sweep has been there.
WORTHLESS_AFTER = 60


def dispatch_soon(workspace_id: int, *, after: timedelta = timedelta(0)) -> None:
    """Nudge dispatch once the present transaction is committed, `after` so long."""
    transaction.on_commit(partial(_send, "activations.tasks.dispatch", workspace_id, after))


def watch_soon(workspace_id: int) -> None:
    """Nudge the watch and the reconciliation once the present transaction is committed."""
    transaction.on_commit(partial(_send, "activations.tasks.watch", workspace_id))


def sweep_soon(workspace_id: int) -> None:
    """Nudge the sweep once the present transaction is committed: what waits may be allowed to go."""
    transaction.on_commit(partial(_send, "activations.tasks.sweep", workspace_id))


def _send(task: str, workspace_id: int, after: timedelta = timedelta(0)) -> None:
    wait = after.total_seconds()
    try:
        current_app.send_task(task, (workspace_id,), countdown=wait or None, expires=wait + WORTHLESS_AFTER)
    except (OperationalError, OSError) as error:
        log.warning("A nudge was lost; the sweep will find the work.", task=task, error=str(error))
