"""Rows for tests, made by plain functions: each fills what a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from audiences.models import (
    Audience,
    Dataflow,
    Destination,
    Mapping,
    Membership,
    Role,
    Run,
    RunAudience,
    User,
    Workspace,
)

PASSWORD = "a long enough password"
_next = count(1)


def make_user(name: str = "", role: str = "", workspace: Workspace | None = None, **fields: Any) -> User:
    """A person; with `role` ("viewer" or "activator") a member of `workspace`."""
    user = User.objects.create_user(name or f"person{next(_next)}", password=None, **fields)
    if role:
        assert workspace is not None, "a role is held in a workspace"
        Membership.objects.create(workspace=workspace, user=user, role=Role(role))
    return user


def make_workspace(slug: str = "", **fields: Any) -> Workspace:
    """A synced workspace that points at the real platform's address."""
    slug = slug or f"workspace-{next(_next)}"
    known: dict[str, Any] = {
        "name": slug.replace("-", " ").title(),
        "org": "1234@AdobeOrg",
        "client_id": "key",
        "sync_state": "done",
        "synced_at": timezone.now() - timedelta(minutes=4),
    }
    return Workspace.objects.create(slug=slug, **{**known, **fields})


def make_destination(workspace: Workspace, platform: str = "Amazon S3", **fields: Any) -> Destination:
    known = {"platform_id": f"connection-{next(_next)}", "account": "campaigns"}
    return Destination.objects.create(workspace=workspace, platform=platform, **{**known, **fields})


def make_dataflow(workspace: Workspace, name: str = "", **fields: Any) -> Dataflow:
    """An enabled batch file-based dataflow."""
    number = next(_next)
    known: dict[str, Any] = {
        "platform_id": f"dataflow-{number}",
        "name": name or f"Dataflow {number}",
        "kind": "batch_file",
        "state": "enabled",
        "created_at": datetime(2026, 1, 9, 8, tzinfo=UTC),
        "updated_at": datetime(2026, 9, 12, 8, tzinfo=UTC),
    }
    if "destination" not in fields:
        known["destination"] = make_destination(workspace)
    return Dataflow.objects.create(workspace=workspace, **{**known, **fields})


def make_audience(workspace: Workspace, name: str = "", **fields: Any) -> Audience:
    """A published audience that was counted two hours ago."""
    number = next(_next)
    known: dict[str, Any] = {
        "platform_id": f"audience-{number}",
        "name": name or f"Audience {number}",
        "origin": "AEPSegments",
        "lifecycle": "published",
        "profiles": 48_210,
        "profiles_as_of": timezone.now() - timedelta(hours=2),
        "updated_at": datetime(2026, 9, 12, 8, tzinfo=UTC),
    }
    return Audience.objects.create(workspace=workspace, **{**known, **fields})


def make_mapping(
    dataflow: Dataflow | None = None, audience: Audience | None = None, **fields: Any
) -> Mapping:
    """An audience on a dataflow since last week, its schedule open; both are made where not given."""
    workspace = dataflow.workspace if dataflow else audience.workspace if audience else make_workspace()
    dataflow = dataflow or make_dataflow(workspace)
    audience = audience or make_audience(workspace)
    known: dict[str, Any] = {
        "platform_id": f"{dataflow.platform_id} {audience.platform_id}",
        "name": audience.name,
        "export_mode": "DAILY_FULL_EXPORT",
        "frequency": "DAILY",
        "trigger": "AFTER_SEGMENT_EVAL",
        "start_date": timezone.now().date() - timedelta(days=30),
        "start_time": "06:00",
        "mapped_at": timezone.now() - timedelta(days=7),
    }
    mapping = Mapping.objects.create(
        workspace=workspace, dataflow=dataflow, audience=audience, **{**known, **fields}
    )
    dataflow.mapped_count = dataflow.mappings.filter(vanished_at=None).count()
    dataflow.save(update_fields=["mapped_count"])
    return mapping


def make_run(dataflow: Dataflow, *audiences: Audience, **fields: Any) -> Run:
    """A scheduled run that succeeded, with the counts of each audience."""
    started = timezone.now() - timedelta(hours=3)
    known: dict[str, Any] = {
        "platform_id": f"run-{next(_next)}",
        "status": "succeeded",
        "word": "success",
        "ad_hoc": False,
        "created_at": started,
        "started_at": started,
        "completed_at": started + timedelta(minutes=4, seconds=10),
        "received": 48_210,
        "activated": 48_198,
        "excluded": 12,
        "failed": 0,
        "files": 2,
        "bytes_out": 1_234_567,
    }
    run = Run.objects.create(workspace=dataflow.workspace, dataflow=dataflow, **{**known, **fields})
    for audience in audiences:
        RunAudience.objects.create(
            run=run, audience=audience.platform_id, received=48_210, activated=48_198, excluded=12
        )
    return run
