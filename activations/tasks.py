"""Celery tasks: each calls a verb and stops. All may run twice at the same moment without harm."""

from __future__ import annotations

from celery import shared_task
from django.db.models import Exists, OuterRef

from activations import beginnings, firing, links, states
from activations import chain as chaining
from activations import dispatch as dispatching
from activations import reconcile as reconciling
from activations import sweep as sweeping
from activations import tally as tallying
from activations import watch as watching
from activations.models import Chain, Delivery, Hold, Job
from activations.models.chains import GOING_ON
from audiences import clock
from audiences.models import Workspace
from audiences.rounds import each
from platforms.pace import Share


@shared_task
def dispatch(workspace_id: int) -> None:
    """Send what may go in a workspace."""
    each(Workspace.objects.filter(pk=workspace_id), dispatching.dispatch, share=Share.SEND)


@shared_task
def begin_resyncs(workspace_id: int) -> None:
    """Add the activations of a workspace that send everybody at once; their deliveries follow."""
    each(Workspace.objects.filter(pk=workspace_id), beginnings.begin_all, share=Share.SEND)


@shared_task
def watch(workspace_id: int) -> None:
    """Look into unconfirmed deliveries, due runs and due counts of a workspace."""
    each(Workspace.objects.filter(pk=workspace_id), reconciling.reconcile, watching.watch, tallying.tally)


@shared_task
def sweep(workspace_id: int) -> None:
    """Let go what is now allowed to go in a workspace."""
    each(Workspace.objects.filter(pk=workspace_id), sweeping.sweep)


@shared_task
def chain_tick() -> None:
    """Every five seconds: the workspaces where a chain is going on."""
    going_on = Chain.objects.filter(workspace=OuterRef("pk"), state__in=GOING_ON)
    each(Workspace.objects.filter(Exists(going_on)), chaining.advance_all)


@shared_task
def fire_schedule(schedule_id: int) -> None:
    """Press what is due of a schedule."""
    firing.fire(schedule_id)


@shared_task
def schedule_tick() -> None:
    """Every minute: the schedules that are due, each in its own task."""
    for pk in firing.due(clock.now()).values_list("pk", flat=True):
        fire_schedule.delay(pk)


@shared_task
def link_tick() -> None:
    """Every hour: share links that were over long ago."""
    links.forget(clock.now())


@shared_task
def watch_tick() -> None:
    """Every two seconds: the workspaces where a question to the platform is due."""
    due = Delivery.objects.filter(
        workspace=OuterRef("pk"),
        state__in=(states.RUNNING, states.UNCONFIRMED, states.FINISHED),
        next_check_at__lte=clock.now(),
    )
    each(Workspace.objects.filter(Exists(due)), reconciling.reconcile, watching.watch, tallying.tally)


@shared_task
def sweep_tick() -> None:
    """Every fifteen seconds: what may have been left behind."""
    here = {"workspace": OuterRef("pk")}
    moving = Delivery.objects.filter(**here, state__in=states.MOVING)
    sending = Job.objects.filter(**here, outcome=Job.Outcome.SENDING)
    holding = Hold.objects.filter(**here)
    each(Workspace.objects.filter(Exists(moving) | Exists(sending) | Exists(holding)), sweeping.sweep)
