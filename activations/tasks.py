"""Celery tasks: each calls a verb and stops. All may run twice at the same moment without harm."""

from __future__ import annotations

from celery import shared_task
from django.db.models import Exists, OuterRef
from django.utils import timezone

from activations import dispatch as dispatching
from activations import reconcile as reconciling
from activations import states
from activations import sweep as sweeping
from activations import watch as watching
from activations.models import Delivery, Job
from audiences.models import Workspace


@shared_task
def dispatch(workspace_id: int) -> None:
    """Send what may go in a workspace."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        dispatching.dispatch(workspace)


@shared_task
def watch(workspace_id: int) -> None:
    """Look into unconfirmed deliveries and due runs of a workspace."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        reconciling.reconcile(workspace)
        watching.watch(workspace)


@shared_task
def watch_tick() -> None:
    """Every two seconds: the workspaces where a question to the platform is due."""
    due = Delivery.objects.filter(
        workspace=OuterRef("pk"),
        state__in=(states.RUNNING, states.UNCONFIRMED),
        next_check_at__lte=timezone.now(),
    )
    for workspace in Workspace.objects.filter(Exists(due)):
        reconciling.reconcile(workspace)
        watching.watch(workspace)


@shared_task
def sweep_tick() -> None:
    """Every fifteen seconds: what may have been left behind, and schedules that are due.

    Due `Schedule` rows will be fired here, before the sweep, once schedules exist.
    """
    moving = Delivery.objects.filter(workspace=OuterRef("pk"), state__in=states.MOVING)
    sending = Job.objects.filter(workspace=OuterRef("pk"), outcome=Job.Outcome.SENDING)
    for workspace in Workspace.objects.filter(Exists(moving) | Exists(sending)):
        sweeping.sweep(workspace)
