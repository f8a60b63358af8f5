"""Everything one sync reads from a platform, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audiences.runs import RunsRead
from platforms import types

Progress = Callable[[int, int | None], None]


@dataclass(slots=True)
class Catalogue:
    """Everything one sync read. `destinations` are those beyond the dataflows' own.

    `looked` are the audiences whose dataflows were read, where not all of them were; `up_to` the last of them.
    `supported` are the rows of what an audience type can use, by type, at Segment.
    `traits` are the rows of what can go along with an event there, None where that was not told.
    `place` is what the platform calls the place that was read, where its id says nothing to people.
    """

    dataflows: tuple[types.Dataflow, ...] = ()
    audiences: tuple[types.Audience, ...] = ()
    destinations: tuple[types.Destination, ...] = ()
    jobs: tuple[types.PlatformJob, ...] = ()
    schedules: tuple[types.EvaluationSchedule, ...] = ()
    runs: RunsRead = field(default_factory=RunsRead)
    supported: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    traits: dict[str, dict[str, Any]] | None = None
    looked: frozenset[str] | None = None
    up_to: str = ""
    place: str = ""
