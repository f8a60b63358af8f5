"""What can be asked to change on a dataflow, and what is known once it has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Terms:
    """How one audience is exported on a batch, file-based dataflow: the vendor's own words.

    `start_time` is "HH:00" in UTC, "" where the trigger is the evaluation. `end_date` None: no end; the
    end's day itself is no longer exported (contract §5.3).
    """

    export_mode: str
    frequency: str
    trigger: str
    start_date: date
    end_date: date | None
    start_time: str
    file_name_template: str


@dataclass(frozen=True, slots=True)
class Add:
    """Map an audience, named by its system id; an external one needs its own id and namespace besides."""

    audience: str
    terms: Terms
    name: str = ""
    external_id: str | None = None
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Alter:
    """Give a mapped audience other terms."""

    audience: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an audience off the dataflow."""

    audience: str


Change = Add | Alter | Remove


@dataclass(frozen=True, slots=True)
class Changed:
    """The platform took the change. `etag` is the dataflow's new version, "" when it told none."""

    etag: str = ""
    request_id: str = ""
    status: int = 200
