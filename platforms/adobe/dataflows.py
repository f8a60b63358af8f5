"""A Flow Service flow item read into a Dataflow (contract §5.2, §5.3)."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field

from platforms.adobe.kinds import BATCH_PLATFORMS, PlatformSpec, kind_of, selectors
from platforms.adobe.statuses import run_status
from platforms.decoding import Record, dig, first, record, records, text
from platforms.times import day, moment
from platforms.types import Dataflow, Destination, Mapping


@dataclass(frozen=True, slots=True)
class Place:
    """Where files land: folder or bucket path and file type, from a target connection."""

    path: str | None = None
    file_type: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a flow item refers to by id: destination types, account names and places."""

    specs: MappingOf[str, PlatformSpec] = field(default_factory=dict)
    accounts: MappingOf[str, str] = field(default_factory=dict)
    places: MappingOf[str, Place] = field(default_factory=dict)


def place(item: Record) -> Place:
    """Bucket or container and path of a target connection; credentials live elsewhere (§4.2, §4.3)."""
    params = record(item.get("params"))
    root = first(*(text(params.get(key)) for key in ("bucketName", "bucket", "containerName", "container")))
    folder = first(*(text(params.get(key)) for key in ("path", "remotePath", "folderPath", "folder")))
    parts = [part.rstrip("/") if part is root else part for part in (root, folder) if part]
    joined = "/".join([parts[0], *(part.lstrip("/") for part in parts[1:])]) if parts else None
    return Place(joined, text(params.get("fileType")))


def dataflow(flow: Record, around: Surroundings) -> Dataflow | None:
    """Read one flow; None without an id."""
    key = text(flow.get("id"))
    if key is None:
        return None
    target = _target(flow)
    platform = _platform(target)
    spec = around.specs.get(platform)
    landing = around.places.get(_target_id(flow, target) or "", Place())
    return Dataflow(
        id=key,
        name=text(flow.get("name")) or key,
        kind=kind_of(flow, spec, platform),
        state=(text(flow.get("state")) or "").lower(),
        destination=_destination(target, platform, spec, around),
        description=text(flow.get("description")) or "",
        etag=first(text(flow.get("etag")), text(flow.get("eTag")), text(flow.get("version")), ""),
        created_at=moment(flow.get("createdAt")),
        updated_at=moment(flow.get("updatedAt")),
        created_by=text(flow.get("createdBy")) or "",
        updated_by=text(flow.get("updatedBy")) or "",
        path=landing.path,
        file_type=landing.file_type,
        mappings=mappings(flow),
        **_operation(record(flow.get("lastOperation"))),
        **_last_run(record(flow.get("lastRunDetails"))),
    )


def _target(flow: Record) -> Record:
    """The first target; the schema says an object, every example has a list (DST-SPEC)."""
    listed = dig(flow, "inheritedAttributes", "targetConnections")
    return next(iter(records(listed)), record(listed))


def _target_id(flow: Record, target: Record) -> str | None:
    ids = flow.get("targetConnectionIds")
    return text(target.get("id")) or (text(ids[0]) if isinstance(ids, list) and ids else None)


def _platform(target: Record) -> str:
    """The *target's* connectionSpec id: looking at the source gives a wrong type (contract §4.1)."""
    own = text(dig(target, "connectionSpec", "id"))
    return own or text(dig(target, "baseConnection", "connectionSpec", "id")) or ""


def _destination(
    target: Record, platform: str, spec: PlatformSpec | None, around: Surroundings
) -> Destination:
    account = text(dig(target, "baseConnection", "id"))
    return Destination(
        id=account or platform,
        platform=spec.name if spec else BATCH_PLATFORMS.get(platform, platform),
        platform_spec=platform,
        account=around.accounts.get(account or ""),
        frequency=spec.frequency if spec else None,
    )


def _operation(last: Record) -> Record:
    return {
        "operation": text(last.get("operation")),
        "operation_status": text(dig(last, "status", "value")),
        "operation_at": moment(last.get("updated")) or moment(last.get("started")),
    }


def _last_run(last: Record) -> Record:
    word = text(last.get("state"))
    ended = moment(last.get("completedAtUTC"))
    return {
        "last_run": text(last.get("id")),
        "last_run_status": run_status(word, completed=ended is not None) if last else None,
        "last_run_word": word,
        "last_run_at": ended or moment(last.get("startedAtUTC")),
    }


def mappings(flow: Record) -> tuple[Mapping, ...]:
    """The audiences mapped on a flow, each once."""
    found: dict[str, Mapping] = {}
    for item in selectors(flow):
        mapping = _mapping(record(item.get("value")))
        if mapping is not None:
            found.setdefault(mapping.audience, mapping)
    return tuple(found.values())


def _mapping(value: Record) -> Mapping | None:
    """The ID trap: for external audiences `id` is the client's, `systemSegmentId` the one adhocrun wants."""
    own, system = text(value.get("id")), text(value.get("systemSegmentId"))
    audience = system or own
    if audience is None:
        return None
    schedule = record(value.get("schedule"))
    return Mapping(
        audience=audience,
        audience_name=text(value.get("name")),
        external_id=own if system and own != system else None,
        namespace=text(value.get("namespace")),
        export_mode=text(value.get("exportMode")),
        frequency=text(schedule.get("frequency")),
        trigger=text(schedule.get("triggerType")),
        start_date=day(schedule.get("startDate")),
        end_date=day(schedule.get("endDate")),
        start_time=text(schedule.get("startTime")),
        # Schema and examples spell it differently (contract §13 no. 8).
        file_name_template=first(text(value.get("filenameTemplate")), text(value.get("fileNameTemplate"))),
        mapped_at=moment(value.get("createTime")),
        updated_at=moment(value.get("updateTime")),
    )
