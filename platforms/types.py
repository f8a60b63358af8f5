"""The frozen dataclasses that cross the border between a platform client and the dashboard.

Every vendor fills the same ones. Absent stays None: a missing count is unknown, never zero.
Times are timezone-aware UTC datetimes. Ids are text exactly as the platform wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class DataflowKind(StrEnum):
    """What a dataflow carries. At Adobe only `batch_file` can be activated ad hoc; at Segment a dataflow is
    the `connection` of one audience to a destination."""

    BATCH_FILE = "batch_file"
    STREAMING = "streaming"
    DATASET = "dataset"
    CONNECTION = "connection"
    UNKNOWN = "unknown"


class RunStatus(StrEnum):
    """A run's status in our words; the vendor's own word travels beside it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    UNKNOWN = "unknown"
    # Over, and the platform says no more than that.
    FINISHED = "finished"

    @property
    def is_over(self) -> bool:
        return self in (RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.FINISHED)


class JobStatus(StrEnum):
    """A segment or export job's status in our words."""

    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED)


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination platform with the account that reaches it.

    `id` is the base connection's id (the platform spec's id when a dataflow has none);
    `platform` its name such as "Amazon S3"; `account` the name of the account, None when not readable.
    """

    id: str
    platform: str
    platform_spec: str
    account: str | None = None
    frequency: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One audience on one dataflow. `audience` is always the *system* id (the one adhocrun wants).

    At Segment it is an activation: it has an id and a name of its own, and an audience may have several on
    one dataflow. `activation_type` is an open list, `resyncing` says that a full resend is going on, `details`
    is what goes with each event, as JSON without secrets.
    """

    audience: str
    audience_name: str | None = None
    external_id: str | None = None
    namespace: str | None = None
    export_mode: str | None = None
    frequency: str | None = None
    trigger: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    start_time: str | None = None
    file_name_template: str | None = None
    mapped_at: datetime | None = None
    updated_at: datetime | None = None
    id: str | None = None
    name: str | None = None
    activation_type: str | None = None
    enabled: bool | None = None
    resyncing: bool | None = None
    details: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Dataflow:
    """The standing link to a destination. `state` is the vendor's word in lower case.

    `audience` is the one it belongs to, where it belongs to one; `details` what only that platform has, as
    JSON without secrets.
    """

    id: str
    name: str
    kind: DataflowKind
    state: str
    destination: Destination
    description: str = ""
    etag: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str = ""
    updated_by: str = ""
    operation: str | None = None
    operation_status: str | None = None
    operation_at: datetime | None = None
    last_run: str | None = None
    last_run_status: RunStatus | None = None
    last_run_word: str | None = None
    last_run_at: datetime | None = None
    path: str | None = None
    file_type: str | None = None
    mappings: tuple[Mapping, ...] = ()
    audience: str | None = None
    details: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Audience:
    """A group of people. `profiles` is None when the platform gave no count."""

    id: str
    name: str
    external_id: str | None = None
    external: bool = False
    description: str = ""
    origin: str = ""
    namespace: str = ""
    lifecycle: str = ""
    evaluation: str | None = None
    merge_policy: str | None = None
    labels: tuple[str, ...] = ()
    ttl_days: int | None = None
    profiles: int | None = None
    profiles_as_of: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did with records of the whole run or of one audience; None is unknown."""

    received: int | None = None
    activated: int | None = None
    excluded: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class RunIssue:
    """An error, exclusion or warning the run reports, in the vendor's words."""

    severity: str  # "error" | "excluded" | "warning"
    code: str
    message: str
    count: int | None = None


Pair = tuple[str, str]
"""(dataflow id, audience system id)"""


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in an answer that no document foretells. Nothing is concluded from it.

    `kind`: of an order record "pair" (not asked for), "duplicate", "run_id" (not in a shape we know), "fields"
    (unknown ones), "record" (no record at all); of a run "status" (unknown word) or "run_fields". `said` is the
    vendor's JSON, its first 1,000 characters, secrets struck out; `pair` the pair it names, where it names one.
    """

    kind: str
    said: str
    pair: Pair | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One dataflow run. `audiences` maps system ids to counts where the platform tells them apart.

    `snapshot_only` is True/False when the activities show which batches were read (an ad-hoc run reads
    the snapshot alone), None when they do not say. `created_by` and `created_client` are the person and the
    client that started it as the vendor names them, "" when it does not.
    """

    id: str
    dataflow: str
    status: RunStatus
    word: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    counts: Counts = Counts()
    bytes_out: int | None = None
    files: int | None = None
    audiences: dict[str, Counts] = field(default_factory=dict)
    issues: tuple[RunIssue, ...] = ()
    snapshot_only: bool | None = None
    created_by: str = ""
    created_client: str = ""
    odd: tuple[Oddity, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatformJob:
    """A segment (evaluation) or export (snapshot) job of the platform. `kind`: "segment" | "export".

    `segments` are the audiences it is about, ("*",) all of them; `dataset` is where an export goes.
    """

    id: str
    kind: str
    status: JobStatus
    word: str | None = None
    schema: str | None = None
    scheduled: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    errors: tuple[RunIssue, ...] = ()
    segments: tuple[str, ...] = ()
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationSchedule:
    """When the platform evaluates audiences. `cron` is the vendor's Quartz expression, UTC."""

    id: str
    name: str
    kind: str
    cron: str
    active: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform took the job. `runs` has a run id per pair it answered for.

    `missing` are pairs we asked for without a run id that we can read; `odd` is what else its answer held that
    no document foretells. `request_id` is for its support desk.
    """

    runs: dict[Pair, str]
    missing: tuple[Pair, ...] = ()
    odd: tuple[Oddity, ...] = ()
    request_id: str = ""
    status: int = 200
    body: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """The platform took a write. `key` is the id of what it began: an operation, a run, or "" for neither."""

    key: str = ""
    status: int = 200
    body: str = ""
    request_id: str = ""
