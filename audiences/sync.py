"""Catalogue sync: read everything from the platform, then write what differs in one transaction.

A sync that fails anywhere leaves the old mirror whole and says why on the workspace.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from audiences import clock, counts, planner, segment
from audiences.catalogue import Catalogue, Progress
from audiences.clients import client_for, segment_client_for
from audiences.columns import audience_fields, dataflow_fields, job_rows, mapping_rows
from audiences.failures import lines_of
from audiences.mirroring import Written, mirror
from audiences.models import (
    Audience,
    Dataflow,
    Destination,
    Mapping,
    PlatformJob,
    Run,
    RunAudience,
    Supported,
    Trait,
    Workspace,
)
from audiences.models.catalog import Mirrored
from audiences.models.workspaces import SyncState
from audiences.runs import read_runs, store_read, with_newest_runs
from platforms import types
from platforms.adobe import AdobeClient

log = structlog.get_logger(__name__)

# A sync that has not ended by then lost its worker; another may start.
LEASE = timedelta(minutes=10)
PROGRESS_EVERY = 1.0


def sync(workspace: Workspace) -> Written | None:
    """Mirror the workspace's catalogue; returns the rows written, None when another sync is running.

    Raises PlatformError after noting it on the workspace; the mirror is then as before.
    """
    started = _start(workspace)
    if started is None:
        return None
    began = time.monotonic()
    try:
        found = read_catalogue(workspace, _Progress(workspace))
        with transaction.atomic():
            written = write(workspace, found)
            if not _mine(workspace, started).exists():
                # It took longer than the lease, and a newer sync has taken over.
                transaction.set_rollback(True)
                return None
    except BaseException as error:
        _end(workspace, started, SyncState.FAILED, lines_of(error, workspace.vendor))
        raise
    _end(workspace, started, SyncState.DONE, "")
    log.info(
        "The catalogue was mirrored.", workspace=workspace.slug, seconds=round(time.monotonic() - began, 2),
        created=written.created, updated=written.updated, vanished=written.vanished,
    )  # fmt: skip
    return written


def _start(workspace: Workspace) -> datetime | None:
    """Take the workspace for this sync; returns its mark (when it started), None when another has it."""
    now = clock.now()
    free = ~Q(sync_state=SyncState.RUNNING) | Q(sync_started_at__lt=now - LEASE)
    taken = Workspace.objects.filter(free, pk=workspace.pk).update(
        sync_state=SyncState.RUNNING, sync_started_at=now, sync_progress="", sync_error=""
    )
    return now if taken else None


def _mine(workspace: Workspace, started: datetime) -> QuerySet[Workspace]:
    return Workspace.objects.filter(pk=workspace.pk, sync_state=SyncState.RUNNING, sync_started_at=started)


def _end(workspace: Workspace, started: datetime, state: str, error: str) -> None:
    fields: dict[str, Any] = {"sync_state": state, "sync_error": error, "sync_progress": ""}
    if state == SyncState.DONE:
        # The sync's start: what changed while it read is seen by the next one.
        fields["synced_at"] = started
    _mine(workspace, started).update(**fields)
    workspace.refresh_from_db()


class _Progress:
    """Writes how far the reading is, at most once a second."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.last = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        if time.monotonic() - self.last < PROGRESS_EVERY:
            return
        self.last = time.monotonic()
        words = f"{done} of {total}" if total else str(done)
        Workspace.objects.filter(pk=self.workspace.pk).update(sync_progress=words)


def read_catalogue(workspace: Workspace, progress: Progress) -> Catalogue:
    """Read what there is to mirror, from whichever platform it is. Raises PlatformError."""
    if workspace.is_segment:
        return segment.read(workspace, segment_client_for(workspace), progress)
    return read(workspace, client_for(workspace), progress)


def read(workspace: Workspace, client: AdobeClient, progress: Progress) -> Catalogue:
    """Read the whole catalogue of an Adobe sandbox; the lists that do not need each other are read at the same time.

    Where we know audiences, an empty list of them is not believed: the platform answers so now and then
    (contract §14 no. 5), and the whole mirror would vanish. An empty list of dataflows is asked for twice.
    """
    here = {"workspace": workspace, "vanished_at": None}
    known = Audience.objects.filter(**here, listed=True).count()
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="sync") as pool:
        flows = pool.submit(client.dataflows)
        exports = pool.submit(client.export_jobs)
        segments = pool.submit(client.segment_jobs)
        schedules = pool.submit(client.schedules)
        audiences = client.audiences(progress, known=known)
        dataflows = flows.result()
        if not dataflows and Dataflow.objects.filter(**here).exists():
            dataflows = client.dataflows()
        return Catalogue(
            dataflows=dataflows,
            audiences=audiences,
            jobs=(*exports.result(), *segments.result()),
            schedules=schedules.result(),
            runs=read_runs(workspace, client, [flow.id for flow in dataflows]),
        )


def write(workspace: Workspace, found: Catalogue) -> Written:
    """Write what differs. Runs inside the caller's transaction."""
    now = timezone.now()
    destinations, written = mirror(Destination, workspace, _destinations(found), now=now)
    before = counts.known(workspace)
    audiences, more = mirror(Audience, workspace, _audiences(workspace, found, now), now=now)
    written += more
    counts.note(before, audiences.values(), now)
    counts.forget(now)
    columns = {
        flow.id: {
            **dataflow_fields(flow),
            "destination_id": destinations[flow.destination.id].pk,
            "audience_id": audiences[flow.audience].pk if flow.audience else None,
        }
        for flow in found.dataflows
    }
    flows, more = mirror(
        Dataflow,
        workspace,
        with_newest_runs(workspace, columns, found.runs.runs),
        now=now,
        where=_looked_at(found, [flow.id for flow in found.dataflows]),
    )
    written += more
    rows = mapping_rows(found.dataflows, _pks(flows), _pks(audiences))
    written += mirror(Mapping, workspace, rows, now=now, where=_looked_at(found, rows))[1]
    for kind, supported in found.supported.items():
        written += mirror(Supported, workspace, supported, now=now, where=Q(audience_type=kind))[1]
    if found.traits is not None:
        written += mirror(Trait, workspace, found.traits, now=now)[1]
    written += store_jobs(workspace, found.jobs, now)
    written += store_read(workspace, found.runs)
    _freshness(workspace, found)
    named = {"org": found.place} if found.place else {}
    Workspace.objects.filter(pk=workspace.pk).update(looked_up_to=found.up_to, **named)
    if written.created >= planner.WORTH_IT:
        planner.count_anew((Destination, Audience, Dataflow, Mapping, Run, RunAudience))
    return written


def _looked_at(found: Catalogue, keys: Iterable[str]) -> Q | None:
    """The rows that this look can tell about: those of the audiences it looked at, and those it found."""
    if found.looked is None:
        return None
    return Q(audience__platform_id__in=found.looked) | Q(platform_id__in=list(keys))


def _pks(rows: MappingType[str, Mirrored]) -> dict[str, int]:
    return {key: row.pk for key, row in rows.items()}


def _destinations(found: Catalogue) -> dict[str, dict[str, Any]]:
    every = [*found.destinations, *(flow.destination for flow in found.dataflows)]
    return {
        one.id: {"platform": one.platform, "platform_spec": one.platform_spec, "account": one.account}
        for one in every
    }


def _audiences(workspace: Workspace, found: Catalogue, now: datetime) -> dict[str, dict[str, Any]]:
    policies = _new_policies(workspace, found)
    rows = {one.id: audience_fields(one) for one in found.audiences}
    for flow in found.dataflows:
        for mapping in flow.mappings:
            # Mapped, but not in the list: kept, so that the dataflow shows what it really carries.
            rows.setdefault(
                mapping.audience,
                {
                    "name": mapping.audience_name or mapping.audience,
                    "external_id": mapping.external_id,
                    "listed": False,
                },
            )
    for one in policies:
        rows[one]["merge_policy_seen_at"] = now
    return rows


def _new_policies(workspace: Workspace, found: Catalogue) -> set[str]:
    """Audiences whose merge policy is another one than at the last sync. The first sync sees none as new."""
    if workspace.synced_at is None:
        return set()
    before = dict(Audience.objects.filter(workspace=workspace).values_list("platform_id", "merge_policy"))
    known = set(before.values())
    return {
        one.id
        for one in found.audiences
        if one.merge_policy
        and (before.get(one.id, one.merge_policy) != one.merge_policy or one.merge_policy not in known)
    }


def store_jobs(
    workspace: Workspace, jobs: Iterable[types.PlatformJob], now: datetime | None = None
) -> Written:
    """Write segment and export jobs into the mirror."""
    found, written, now = list(jobs), Written(), now or timezone.now()
    for kind in ("export", "segment"):
        rows = job_rows([job for job in found if job.kind == kind])
        with transaction.atomic():
            written += mirror(PlatformJob, workspace, rows, now=now, complete=False, where=Q(kind=kind))[1]
    return written


PROFILE_SCHEMA = "_xdm.context.profile"


def _freshness(workspace: Workspace, found: Catalogue) -> None:
    """When people were last evaluated, and when the snapshot that an on-demand export sends was made.

    What somebody asked for by API does not count: on-demand exports send the latest scheduled snapshot (EFN).
    """
    ours = set(
        PlatformJob.objects.filter(workspace=workspace, scheduled=False).values_list("platform_id", flat=True)
    )
    done = [job for job in found.jobs if job.status is types.JobStatus.SUCCEEDED and job.id not in ours]
    segments = [job.completed_at or job.updated_at for job in done if job.kind == "segment"]
    exports = [
        job.completed_at or job.updated_at
        for job in done
        if job.kind == "export" and job.schema == PROFILE_SCHEMA
    ]
    active = [one.cron for one in found.schedules if one.active and one.kind == "batch_segmentation"]
    Workspace.objects.filter(pk=workspace.pk).update(
        evaluated_at=max(filter(None, segments), default=workspace.evaluated_at),
        snapshot_at=max(filter(None, exports), default=workspace.snapshot_at),
        evaluation_cron=active[0] if active else "",
    )
