"""Celery tasks of the mirror: each calls a verb and stops."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.db.models import Q, QuerySet

from audiences import clock, connection, fresh_segment, nudges  # noqa: F401  a task too: Celery finds it through here
from audiences.clients import client_for, segment_client_for
from audiences.external.sweep import busy, carry_on
from audiences.fresh import look_again
from audiences.models import Dataflow, PlatformJob, Wish, Workspace
from audiences.rounds import each
from audiences.sync import sync
from audiences.wishes import states
from audiences.wishes.jobs import FOLLOWED_FOR, OVER, follow
from audiences.wishes.work import fulfil_all
from platforms.errors import PlatformError
from platforms.pace import Share

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
def fulfil_wishes(workspace_id: int) -> None:
    """Ask the platform for what people wish in a workspace."""
    each(Workspace.objects.filter(pk=workspace_id), fulfil_all, share=Share.SEND)


@shared_task
def wish_tick() -> None:
    """Every five seconds: the workspaces where a wish is due, or was left behind, each in its own task."""
    now = clock.now()
    due = Q(state__in=states.WAITING) & (Q(next_at__lte=now) | Q(deadline__lte=now))
    left = Q(state=states.SENDING, lease_until__lt=now)
    waiting = Wish.objects.filter(due | left).order_by()
    for pk in waiting.plain().values_list("workspace", flat=True).distinct():
        fulfil_wishes.delay(pk)
    for pk in waiting.resyncing().values_list("workspace", flat=True).distinct():
        nudges.resyncs_soon(pk)


@shared_task
def follow_jobs(workspace_id: int) -> None:
    """Read how the evaluations and exports stand that are going on in a workspace."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        jobs = list(open_jobs().filter(workspace=workspace).select_related("workspace"))
        try:
            follow(client_for(workspace), jobs)
        except PlatformError as error:
            log.warning("Jobs could not be followed.", workspace=workspace.slug, code=error.code)


@shared_task
def job_tick() -> None:
    """Every ten seconds: the workspaces where a job is going on that somebody asked for."""
    for pk in open_jobs().filter(scheduled=False).order_by().values_list("workspace", flat=True).distinct():
        follow_jobs.delay(pk)


def open_jobs() -> QuerySet[PlatformJob]:
    since = clock.now() - FOLLOWED_FOR
    rows = PlatformJob.objects.filter(vanished_at=None, created_at__gt=since)
    return rows.exclude(status__in=(*OVER, "unknown"))


@shared_task
def look_at(workspace_id: int, *dataflows: str) -> None:
    """Read these dataflows afresh: the platform said something about them that the mirror did not know."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        try:
            if workspace.is_segment:
                held = Dataflow.objects.filter(workspace=workspace, platform_id__in=dataflows)
                audiences = set(held.values_list("audience__platform_id", flat=True)) - {None}
                fresh_segment.look_again(workspace, segment_client_for(workspace), audiences)
            else:
                look_again(workspace, client_for(workspace), dataflows)
        except PlatformError as error:
            log.warning("A dataflow could not be read again.", workspace=workspace.slug, code=error.code)


@shared_task
def look_at_audience(workspace_id: int, audience: str) -> None:
    """Read afresh what one audience of a Segment space sends."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        try:
            fresh_segment.look_again(workspace, segment_client_for(workspace), {audience})
        except PlatformError as error:
            log.warning("An audience could not be read again.", workspace=workspace.slug, code=error.code)


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
