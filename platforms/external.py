"""External audiences as they cross the border: what one is made of, and what becomes of what was asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from platforms.types import JobStatus


@dataclass(frozen=True, slots=True)
class ExternalField:
    """One column of an external audience's file. `identity` is the namespace of an identity column, or None."""

    name: str
    type: str
    identity: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalSource:
    """Where the file or folder lies. `kind`: "file" | "folder"; `cloud`: S3, DLZ, GCS, Azure, SFTP."""

    path: str
    kind: str
    cloud: str
    connection: str = ""
    public_key: str = ""
    signing_key: str = ""


@dataclass(frozen=True, slots=True)
class ExternalSpec:
    """Everything an external audience is created with."""

    name: str
    fields: tuple[ExternalField, ...]
    source: ExternalSource
    description: str = ""
    ttl_days: int = 30
    namespace: str = ""
    labels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalChange:
    """What of an external audience is replaced; None stays as it is. `field_labels` by field name."""

    description: str | None = None
    ttl_days: int | None = None
    labels: tuple[str, ...] | None = None
    field_labels: tuple[tuple[str, tuple[str, ...]], ...] | None = None


@dataclass(frozen=True, slots=True)
class ExternalOperation:
    """A creation being carried out. `external_id` is the service's own id, known once it succeeded."""

    id: str
    status: JobStatus
    word: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class IngestionStage:
    """One stage of an ingestion: `name` and `word` as the vendor writes them; `run` a dataflow run's id."""

    name: str
    status: JobStatus
    word: str | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Ingestion:
    """One run that brings an external audience's file in. Lists carry no stages."""

    id: str
    status: JobStatus
    word: str | None = None
    created_at: datetime | None = None
    data_from: datetime | None = None
    data_until: datetime | None = None
    stages: tuple[IngestionStage, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The platform took a write. `key` is the id of what it began: an operation, a run, or "" for neither."""

    key: str = ""
    status: int = 200
    body: str = ""
    request_id: str = ""
