"""Reads again, just before something is sent, what the mirror may no longer know: a few dataflows, their
newest runs and the newest snapshot jobs."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audiences.columns import dataflow_fields, mapping_rows
from audiences.mirroring import mirror
from audiences.models import Audience, Dataflow, Mapping, Run, RunAudience, Workspace
from audiences.runs import GOING_ON, RunsRead, store_read, with_newest_runs
from audiences.sync import store_jobs
from platforms import types
from platforms.adobe import AdobeClient
from platforms.errors import Refused

log = structlog.get_logger(__name__)
Found = TypeVar("Found")

# A run that still goes on is among the newest: two calls' worth, however many dataflows are asked about.
# Runs the mirror knows as going on are asked for by id besides.
NEWEST_RUNS = 200
LONGEST_RUN = timedelta(hours=6)
NEWEST_JOBS = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found; None where the credentials may not read it, so the mirror stays what we know."""

    dataflows: dict[str, types.Dataflow] | None
    runs: RunsRead | None
    jobs: tuple[types.PlatformJob, ...] | None


def look_again(
    workspace: Workspace, client: AdobeClient, dataflows: Collection[str], audiences: Collection[str] = ()
) -> None:
    """Read these dataflows (platform ids) afresh, with their newest runs, and store what differs.

    Runs of these `audiences` (system ids) that go on anywhere are asked about, too: one at another destination
    is in their way. Raises PlatformError when the platform cannot be asked; being refused one of the lists is no error.
    """
    carrying = RunAudience.objects.filter(audience__in=audiences).values("run")
    open_runs = list(
        Run.objects.filter(Q(dataflow__platform_id__in=dataflows) | Q(pk__in=carrying))
        .filter(workspace=workspace, status__in=GOING_ON, vanished_at=None)
        .values_list("platform_id", flat=True)
    )
    found = read(client, sorted(dataflows), open_runs)
    with transaction.atomic():
        if found.dataflows is not None:
            store_dataflows(workspace, sorted(dataflows), found.dataflows, found.runs)
        if found.runs is not None:
            store_read(workspace, found.runs)
        if found.jobs is not None:
            store_jobs(workspace, found.jobs, timezone.now())


def read(client: AdobeClient, dataflows: list[str], open_runs: list[str]) -> Look:
    """The three lists, read at the same time."""
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="fresh") as pool:
        flows = pool.submit(client.dataflows_by_id, dataflows)
        runs = pool.submit(_read_runs, client, dataflows, open_runs)
        jobs = pool.submit(client.export_jobs, NEWEST_JOBS)
        return Look(_allowed(flows), _allowed(runs), _allowed(jobs))


def _read_runs(client: AdobeClient, dataflows: list[str], open_runs: list[str]) -> RunsRead:
    since = (client.platform_now() or timezone.now()) - LONGEST_RUN
    runs = {run.id: run for run in client.runs_of(dataflows, since=since, limit=NEWEST_RUNS)}
    missing = [key for key in open_runs if key not in runs]
    runs.update(client.runs(missing) if missing else {})
    return RunsRead(tuple(runs.values()), tuple(key for key in missing if key not in runs))


def _allowed(asked: Future[Found]) -> Found | None:
    try:
        return asked.result()
    except Refused as error:
        log.warning(
            "The platform does not show this to our credentials.", code=error.code, says=error.summary
        )
        return None


def store_dataflows(
    workspace: Workspace, asked: list[str], found: dict[str, types.Dataflow], seen: RunsRead | None = None
) -> None:
    """Write these dataflows and their mappings. Destinations and new audiences are the sync's business."""
    now = timezone.now()
    where = Q(platform_id__in=asked)
    rows = {key: _known(dataflow_fields(flow)) for key, flow in found.items()}
    rows = with_newest_runs(workspace, rows, seen.runs if seen else ())
    flows, _written = mirror(Dataflow, workspace, rows, now=now, where=where)
    named = {mapping.audience for flow in found.values() for mapping in flow.mappings}
    audiences = dict(
        Audience.objects.filter(workspace=workspace, platform_id__in=named).values_list("platform_id", "pk")
    )
    mirror(
        Mapping,
        workspace,
        mapping_rows(found.values(), {key: flow.pk for key, flow in flows.items()}, audiences),
        now=now,
        where=Q(dataflow__platform_id__in=asked),
    )


def _known(fields: dict[str, object]) -> dict[str, object]:
    """Without the path and file type where this look could not read them: what is known is not forgotten."""
    return {
        name: value
        for name, value in fields.items()
        if value is not None or name not in ("path", "file_type")
    }
