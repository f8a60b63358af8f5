"""The job budget of a UTC day, counted from our own ledger; where it is hard, nothing leaves beyond it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from activations import states
from activations.courses import arm
from activations.models import Delivery, Job
from activations.moves import lock
from activations.preflight import Finding, over_budget_finding
from audiences.models import Workspace
from audiences.models.workspaces import OverBudget

# One lock of PostgreSQL's per workspace, beside its tables: claims of a workspace with a hard budget take turns.
CLAIMS = 0x6A6F6273


def jobs_today(workspace: Workspace, now: datetime) -> int:
    """Jobs that reached the platform this UTC day, or may have: what the job budget counts.

    A refused job counts, because the only guide that names a budget does not say that refusals are free; a
    job whose outcome is unknown counts, because it may have been taken. One that was never sent does not.
    """
    counted = Job.objects.filter(workspace=workspace, created_at__gte=_midnight(now))
    return counted.exclude(outcome=Job.Outcome.NOT_SENT).count()


def calls_lately(workspace: Workspace, now: datetime) -> int:
    """Jobs of the last minute: what Segment's limits count."""
    return Job.objects.filter(workspace=workspace, created_at__gt=now - timedelta(minutes=1)).count()


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_day(now: datetime) -> datetime:
    """When the next UTC day begins."""
    return _midnight(now) + timedelta(days=1)


def is_hard(workspace: Workspace) -> bool:
    # Adobe's guide names the budget; Segment names none.
    return not workspace.is_segment and bool(workspace.over_budget == OverBudget.WAIT)


def leaves_room(workspace: Workspace, now: datetime) -> bool:
    """Whether one more job may be claimed. Inside the claim's transaction: another claim of this workspace
    waits until that is over, and then counts its job."""
    if not is_hard(workspace):
        return True
    _take_turns(workspace)
    return jobs_today(workspace, now) < workspace.jobs_per_day


def _take_turns(workspace: Workspace) -> None:
    # SQLite has one writer at a time anyway. No row is locked: a claim waits for activations that others
    # hold, and those others may wait for any row of ours.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [CLAIMS, workspace.pk])


def hold_back(workspace: Workspace, now: datetime) -> bool:
    """Whether the budget keeps everything from leaving today; what was queued is armed then, and says so.

    Those that go a second time stay queued, as beside a pause: of them nobody may say that nothing was sent.
    """
    if not is_hard(workspace) or jobs_today(workspace, now) < workspace.jobs_per_day:
        return False
    queued = Delivery.objects.filter(workspace=workspace, state=states.QUEUED)
    queued.exclude(posted_at=None).update(reason=waits(workspace, now).code)
    waiting = list(queued.filter(posted_at=None).select_related("audience", "workspace").order_by("pk"))
    with transaction.atomic():
        lock(waiting)
        arm(waiting, waits(workspace, now), now, not_before=next_day(now))
    return True


def waits(workspace: Workspace, now: datetime) -> Finding:
    return over_budget_finding(jobs_today(workspace, now), workspace.jobs_per_day, now)
