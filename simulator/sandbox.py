"""One sandbox of the organisation: its audiences, dataflows, connections and runs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.clock import DAY
from simulator.dataflow import Flow
from simulator.runs import RunBook
from simulator.wire import Json

if TYPE_CHECKING:
    from simulator.external import External

EVALUATION_HOUR = 6
# Seconds from its beginning in which no cycle begins, so that a demo or a test never starts inside one.
QUIET = 3_600.0
EVALUATION_SECONDS = 12 * 60


@dataclass(slots=True)
class Audience:
    """One audience; what depends on the clock is worked out when it is shown."""

    id: str
    audience_id: str
    name: str
    origin: str
    namespace: str
    lifecycle: str
    size: int | None
    created: int
    updated: int
    merge_policy: str
    continuous: bool = False
    stale_days: int = 0
    description: str = ""
    # Of an external audience made through the API: (end, people) of each ingestion, and when its data lapses.
    uploads: list[tuple[int, int]] | None = None
    until: int = 0
    ttl: int | None = None
    labels: tuple[str, ...] | None = None

    @property
    def external(self) -> bool:
        return self.origin != "REAL_TIME_CUSTOMER_PROFILE"

    def counted_at(self, now: float) -> int | None:
        """When the last daily evaluation counted it; None when none has since it came."""
        if self.uploads is not None:
            moment = last_evaluation(now)
            return moment if self._uploaded(moment) is not None else None
        if self.size is None:
            return None
        moment = last_evaluation(now) - self.stale_days * DAY
        return moment if moment >= self.created else None

    def profiles(self, now: float) -> int:
        """The size in the latest snapshot; it drifts a little from day to day."""
        moment = self.counted_at(now)
        if moment is not None and self.uploads is not None:
            return 0 if self.until <= moment else self._uploaded(moment) or 0
        if moment is None or not self.size:
            return 0
        return self.size + (moment // DAY * 37) % max(1, self.size // 50)

    def _uploaded(self, evaluated: int) -> int | None:
        """The people of the last ingestion that was over when this evaluation began."""
        began = evaluated - EVALUATION_SECONDS
        return next((people for end, people in reversed(self.uploads or ()) if end <= began), None)


@dataclass(slots=True)
class MadeJob:
    """An evaluation ("segment") or export that was asked for by API."""

    kind: str
    id: str
    begun: float
    segments: tuple[str, ...]
    dataset: str
    schema: str
    cancelled_at: float | None = None
    fails: bool = False


@dataclass(slots=True)
class Sandbox:
    """A sandbox and what it holds, by id."""

    name: str
    title: str
    id: str
    type: str
    state: str
    default: bool
    org: str
    seed: str
    began: float
    quiet: float = QUIET
    audiences: dict[str, Audience] = field(default_factory=dict)
    by_external: dict[str, list[Audience]] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    connections: dict[str, Json] = field(default_factory=dict)
    sources: dict[str, Json] = field(default_factory=dict)
    targets: dict[str, Json] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], str] = field(default_factory=dict)
    runs: RunBook = field(default_factory=RunBook)
    jobs: list[MadeJob] = field(default_factory=list)
    ordered: dict[str, list[Audience]] = field(default_factory=dict)
    cycled: float = 0.0
    transitions: list[Flow] = field(default_factory=list)
    externals: dict[str, "External"] = field(default_factory=dict)
    asked_ais: int = 0

    def add(self, audience: Audience) -> None:
        """Take an audience in and index it."""
        self.audiences[audience.id] = audience
        self.by_external.setdefault(audience.audience_id, []).append(audience)


def last_evaluation(now: float) -> int:
    """The end of the latest daily segmentation, in epoch seconds."""
    ready = EVALUATION_HOUR * 3_600 + EVALUATION_SECONDS
    return int((now - ready) // DAY * DAY + ready)
