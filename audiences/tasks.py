"""Celery tasks of the mirror: each calls a verb and stops."""

from __future__ import annotations

import structlog
from celery import shared_task

from audiences import clock, connection  # noqa: F401  a task too: Celery finds it through here
from audiences.external.sweep import busy, carry_on
from audiences.models import Workspace
from audiences.rounds import each
from audiences.sync import sync
from platforms.errors import PlatformError

log = structlog.get_logger(__name__)


@shared_task
def sync_workspace(workspace_id: int) -> None:
    """Mirror one workspace's catalogue."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        try:
            sync(workspace)
        except PlatformError as error:
            # Expected: noted on the workspace, and tried again by the next tick.
            log.warning("The catalogue could not be mirrored.", workspace=workspace.slug, code=error.code)


@shared_task
def sync_tick() -> None:
    """Every fifteen minutes: mirror every workspace, each in its own task."""
    for pk in Workspace.objects.values_list("pk", flat=True):
        sync_workspace.delay(pk)


@shared_task
def external(workspace_id: int) -> None:
    """Carry on with a workspace's external audiences."""
    each(Workspace.objects.filter(pk=workspace_id), carry_on)


@shared_task
def external_tick() -> None:
    """Every three seconds: the workspaces where something about external audiences is due."""
    each(busy(clock.now()), carry_on)
