"""Finds what a lost nudge or a dead worker left behind, and carries on with everything that is due.

Everything here would also be right if it ran twice at the same moment.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet

from audiences.clock import ticking
from audiences.external.answers import UNCONFIRMED_LIMIT
from audiences.external.moves import move
from audiences.external.reconcile import reconcile
from audiences.external.send import send_due
from audiences.external.watch import read_runs, watch
from audiences.models import ExternalAudience, ExternalOperation, Workspace

S = ExternalOperation.State


def carry_on(workspace: Workspace, *, now: datetime | None = None) -> None:
    """One round: dead senders, deadlines, what is queued, in doubt, running, and lists to be read."""
    clock = ticking() if now is None else partial(_fixed, now)
    free_dead(workspace, clock())
    give_up(workspace, clock())
    send_due(workspace, clock=clock)
    reconcile(workspace, now=clock())
    watch(workspace, now=clock())
    read_runs(workspace, now=clock())


def _fixed(now: datetime) -> datetime:
    return now


def busy(now: datetime) -> QuerySet[Workspace]:
    """The workspaces where something is due."""
    here = {"workspace": OuterRef("pk")}
    queued = ExternalOperation.objects.filter(**here, state__in=(S.QUEUED, S.SENDING))
    due = ExternalOperation.objects.filter(
        **here, state__in=(S.UNCONFIRMED, S.RUNNING), next_check_at__lte=now
    )
    lists = ExternalAudience.objects.filter(**here, live=True, runs_due_at__lte=now)
    return Workspace.objects.filter(Exists(queued) | Exists(due) | Exists(lists))


def free_dead(workspace: Workspace, now: datetime) -> None:
    """An operation whose lease ended has lost its sender: whether the call was made is unknown.

    Unless the sender had not written down that it sends: it would have had to, and from now on it cannot.
    """
    dead = ExternalOperation.objects.filter(workspace=workspace, state=S.SENDING, lease_until__lt=now)
    for operation in dead.select_related("external", "workspace").order_by("pk"):
        lost = Q(attempts=operation.attempts, lease_until__lt=now)
        never = lost & Q(sending_at=None)
        if move(operation, S.QUEUED, what="not_sent", now=now, where=never, data={"reason": "sender_lost"}):
            continue
        move(
            operation, S.UNCONFIRMED, what="unconfirmed", now=now, where=lost, reason="sender_lost", checks=0,
            next_check_at=now, deadline=now + UNCONFIRMED_LIMIT, data={"reason": "sender_lost"},
        )  # fmt: skip


def give_up(workspace: Workspace, now: datetime) -> None:
    """What has not left by its deadline does not leave any more."""
    late = ExternalOperation.objects.filter(workspace=workspace, state=S.QUEUED, deadline__lte=now)
    for operation in late.select_related("external", "workspace"):
        if operation.reposted:
            move(operation, S.STOPPED, what="stopped", now=now, next_check_at=None)
            continue
        gone = {"live": False} if operation.kind == ExternalOperation.Kind.CREATE else {}
        move(operation, S.CANCELED, what="never_sent", now=now, audience=gone)
