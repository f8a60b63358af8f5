"""Mirrors dataflow runs: the newest of every dataflow, and those that were going on when last seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from audiences.mirroring import Written, mirror
from audiences.models import Dataflow, Run, RunAudience, Workspace
from platforms import types
from platforms.adobe import AdobeClient
from platforms.types import RunStatus

GOING_ON = (RunStatus.QUEUED, RunStatus.RUNNING)
OVER = frozenset(status for status in RunStatus if status.is_over)
# How far back the first look goes, and how far behind the last look later ones begin: a run's row
# changes until it is over, and clocks differ.
FIRST_LOOK = 1000
OVERLAP = timedelta(minutes=30)
# A dataflow's columns about its last run, and what they hold where none is known.
LAST = ("last_run", "last_run_status", "last_run_word", "last_run_at")
NONE: dict[str, Any] = dict.fromkeys(LAST)


@dataclass(frozen=True, slots=True)
class RunsRead:
    """Runs as the platform shows them now, and the ids of those it no longer shows."""

    runs: tuple[types.Run, ...] = ()
    gone: tuple[str, ...] = ()


def read_runs(workspace: Workspace, client: AdobeClient, dataflows: Iterable[str]) -> RunsRead:
    """The runs worth mirroring now, newest first per dataflow. Raises PlatformError."""
    flows = sorted(dataflows)
    if not flows:
        return RunsRead()
    since = workspace.synced_at - OVERLAP if workspace.synced_at else None
    runs = {run.id: run for run in client.runs_of(flows, since=since, limit=None if since else FIRST_LOOK)}
    open_ones = Run.objects.filter(workspace=workspace, status__in=GOING_ON, vanished_at=None)
    ids = [one for one in open_ones.values_list("platform_id", flat=True) if one not in runs]
    runs.update(client.runs(ids) if ids else {})
    return RunsRead(tuple(runs.values()), tuple(key for key in ids if key not in runs))


def store_read(workspace: Workspace, read: RunsRead) -> Written:
    """Store what was read. A run that was going on and is not shown any more vanished: it must not be
    waited for for ever."""
    gone = Run.objects.filter(workspace=workspace, platform_id__in=read.gone, vanished_at=None)
    return store_runs(workspace, read.runs) + Written(vanished=gone.update(vanished_at=timezone.now()))


def store_runs(workspace: Workspace, runs: Iterable[types.Run], *, ad_hoc: Collection[str] = ()) -> Written:
    """Write runs into the mirror; `ad_hoc` are ids known to be ours. Runs of unknown dataflows are left out."""
    found = {run.id: run for run in runs}
    flows = dict(
        Dataflow.objects.filter(
            workspace=workspace, platform_id__in={run.dataflow for run in found.values()}
        ).values_list("platform_id", "pk")
    )
    rows = {
        run.id: _fields(run, flows[run.dataflow], ad_hoc) for run in found.values() if run.dataflow in flows
    }
    with transaction.atomic():
        stored, written = mirror(Run, workspace, rows, now=timezone.now(), complete=False, outdated=_was_over)
        told = {key: stored[key] for key, row in rows.items() if not _was_over(stored[key], row)}
        _store_audiences(told, found)
    return written


def _was_over(known: Run, fields: Mapping[str, Any]) -> bool:
    """A run that is over does not go on again: this was read before its end was, and is stored after it."""
    return known.status in OVER and fields["status"] in GOING_ON


def _fields(run: types.Run, flow: int, ad_hoc: Collection[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "dataflow_id": flow,
        "status": run.status.value,
        "word": run.word,
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "received": run.counts.received,
        "activated": run.counts.activated,
        "excluded": run.counts.excluded,
        "failed": run.counts.failed,
        "files": run.files,
        "bytes_out": run.bytes_out,
        "issues": [
            {"severity": i.severity, "code": i.code, "message": i.message, "count": i.count}
            for i in run.issues
        ],
    }
    # What is known of a run's kind is never forgotten: only a yes or no overwrites.
    if run.id in ad_hoc or run.snapshot_only is not None:
        fields["ad_hoc"] = run.id in ad_hoc or run.snapshot_only
    return fields


def _store_audiences(stored: dict[str, Run], found: dict[str, types.Run]) -> None:
    """Per-audience counts, written only where they are new or differ."""
    known = {
        (row.run_id, row.audience): row for row in RunAudience.objects.filter(run__in=list(stored.values()))
    }
    fresh, changed = [], []
    for key, run in stored.items():
        for audience, counts in found[key].audiences.items():
            fields = {name: getattr(counts, name) for name in ("received", "activated", "excluded", "failed")}
            row = known.get((run.pk, audience))
            if row is None:
                fresh.append(RunAudience(run=run, audience=audience, **fields))
            elif any(getattr(row, name) != value for name, value in fields.items()):
                for name, value in fields.items():
                    setattr(row, name, value)
                changed.append(row)
    RunAudience.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    RunAudience.objects.bulk_update(changed, ["received", "activated", "excluded", "failed"], batch_size=500)


def with_newest_runs(
    workspace: Workspace, rows: Mapping[str, dict[str, Any]], runs: Iterable[types.Run]
) -> dict[str, dict[str, Any]]:
    """Columns of dataflows (by platform id), with the newest run that anybody told of as the last one: the
    platform's list of dataflows lags behind its list of runs."""
    known = Dataflow.objects.filter(workspace=workspace, platform_id__in=list(rows))
    seen = {key: _last(values) for key, *values in known.values_list("platform_id", *LAST)}
    told = _newest(runs)
    newest: dict[str, dict[str, Any]] = {}
    for key, row in rows.items():
        listed = {name: row[name] for name in LAST}
        newest[key] = max(listed, seen.get(key, NONE), told.get(key, NONE), key=_moment)
    return {key: {**row, **newest[key]} for key, row in rows.items()}


def follow(workspace: Workspace, runs: Iterable[types.Run]) -> None:
    """Let the last run of dataflows be one of these, where it is newer; in two queries."""
    told = _newest(runs)
    flows = Dataflow.objects.filter(workspace=workspace, platform_id__in=list(told)).order_by("pk")
    late = []
    for flow in flows.only("platform_id", *LAST):
        fields = told[flow.platform_id]
        if _moment(fields) > _moment({"last_run_at": flow.last_run_at}):
            for name, value in fields.items():
                setattr(flow, name, value)
            late.append(flow)
    Dataflow.objects.bulk_update(late, LAST, batch_size=500)


def _newest(runs: Iterable[types.Run]) -> dict[str, dict[str, Any]]:
    """The newest run of each dataflow, as the dataflow's columns."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        fields = _last(
            [run.id, run.status.value, run.word, run.completed_at or run.started_at or run.created_at]
        )
        found[run.dataflow] = max(found.get(run.dataflow, NONE), fields, key=_moment)
    return found


def _last(values: list[Any]) -> dict[str, Any]:
    return dict(zip(LAST, values, strict=True))


def _moment(fields: Mapping[str, Any]) -> datetime:
    return fields["last_run_at"] or datetime.min.replace(tzinfo=UTC)
