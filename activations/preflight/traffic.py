"""Rules about what is going on at the moment: pauses, other exports, other jobs of ours, the day's budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from activations.preflight.finding import (
    ADOBE_GUIDE,
    ADOBE_LIMITS,
    OURS,
    SEGMENT_GUIDE,
    Facts,
    Finding,
    Paused,
)
from audiences.told import said as _

BETA_GUIDE = "Adobe, beta tutorial only; later pages name no daily limit"


def not_paused(facts: Facts) -> Finding | None:
    return paused_finding(facts.paused) if facts.paused else None


def paused_finding(pause: Paused) -> Finding:
    """Who paused it, why, and until when; the moment in the reader's zone, named."""
    words = {
        "why": pause.why,
        "who": pause.who or _("an administrator"),
        "until": pause.until or _("somebody lifts it"),
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


# The exports of the platform's own schedule: beside them the presser chooses.
EXPORTS = frozenset({"scheduled_export_running", "snapshot_export_running"})


def as_chosen(findings: Sequence[Finding], facts: Facts) -> list[Finding]:
    """The findings with the presser's choice: who does not wait for exports is stopped by a running one.

    Only where it would leave now: what waits for something else leaves later, and may meet no export then.
    """
    waits = {finding.code for finding in findings if finding.severity == "wait"}
    if facts.waits_for_exports or not waits or not waits <= EXPORTS:
        return list(findings)
    return [_stopped(finding) if finding.code in EXPORTS else finding for finding in findings]


def _stopped(finding: Finding) -> Finding:
    return Finding(
        "no_wait_for_export", "stop",
        _("%(why)s This press was not to wait for it.") % {"why": finding.sentence},
        _("Retry when that export is over, or press again and choose to wait."),
        finding.source,
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
    """What keeps it is the audience's own job at Adobe, any resync of the workspace at Segment."""
    if facts.in_flight_here:
        return Finding(
            "already_in_flight", "stop",
            _("It is already on its way from an earlier press."),
            _("Follow that activation; press again when it is over, if it must go twice."),
            OURS,
        )  # fmt: skip
    if not facts.held:
        return None
    if facts.platform == "segment":
        return Finding(
            "resync_held", "wait",
            _("Another resync of this workspace is going on; Segment allows one at a time."),
            _("It goes by itself when that one has finished."),
            SEGMENT_GUIDE,
        )  # fmt: skip
    return Finding(
        "audience_held", "wait",
        _("Another of our jobs is sending this audience; Adobe allows one at a time."),
        _("It goes by itself when that job is over."),
        ADOBE_LIMITS,
    )  # fmt: skip


def budget_left(facts: Facts) -> Finding | None:
    if facts.jobs_today < facts.guardrails.jobs_per_day:
        return None
    if facts.guardrails.over_budget_waits:
        return over_budget_finding(facts.jobs_today, facts.guardrails.jobs_per_day, facts.now)
    return Finding(
        "budget_used", "look",
        _("%(used)s of %(budget)s jobs of today (UTC) are used.")
        % {"used": facts.jobs_today, "budget": facts.guardrails.jobs_per_day},
        _("The platform may refuse more until 00:00 UTC."),
        BETA_GUIDE,
    )  # fmt: skip


def over_budget_finding(used: int, budget: int, now: datetime) -> Finding:
    """The wait for the next UTC day, where the workspace keeps to its budget."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Finding(
        "budget_waits", "wait",
        _("%(used)s of %(budget)s jobs of today (UTC) are used, and this workspace keeps to its budget.")
        % {"used": used, "budget": budget},
        _("It goes by itself when the next UTC day begins, or when an administrator raises the budget."),
        BETA_GUIDE,
        midnight + timedelta(days=1),
    )  # fmt: skip
