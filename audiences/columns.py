"""Which column takes which of the platform's facts: the border types spelled as rows of the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from platforms import types


def dataflow_fields(flow: types.Dataflow) -> dict[str, Any]:
    """A dataflow's columns."""
    return {
        "name": flow.name,
        "description": flow.description,
        "kind": flow.kind.value,
        "state": flow.state,
        "etag": flow.etag,
        "path": flow.path,
        "file_type": flow.file_type,
        "created_at": flow.created_at,
        "updated_at": flow.updated_at,
        "created_by": flow.created_by,
        "updated_by": flow.updated_by,
        "operation": flow.operation,
        "operation_status": flow.operation_status,
        "operation_at": flow.operation_at,
        "last_run": flow.last_run,
        "last_run_status": flow.last_run_status.value if flow.last_run_status else None,
        "last_run_word": flow.last_run_word,
        "last_run_at": flow.last_run_at,
        "mapped_count": len(flow.mappings),
        "details": flow.details,
    }


def audience_fields(one: types.Audience) -> dict[str, Any]:
    """An audience's columns."""
    return {
        "name": one.name,
        "external_id": one.external_id,
        "external": one.external,
        "description": one.description,
        "origin": one.origin,
        "namespace": one.namespace,
        "lifecycle": one.lifecycle,
        "evaluation": one.evaluation,
        "merge_policy": one.merge_policy,
        "labels": list(one.labels),
        "ttl_days": one.ttl_days,
        "profiles": one.profiles,
        "profiles_as_of": one.profiles_as_of,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "listed": True,
    }


def mapping_rows(
    dataflows: Iterable[types.Dataflow], flows: Mapping[str, int], audiences: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Columns of mappings by platform id. `flows` and `audiences` are pks by platform id; a mapping of an
    audience that is not among them is left out."""
    return {
        mapping.id or f"{flow.id} {mapping.audience}": {
            "dataflow_id": flows[flow.id],
            "audience_id": audiences[mapping.audience],
            "name": mapping.name or mapping.audience_name or "",
            "export_mode": mapping.export_mode,
            "frequency": mapping.frequency,
            "trigger": mapping.trigger,
            "start_date": mapping.start_date,
            "end_date": mapping.end_date,
            "start_time": mapping.start_time,
            "file_name_template": mapping.file_name_template,
            "mapped_at": mapping.mapped_at,
            "updated_at": mapping.updated_at,
            "activation_type": mapping.activation_type or "",
            "enabled": mapping.enabled,
            "resyncing": mapping.resyncing,
            "details": mapping.details,
        }
        for flow in dataflows
        for mapping in flow.mappings
        if mapping.audience in audiences
    }


SEGMENTS_KEPT, PROBLEMS_KEPT = 50, 5


def job_rows(jobs: list[types.PlatformJob]) -> dict[str, dict[str, Any]]:
    """Columns of segment or export jobs by platform id."""
    return {
        job.id: {
            "kind": job.kind,
            "status": job.status.value,
            "word": job.word,
            "schema": job.schema,
            "created_at": job.created_at,
            "updated_at": job.updated_at,
            "completed_at": job.completed_at,
            "segments": list(job.segments)[:SEGMENTS_KEPT],
            "dataset": job.dataset or "",
            "problems": [f"{one.code}: {one.message}".strip(": ") for one in job.errors[:PROBLEMS_KEPT]],
            # Export jobs do not say; what we know of those we asked for is not forgotten.
            **({} if job.scheduled is None else {"scheduled": job.scheduled}),
        }
        for job in jobs
    }
