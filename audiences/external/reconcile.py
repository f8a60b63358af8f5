"""Finds out what became of operations whose call's outcome is unknown: one path for every way of not knowing.

A creation is looked up by its name among the audiences, an ingestion or extension among the runs, an update or
deletion by what the audience shows. Without a trace after the grace it goes once more, because the platform
itself answers a second one (duplicate, in progress). Whatever stays unknown is for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F

from audiences.clients import client_for
from audiences.external.answers import created, follow, refuse, show, succeed
from audiences.external.moves import move
from audiences.external.taking import take
from audiences.models import ExternalAudience, ExternalOperation, Workspace
from platforms import types
from platforms.adobe import AdobeClient
from platforms.errors import PlatformError

log = structlog.get_logger(__name__)

K, S = ExternalOperation.Kind, ExternalOperation.State

CLOCK_SKEW = timedelta(seconds=settings.CLOCK_SKEW)
GRACE = timedelta(seconds=settings.RECONCILE_GRACE)
ASK_AGAIN = timedelta(seconds=5)
# Adobe's lists come empty now and then: so many looks must agree.
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Trace:
    """What a look found: the audience made, the run begun, or that an update or deletion is seen to be done."""

    audience: types.Audience | None = None
    run: str = ""
    existed: bool = False


def reconcile(workspace: Workspace, *, now: datetime) -> int:
    """Look into the unconfirmed operations that are due; returns how many are known now."""
    known = 0
    for operation in take(workspace, S.UNCONFIRMED, now):
        try:
            trace = look(client_for(workspace), operation)
        except PlatformError as error:
            log.warning(
                "What became of an operation could not be asked.", operation=operation.pk, code=error.code
            )
            known += _give_up(operation, now) if operation.deadline <= now else _later(operation, now)
            continue
        known += _found(operation, trace, now) if trace else _without_trace(operation, now)
    return known


def look(client: AdobeClient, operation: ExternalOperation) -> Trace | None:
    """The platform's evidence that the call had its effect; None when there is none."""
    if operation.kind == K.CREATE:
        return _named(client, operation)
    if operation.kind in (K.INGEST, K.EXTEND):
        return _begun(client, operation)
    return _shown(client, operation)


def _sent(operation: ExternalOperation) -> datetime:
    return (operation.posted_at or operation.state_since) - CLOCK_SKEW


def _named(client: AdobeClient, operation: ExternalOperation) -> Trace | None:
    """The audience of this name, ours before others'. One that is older counts only where Adobe said "duplicate"."""
    external = operation.external
    followed = ExternalAudience.objects.filter(
        workspace=operation.workspace, live=True, external_id__isnull=False
    )
    taken = set(followed.exclude(pk=external.pk).values_list("external_id", flat=True))
    found = [one for one in client.externals.named(external.name) if (one.external_id or one.id) not in taken]
    duplicate = operation.reason == "duplicate"
    since = _sent(operation)
    ours = [one for one in found if one.created_at is not None and one.created_at >= since]
    if duplicate and not operation.reposted:
        # Our only call made nothing: whatever is there is somebody else's.
        ours = []
    if ours:
        return Trace(audience=min(ours, key=lambda one: one.created_at or since))
    return Trace(audience=found[0], existed=True) if found and duplicate else None


def _begun(client: AdobeClient, operation: ExternalOperation) -> Trace | None:
    """A run begun since the call that no other operation follows."""
    known = operation.external.operations.exclude(platform_id="").values_list("platform_id", flat=True)
    since, claimed = _sent(operation), set(known)
    fresh = [
        run
        for run in client.externals.ingestions(operation.external.external_id or "")
        if run.id not in claimed and run.created_at is not None and run.created_at >= since
    ]
    return Trace(run=fresh[-1].id) if fresh else None


def _shown(client: AdobeClient, operation: ExternalOperation) -> Trace | None:
    """Whether the audience shows the change, or is gone. Labels of columns are shown nowhere."""
    listed = client.externals.by_external_id(operation.external.external_id or "")
    if operation.kind == K.DELETE:
        return Trace() if listed is None and operation.checks + 1 >= LOOKS else None
    change = operation.change
    seen: dict[str, Any] = {} if listed is None else {
        "description": listed.description, "ttl_days": listed.ttl_days, "labels": list(listed.labels),
    }  # fmt: skip
    if "field_labels" in change or any(seen.get(name) != value for name, value in change.items()):
        return None
    return Trace(audience=listed)


def _found(operation: ExternalOperation, trace: Trace, now: datetime) -> int:
    if operation.kind == K.CREATE and trace.audience is not None:
        return _made(operation, trace.audience, trace.existed, now)
    if operation.kind == K.INGEST:
        return follow(operation, trace.run, what="found", now=now, reason="", verbatim="", field="")
    if trace.audience is not None:
        show(operation.workspace, trace.audience, now)
    return succeed(operation, what="found", now=now, reason="", verbatim="", field="")


def _made(operation: ExternalOperation, listed: types.Audience, existed: bool, now: datetime) -> int:
    """The audience of a creation in doubt. One that existed before keeps what it has, not what was asked for."""
    more: dict[str, Any] = {"runs_due_at": now}
    if existed:
        more |= {"found": True, "ttl_days": listed.ttl_days or operation.external.ttl_days}
    what = "existed" if existed else "found"
    return created(operation, listed.external_id or listed.id, listed, what=what, now=now, **more)


def _without_trace(operation: ExternalOperation, now: datetime) -> int:
    """Wait within the grace; after it send once more, or say what a last look allows to be said."""
    looked = operation.checks + 1 >= LOOKS
    ripe = looked and operation.state_since + GRACE <= now
    if looked and operation.deadline <= now:
        return _give_up(operation, now)
    duplicate = operation.reason == "duplicate"
    if not ripe or (duplicate and operation.reposted):
        # A duplicate after a call in doubt is most likely ours: it is listed once it is made.
        return _later(operation, now, looked=1)
    if operation.reposted or duplicate:
        return _give_up(operation, now)
    return move(
        operation, S.QUEUED, what="sent_again", now=now, reposted=True, not_before=None, next_check_at=None,
        deadline=now + operation.workspace.send_limit,
    )  # fmt: skip


def _give_up(operation: ExternalOperation, now: datetime) -> int:
    """The end of looking. A refusal without a trace of an earlier effect was a refusal."""
    if operation.status is not None and 400 <= operation.status < 500:
        return refuse(operation, now=now)
    return move(operation, S.STOPPED, what="stopped", now=now, next_check_at=None)


def _later(operation: ExternalOperation, now: datetime, *, looked: int = 0) -> int:
    """Ask again in a moment; `checks` counts the looks that were answered."""
    rows = ExternalOperation.objects.filter(pk=operation.pk, state=S.UNCONFIRMED)
    rows.update(next_check_at=now + ASK_AGAIN, checks=F("checks") + looked)
    return 0
