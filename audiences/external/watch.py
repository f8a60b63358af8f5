"""Follows what the platform began, stage by stage, to its end; and reads the list of ingestions when it is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from audiences.clients import client_for
from audiences.external.answers import created, succeed, vanished
from audiences.external.moves import event, move
from audiences.external.taking import ASKING, take
from audiences.models import ExternalAudience, ExternalOperation, Workspace
from platforms.adobe import AdobeClient
from platforms.errors import NotFound, PlatformError
from platforms.external import Ingestion
from platforms.types import JobStatus

log = structlog.get_logger(__name__)

K, S = ExternalOperation.Kind, ExternalOperation.State

FIRST, LONGEST = timedelta(seconds=2), timedelta(seconds=30)
# So often a running operation may be said not to exist before that is believed.
MISSING = 10


def watch(workspace: Workspace, *, now: datetime) -> int:
    """Ask about every running operation that is due; returns how many are over now."""
    over = 0
    for operation in take(workspace, S.RUNNING, now):
        try:
            over += _ask(client_for(workspace), operation, now)
        except PlatformError as error:
            log.warning(
                "A running operation could not be asked about.", operation=operation.pk, code=error.code
            )
            missing = isinstance(error, NotFound) and operation.checks + 1 >= MISSING
            if operation.deadline <= now or missing:
                over += move(operation, S.STOPPED, what="stopped", now=now, reason=error.code,
                             verbatim=error.verbatim, next_check_at=None)  # fmt: skip
            else:
                _later(operation, now)
    return over


def _ask(client: AdobeClient, operation: ExternalOperation, now: datetime) -> int:
    if operation.kind == K.CREATE:
        return _creation(client, operation, now)
    return _ingestion(client, operation, now)


def _creation(client: AdobeClient, operation: ExternalOperation, now: datetime) -> int:
    found = client.externals.operation(operation.platform_id)
    operation.word = (found.word or "")[:64]
    if found.status is JobStatus.FAILED:
        return move(operation, S.FAILED, what="failed", now=now, word=operation.word, reason="creation_failed",
                    audience={"live": False}, next_check_at=None)  # fmt: skip
    if found.status is not JobStatus.SUCCEEDED or found.external_id is None:
        return _goes_on(operation, now, word=operation.word)
    # The system id is the mirror's; where the list does not show it yet, the next sync does.
    listed = client.externals.by_external_id(found.external_id)
    return created(operation, found.external_id, listed, what="created", now=now)


def _ingestion(client: AdobeClient, operation: ExternalOperation, now: datetime) -> int:
    found = client.externals.ingestion(operation.external.external_id or "", operation.platform_id)
    known = shown(found)
    if found.status is JobStatus.SUCCEEDED:
        ended = client.platform_now() or now
        return succeed(operation, what="ingested", now=now, ended=ended, **known)
    if found.status is JobStatus.FAILED:
        return move(
            operation,
            S.FAILED,
            what="failed",
            now=now,
            reason="ingestion_failed",
            next_check_at=None,
            **known,
        )
    if known["stages"] != operation.stages:
        event(operation.external, "stage", now=now, operation=operation, data={"stages": known["stages"]})
    return _goes_on(operation, now, **known)


def shown(found: Ingestion) -> dict[str, Any]:
    """An ingestion's word and stages, as an operation keeps them."""
    stages = [
        {"name": one.name, "status": one.status.value, "word": one.word, "run": one.run}
        for one in found.stages
    ]
    return {"word": (found.word or "")[:64], "stages": stages}


def _goes_on(operation: ExternalOperation, now: datetime, **fields: Any) -> int:
    if operation.deadline <= now:
        return move(operation, S.STOPPED, what="stopped", now=now, reason="took_too_long", next_check_at=None)
    _later(operation, now, **fields)
    return 0


def _later(operation: ExternalOperation, now: datetime, **fields: Any) -> None:
    pause = min(FIRST * 2 ** min(operation.checks // 5, 5), LONGEST)
    rows = ExternalOperation.objects.filter(pk=operation.pk, state=S.RUNNING)
    rows.update(next_check_at=now + pause, checks=F("checks") + 1, **fields)


def read_runs(workspace: Workspace, *, now: datetime) -> int:
    """Read the due lists of ingestions: those begun elsewhere are followed here too. Returns how many were new."""
    new = 0
    due = ExternalAudience.objects.filter(workspace=workspace, live=True, runs_due_at__lte=now)
    for external in due.filter(external_id__isnull=False).select_related("workspace"):
        mine = ExternalAudience.objects.filter(pk=external.pk, runs_due_at=external.runs_due_at)
        if not mine.update(runs_due_at=now + ASKING):
            continue
        try:
            found = client_for(workspace).externals.ingestions(external.external_id or "")
        except NotFound:
            vanished(external, now=now)
            continue
        except PlatformError as error:
            log.warning("The list of ingestions could not be read.", external=external.pk, code=error.code)
            continue
        new += sum(_adopt(external, run, now) for run in found)
        ExternalAudience.objects.filter(pk=external.pk).update(runs_due_at=None)
    return new


def _adopt(external: ExternalAudience, run: Ingestion, now: datetime) -> int:
    """Follow a run of the list that no operation follows. One in doubt of ours is reconciliation's to find."""
    ingestions = external.operations.filter(kind=K.INGEST)
    in_doubt = ingestions.filter(state__in=(S.SENDING, S.UNCONFIRMED)).exists()
    if in_doubt or ingestions.filter(platform_id=run.id).exists():
        return 0
    try:
        with transaction.atomic():
            operation = ExternalOperation.objects.create(
                workspace_id=external.workspace_id, external=external, kind=K.INGEST, state=S.RUNNING, seen=True,
                platform_id=run.id, state_since=now, requested_at=run.created_at or now, next_check_at=now,
                data_from=run.data_from, data_until=run.data_until, deadline=now + external.workspace.watch_limit,
                word=run.word,
            )  # fmt: skip
            event(external, "seen", now=now, operation=operation)
    except IntegrityError:
        # Another ingestion is open: this one is looked at with the next list.
        return 0
    return 1
