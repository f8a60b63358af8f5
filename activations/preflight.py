"""Will it go? One pure module: facts about a delivery in, findings out.

A rule is a function from `Facts` to a `Finding` or None, listed in `RULES`; adding a rule is adding a
function and its test. Nothing here reads the database, the clock or the platform.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audiences import speech

Severity = Literal["stop", "wait", "join", "look"]
WillGo = Literal["ready", "waits", "joins", "blocked"]

ADOBE_GUIDE = "Adobe, ad-hoc activation API guide, read 2026-11"
ADOBE_UI = "Adobe, on-demand file export guide, read 2026-11"
ADOBE_LIMITS = "Adobe, destination guardrails, read 2026-11"
OURS = "this dashboard"


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Limits of the workspace; each has its documented default on the model."""

    mapping_wait: timedelta = timedelta(hours=1)
    merge_policy_wait: timedelta = timedelta(hours=24)
    count_max_age: timedelta = timedelta(hours=36)
    jobs_per_day: int = 20


@dataclass(frozen=True, slots=True)
class Paused:
    """The pause that keeps a delivery from leaving: who set it, why, until when (None: until it is lifted)."""

    who: str
    why: str
    until: datetime | None = None
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one delivery at `now` (UTC). None is unknown, never no."""

    now: datetime
    guardrails: Guardrails = field(default_factory=Guardrails)
    dataflow: str = ""
    kind: str = "batch_file"
    dataflow_state: str = "enabled"
    operation_status: str | None = None
    dataflow_vanished: bool = False
    mapped: bool = True
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
    evaluated_at: datetime | None = None
    file_name_template: str | None = None
    scheduled_run: str | None = None
    snapshot_job: bool = False
    ad_hoc_run_here: str | None = None
    ad_hoc_run_elsewhere: str | None = None
    held: bool = False
    in_flight_here: bool = False
    jobs_today: int = 0
    paused: Paused | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: stable code, severity, one plain sentence, what to do, whose rule, when it clears.

    `run` is the platform's run that it is about, where there is one.
    """

    code: str
    severity: Severity
    sentence: str | Promise
    do: str | Promise
    source: str
    clears_at: datetime | None = None
    run: str = ""

    def as_json(self) -> dict[str, Any]:
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


Rule = Callable[[Facts], Finding | None]


def check(facts: Facts) -> Verdict:
    """Ask every rule about one delivery."""
    found = (rule(facts) for rule in RULES)
    # Two rules may come to the same finding; people read it once.
    return Verdict(tuple({finding.code: finding for finding in found if finding is not None}.values()))


def _after(moment: datetime, wait: timedelta) -> datetime:
    """`moment + wait`; vendors' nonsense dates end with the calendar instead of an error."""
    try:
        return moment + wait
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def not_paused(facts: Facts) -> Finding | None:
    return paused_finding(facts.paused, facts.now) if facts.paused else None


def paused_finding(pause: Paused, now: datetime) -> Finding:
    """Who paused it, why, and until when; the moment in the reader's zone, named."""
    words = {
        "why": pause.why,
        "who": pause.who or _("an administrator"),
        "until": speech.clock(pause.until, now) if pause.until else _("somebody lifts it"),
    }
    sentence = (
        _("Blackout until %(until)s, planned by %(who)s: %(why)s")
        if pause.planned
        else _("Paused by %(who)s until %(until)s: %(why)s")
    )
    return Finding(
        "paused", "wait",
        sentence % words,
        _("It goes by itself when the pause is over."),
        OURS,
        pause.until,
    )  # fmt: skip


def dataflow_present(facts: Facts) -> Finding | None:
    if not facts.dataflow_vanished:
        return None
    return Finding(
        "dataflow_vanished", "stop",
        _("The dataflow is no longer on the platform."),
        _("Choose another dataflow, or ask your administrator what became of it."),
        OURS,
    )  # fmt: skip


def batch_file_based(facts: Facts) -> Finding | None:
    if facts.kind == "batch_file":
        return None
    if facts.kind == "unknown":
        return Finding(
            "kind_unknown", "look",
            _("We cannot tell whether this dataflow is batch file-based."),
            _("You may try; the platform refuses other kinds without sending anything."),
            ADOBE_GUIDE,
        )  # fmt: skip
    return Finding(
        "not_batch", "stop",
        _("Only batch file-based dataflows can be activated on demand, and this one is not."),
        _("Choose a batch file-based destination for this audience."),
        ADOBE_GUIDE,
    )  # fmt: skip


def dataflow_enabled(facts: Facts) -> Finding | None:
    if facts.dataflow_state in ("enabled", ""):
        return None
    if facts.dataflow_state == "disabled":
        return Finding(
            "dataflow_disabled", "stop",
            _("The dataflow is disabled."),
            _("Enable it in Adobe Experience Platform, then refresh the catalogue."),
            OURS,
        )  # fmt: skip
    return _in_transition()


def dataflow_settled(facts: Facts) -> Finding | None:
    word = (facts.operation_status or "").lower().replace("_", "")
    return _in_transition() if word in ("inprogress", "queued", "scheduled") else None


def _in_transition() -> Finding:
    return Finding(
        "dataflow_in_transition", "wait",
        _("The dataflow is being changed on the platform right now."),
        _("It goes by itself when the change is through."),
        ADOBE_GUIDE,
    )  # fmt: skip


def audience_mapped(facts: Facts) -> Finding | None:
    if facts.mapped:
        return None
    return Finding(
        "not_mapped", "stop",
        _("The audience is no longer mapped to this dataflow."),
        _("Map it again in Adobe Experience Platform, wait an hour, then activate."),
        ADOBE_GUIDE,
    )  # fmt: skip


def audience_known(facts: Facts) -> Finding | None:
    if facts.audience_vanished:
        return Finding(
            "audience_vanished", "stop",
            _("The audience is no longer on the platform."),
            _("Choose another audience."),
            OURS,
        )  # fmt: skip
    if not facts.audience_listed:
        return Finding(
            "audience_not_listed", "look",
            _("The platform's audience list does not show this audience, so its size and state are unknown."),
            _("Check that the credentials may read it."),
            OURS,
        )  # fmt: skip
    return None


def schedule_started(facts: Facts) -> Finding | None:
    if facts.start_date is None or facts.start_date <= facts.now.astimezone(UTC).date():
        return None
    return Finding(
        "schedule_not_begun", "stop",
        _("Its schedule on this dataflow only begins on %(day)s.") % {"day": facts.start_date.isoformat()},
        _("Move the start date to today or earlier in Adobe Experience Platform."),
        ADOBE_UI,
        datetime.combine(facts.start_date, time(0), UTC),
    )  # fmt: skip


def schedule_not_ended(facts: Facts) -> Finding | None:
    today = facts.now.astimezone(UTC).date()
    if facts.end_date is None or facts.end_date > today:
        return None
    if facts.end_date == today:
        return Finding(
            "schedule_last_day", "look",
            _("Its schedule on this dataflow ends today; the platform may already refuse it."),
            _("Extend the schedule if the platform refuses."),
            ADOBE_UI,
        )  # fmt: skip
    return Finding(
        "schedule_ended", "stop",
        _("Its schedule on this dataflow ended on %(day)s.") % {"day": facts.end_date.isoformat()},
        _("Extend the schedule in Adobe Experience Platform so that it includes today."),
        ADOBE_UI,
    )  # fmt: skip


def mapped_long_enough(facts: Facts) -> Finding | None:
    if facts.mapped_at is None:
        return None
    clears_at = _after(facts.mapped_at, facts.guardrails.mapping_wait)
    if clears_at <= facts.now:
        return None
    return Finding(
        "mapped_recently", "wait",
        _("Mapped %(age)s min ago; Adobe needs %(wait)s.")
        % {
            "age": max(0, int((facts.now - facts.mapped_at).total_seconds() // 60)),
            "wait": int(facts.guardrails.mapping_wait.total_seconds() // 60),
        },
        _("It goes by itself when the time is up."),
        ADOBE_GUIDE,
        clears_at,
    )  # fmt: skip


def merge_policy_settled(facts: Facts) -> Finding | None:
    if facts.merge_policy_seen_at is None:
        return None
    clears_at = _after(facts.merge_policy_seen_at, facts.guardrails.merge_policy_wait)
    if clears_at <= facts.now:
        return None
    return Finding(
        "merge_policy_new", "look",
        _("Its merge policy changed less than 24 hours ago, so the file may be empty or incomplete."),
        _("Wait a day after a merge policy change for a complete file."),
        ADOBE_UI,
        clears_at,
    )  # fmt: skip


def lifecycle_published(facts: Facts) -> Finding | None:
    word = facts.lifecycle.lower()
    if word in ("published", "active", ""):
        return None
    return Finding(
        "audience_not_published", "stop",
        _("The audience is %(word)s, not published.") % {"word": word},
        _("Publish the audience in Adobe Experience Platform."),
        OURS,
    )  # fmt: skip


def no_scheduled_run(facts: Facts) -> Finding | None:
    if facts.scheduled_run is None:
        return None
    return Finding(
        "scheduled_export_running", "wait",
        _("A scheduled export is running on this dataflow; Adobe does not allow both at once."),
        _("It goes by itself when that export is over."),
        ADOBE_GUIDE,
    )  # fmt: skip


def no_snapshot_job(facts: Facts) -> Finding | None:
    if not facts.snapshot_job:
        return None
    return Finding(
        "snapshot_export_running", "wait",
        _("Adobe is making the profile snapshot right now; an on-demand export cannot run beside it."),
        _("It goes by itself when the snapshot is made, and then carries the new one."),
        ADOBE_LIMITS,
    )  # fmt: skip


def no_ad_hoc_run(facts: Facts) -> Finding | None:
    if facts.ad_hoc_run_here is not None:
        return Finding(
            "joins_run", "join",
            _("A run for this audience, started elsewhere, is going on here."),
            _("Nothing to do: we follow that run. It carries the same snapshot."),
            ADOBE_GUIDE,
            run=facts.ad_hoc_run_here,
        )  # fmt: skip
    if facts.ad_hoc_run_elsewhere is not None:
        return Finding(
            "audience_running_elsewhere", "wait",
            _("A run for this audience is going on at another destination; Adobe allows one at a time."),
            _("It goes by itself when that run is over."),
            ADOBE_LIMITS,
        )  # fmt: skip
    return None


def not_held(facts: Facts) -> Finding | None:
    if facts.in_flight_here:
        return Finding(
            "already_in_flight", "stop",
            _("It is already on its way from an earlier press."),
            _("Follow that activation; press again when it is over, if it must go twice."),
            OURS,
        )  # fmt: skip
    if not facts.held:
        return None
    return Finding(
        "audience_held", "wait",
        _("Another of our jobs is sending this audience; Adobe allows one at a time."),
        _("It goes by itself when that job is over."),
        ADOBE_LIMITS,
    )  # fmt: skip


def external_evaluated(facts: Facts) -> Finding | None:
    if not facts.external or facts.ingested_at is None:
        return None
    if facts.evaluated_at is not None and facts.evaluated_at >= facts.ingested_at:
        return None
    return Finding(
        "external_not_evaluated", "look",
        _("No daily segmentation has run since this external audience changed, so it may go out empty."),
        _("Wait for the next daily segmentation if you need the new people in it."),
        ADOBE_UI,
    )  # fmt: skip


def count_known(facts: Facts) -> Finding | None:
    if facts.profiles is None:
        return Finding(
            "count_unknown", "look",
            _("The platform gives no profile count for this audience."),
            _("Check its size in Adobe Experience Platform if it matters."),
            OURS,
        )  # fmt: skip
    if facts.profiles == 0:
        return Finding(
            "count_zero", "look",
            _("The audience had no profiles when it was last counted."),
            _("Check the audience's rule; an empty file would be delivered."),
            OURS,
        )  # fmt: skip
    if facts.profiles_as_of and facts.now - facts.profiles_as_of > facts.guardrails.count_max_age:
        return Finding(
            "count_old", "look",
            _("The profile count is older than a day and a half."),
            _("Check that the daily evaluation still runs."),
            OURS,
        )  # fmt: skip
    return None


def file_name_dated(facts: Facts) -> Finding | None:
    template = facts.file_name_template
    if not template or "DATETIME" in template or "TIMESTAMP" in template:
        return None
    return Finding(
        "file_name_static", "look",
        _("Its file name carries no date, so this export overwrites the previous file."),
        _("Add a date or timestamp to the file name template if both files are needed."),
        ADOBE_UI,
    )  # fmt: skip


def budget_left(facts: Facts) -> Finding | None:
    if facts.jobs_today < facts.guardrails.jobs_per_day:
        return None
    return Finding(
        "budget_used", "look",
        _("%(used)s of %(budget)s jobs of today (UTC) are used.")
        % {"used": facts.jobs_today, "budget": facts.guardrails.jobs_per_day},
        _("The platform may refuse more until 00:00 UTC."),
        "Adobe, beta tutorial only; later pages name no daily limit",
    )  # fmt: skip


RULES: tuple[Rule, ...] = (
    dataflow_present,
    batch_file_based,
    dataflow_enabled,
    dataflow_settled,
    audience_mapped,
    audience_known,
    schedule_started,
    schedule_not_ended,
    lifecycle_published,
    not_paused,
    mapped_long_enough,
    no_scheduled_run,
    no_snapshot_job,
    not_held,
    no_ad_hoc_run,
    external_evaluated,
    merge_policy_settled,
    count_known,
    file_name_dated,
    budget_left,
)
