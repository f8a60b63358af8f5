"""Celery tasks: each calls a verb and stops. All may run twice at the same moment without harm."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from celery import shared_task
from django.db.models import Exists, OuterRef
from structlog.contextvars import bound_contextvars

from activations import dispatch as dispatching
from activations import reconcile as reconciling
from activations import states
from activations import sweep as sweeping
from activations import watch as watching
from activations.models import Delivery, Hold, Job
from audiences import clock
from audiences.models import Workspace
from platforms.pace import Share, sharing

log = structlog.get_logger(__name__)


@shared_task
def dispatch(workspace_id: int) -> None:
    """Send what may go in a workspace."""
    _each(Workspace.objects.filter(pk=workspace_id), dispatching.dispatch, share=Share.SEND)


@shared_task
def watch(workspace_id: int) -> None:
    """Look into unconfirmed deliveries and due runs of a workspace."""
    _each(Workspace.objects.filter(pk=workspace_id), reconciling.reconcile, watching.watch)


@shared_task
def sweep(workspace_id: int) -> None:
    """Let go what is now allowed to go in a workspace."""
    _each(Workspace.objects.filter(pk=workspace_id), sweeping.sweep)


@shared_task
def watch_tick() -> None:
    """Every two seconds: the workspaces where a question to the platform is due."""
    due = Delivery.objects.filter(
        workspace=OuterRef("pk"),
        state__in=(states.RUNNING, states.UNCONFIRMED),
        next_check_at__lte=clock.now(),
    )
    _each(Workspace.objects.filter(Exists(due)), reconciling.reconcile, watching.watch)


@shared_task
def sweep_tick() -> None:
    """Every fifteen seconds: what may have been left behind, and schedules that are due.

    Due `Schedule` rows will be fired here, before the sweep, once schedules exist.
    """
    here = {"workspace": OuterRef("pk")}
    moving = Delivery.objects.filter(**here, state__in=states.MOVING)
    sending = Job.objects.filter(**here, outcome=Job.Outcome.SENDING)
    holding = Hold.objects.filter(**here)
    _each(Workspace.objects.filter(Exists(moving) | Exists(sending) | Exists(holding)), sweeping.sweep)


def _each(
    workspaces: Iterable[Workspace],
    *verbs: Callable[[Workspace], object],
    share: Share = Share.WATCH,
) -> None:
    """Every verb on every workspace; what fails for one must not keep the others waiting.

    Calls of the platform take from this share of the pace, and every log line names the workspace. The first
    error is raised at the end, so that the task is seen to have failed.
    """
    errors: list[Exception] = []
    for workspace in workspaces:
        for verb in verbs:
            try:
                with sharing(share), bound_contextvars(workspace=workspace.slug):
                    verb(workspace)
            except Exception as error:
                log.exception("A verb failed.", verb=verb.__name__, workspace=workspace.slug)
                errors.append(error)
    if errors:
        raise errors[0]
