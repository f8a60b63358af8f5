"""Rules about the dataflow itself and about the audience's mapping on it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from activations.preflight.finding import ADOBE_GUIDE, ADOBE_UI, OURS, Facts, Finding
from audiences.told import said as _


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
            _("Enable it on the dataflow's page here, or in Adobe Experience Platform."),
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
        _("Map it again, here or in Adobe Experience Platform; after an hour it can go."),
        ADOBE_GUIDE,
    )  # fmt: skip


def schedule_started(facts: Facts) -> Finding | None:
    if facts.start_date is None or facts.start_date <= facts.now.astimezone(UTC).date():
        return None
    return Finding(
        "schedule_not_begun", "stop",
        _("Its schedule on this dataflow only begins on %(day)s.") % {"day": facts.start_date},
        _("Move the start date to today or earlier, here or in Adobe Experience Platform."),
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
        _("Its schedule on this dataflow ended on %(day)s.") % {"day": facts.end_date},
        _("Extend the schedule so that it includes today, here or in Adobe Experience Platform."),
        ADOBE_UI,
    )  # fmt: skip


def mapped_long_enough(facts: Facts) -> Finding | None:
    if facts.mapped_at is None:
        return None
    clears_at = after(facts.mapped_at, facts.guardrails.mapping_wait)
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


def after(moment: datetime, wait: timedelta) -> datetime:
    """`moment + wait`; vendors' nonsense dates end with the calendar instead of an error."""
    try:
        return moment + wait
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
