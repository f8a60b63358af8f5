"""What preflight speaks of: the facts about a delivery, a finding, and the verdict that findings come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from audiences.told import Told, kept

Severity = Literal["stop", "wait", "join", "look"]
WillGo = Literal["ready", "waits", "joins", "blocked"]

ADOBE_GUIDE = "Adobe, ad-hoc activation API guide, read 2026-11"
ADOBE_UI = "Adobe, on-demand file export guide, read 2026-11"
ADOBE_LIMITS = "Adobe, destination guardrails, read 2026-11"
ADOBE_EXTERNAL = "Adobe, external audiences endpoint guide, read 2026-11"
SEGMENT_API = "Twilio Segment, Public API: Activations, read 2026-11"
SEGMENT_GUIDE = "Twilio Segment, Engage audiences guide, read 2026-11"
OURS = "this dashboard"


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Limits of the workspace; each has its documented default on the model."""

    mapping_wait: timedelta = timedelta(hours=1)
    merge_policy_wait: timedelta = timedelta(hours=24)
    count_max_age: timedelta = timedelta(hours=36)
    jobs_per_day: int = 20
    over_budget_waits: bool = False


@dataclass(frozen=True, slots=True)
class Paused:
    """The pause that keeps a delivery from leaving: who set it, why, until when (None: until it is lifted)."""

    who: str
    why: str
    until: datetime | None = None
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one delivery at `now` (UTC). None is unknown, never no.

    `waits_for_exports` is the presser's choice: wait for a scheduled export that runs, or do not go.
    `delivered_at` is when we last delivered it from the snapshot that would be sent now.
    At Segment `lifecycle` is the audience's status, `mapping_enabled` the activation's switch, `sends_when` its type,
    the runs are resyncs, and `lacking` is what of the credentials is not there.
    """

    now: datetime
    platform: str = "adobe"
    guardrails: Guardrails = field(default_factory=Guardrails)
    dataflow: str = ""
    kind: str = "batch_file"
    dataflow_state: str = "enabled"
    operation_status: str | None = None
    dataflow_vanished: bool = False
    mapped: bool = True
    mapping_enabled: bool | None = None
    sends_when: str = ""
    lacking: str = ""
    audience_vanished: bool = False
    audience_listed: bool = True
    lifecycle: str = "published"
    external: bool = False
    start_date: Any = None
    end_date: Any = None
    mapped_at: datetime | None = None
    merge_policy_seen_at: datetime | None = None
    profiles: int | None = None
    profiles_as_of: datetime | None = None
    ingested_at: datetime | None = None
    lapses_at: datetime | None = None
    evaluated_at: datetime | None = None
    file_name_template: str | None = None
    scheduled_run: str | None = None
    snapshot_job: bool = False
    ad_hoc_run_here: str | None = None
    ad_hoc_run_elsewhere: str | None = None
    held: bool = False
    in_flight_here: bool = False
    jobs_today: int = 0
    delivered_at: datetime | None = None
    paused: Paused | None = None
    waits_for_exports: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: stable code, severity, one plain sentence, what to do, whose rule, when it clears.

    `run` is the platform's run that it is about, where there is one.
    """

    code: str
    severity: Severity
    sentence: Told
    do: Told
    source: str
    clears_at: datetime | None = None
    run: str = ""

    def kept(self) -> dict[str, Any]:
        """As a delivery keeps it: whoever reads it later reads it in their own language."""
        return {**self.as_json(), "sentence": kept(self.sentence), "do": kept(self.do)}

    def as_json(self) -> dict[str, Any]:
        """For scripts, in the language that they run in."""
        return {
            "code": self.code,
            "severity": self.severity,
            "sentence": str(self.sentence),
            "do": str(self.do),
            "source": self.source,
            "clears_at": self.clears_at.isoformat() if self.clears_at else None,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What will happen to one delivery when pressed now, and why."""

    findings: tuple[Finding, ...] = ()

    @property
    def will_go(self) -> WillGo:
        severities = {finding.severity for finding in self.findings}
        for severity, answer in (("stop", "blocked"), ("wait", "waits"), ("join", "joins")):
            if severity in severities:
                return answer  # type: ignore[return-value]
        return "ready"

    @property
    def clears_at(self) -> datetime | None:
        """When the last wait is over; None when nothing waits or a wait has no known end."""
        waits = [finding.clears_at for finding in self.findings if finding.severity == "wait"]
        known = [moment for moment in waits if moment is not None]
        return max(known) if waits and len(known) == len(waits) else None

    @property
    def earliest(self) -> datetime | None:
        """Before when it surely does not go: the last known end of a wait, though others may have none."""
        known = [one.clears_at for one in self.findings if one.severity == "wait" and one.clears_at]
        return max(known, default=None)

    @property
    def main(self) -> Finding | None:
        """The finding that decides: the first of the worst severity."""
        for severity in ("stop", "wait", "join", "look"):
            for finding in self.findings:
                if finding.severity == severity:
                    return finding
        return None

    @property
    def looks(self) -> bool:
        return any(finding.severity == "look" for finding in self.findings)
