"""How mirrored states are shown: value, word, tone and icon in one row, so a badge cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Shown:
    """`tone`: idle, moving, done, look or act; `icon` a lucide name."""

    value: str
    word: str | Promise
    tone: str
    icon: str


def table(*rows: Shown) -> dict[str, Shown]:
    """Each row under its value, in the order given."""
    return {row.value: row for row in rows}


RUN = table(
    Shown("queued", _("Queued"), "moving", "ellipsis"),
    Shown("running", _("Running"), "moving", "loader-circle"),
    Shown("succeeded", _("Succeeded"), "done", "check"),
    Shown("partial", _("Partly succeeded"), "look", "contrast"),
    Shown("failed", _("Failed"), "act", "x"),
    Shown("unknown", _("Unknown"), "idle", "circle-question-mark"),
)
EMPTY_RUN = Shown("empty", _("Succeeded, empty"), "look", "triangle-alert")
NO_RUN = Shown("none", _("No run seen"), "idle", "minus")

DATAFLOW = table(
    Shown("enabled", _("Enabled"), "done", "check"),
    Shown("disabled", _("Disabled"), "idle", "circle-pause"),
    Shown("draft", _("Draft"), "look", "pencil-line"),
    Shown("deleted", _("Deleted"), "act", "trash-2"),
)

JOB = table(
    Shown("queued", _("Queued"), "moving", "ellipsis"),
    Shown("processing", _("Going on"), "moving", "loader-circle"),
    Shown("succeeded", _("Succeeded"), "done", "check"),
    Shown("failed", _("Failed"), "act", "x"),
    Shown("canceled", _("Canceled"), "idle", "slash"),
    Shown("unknown", _("Unknown"), "idle", "circle-question-mark"),
)

LIFECYCLE = table(
    Shown("published", _("Published"), "done", "check"),
    Shown("draft", _("Draft"), "look", "pencil-line"),
    Shown("inactive", _("Inactive"), "idle", "circle-pause"),
    Shown("archived", _("Archived"), "idle", "archive"),
    Shown("deleted", _("Deleted"), "act", "trash-2"),
    # Segment's words (contract §6).
    Shown("live", _("Live"), "done", "check"),
    Shown("preparing", _("Preparing"), "moving", "loader-circle"),
    Shown("backfilling", _("Backfilling"), "moving", "loader-circle"),
    Shown("computing", _("Computing"), "moving", "loader-circle"),
    Shown("not computing", _("Not computing"), "idle", "circle-pause"),
    Shown("awaiting destinations", _("Awaiting destinations"), "look", "triangle-alert"),
    Shown("locked", _("Locked"), "look", "triangle-alert"),
    Shown("disabled", _("Disabled"), "idle", "circle-pause"),
    Shown("error", _("Error"), "act", "x"),
    Shown("failed", _("Failed"), "act", "x"),
)


def run(status: str | None, activated: int | None = None) -> Shown:
    """A run's status; a run that succeeded with nobody in it is worth a look, not a success."""
    if status == "succeeded" and activated == 0:
        return EMPTY_RUN
    return NO_RUN if not status else RUN.get(status, RUN["unknown"])


def dataflow(state: str) -> Shown:
    return DATAFLOW.get(state.lower()) or _other(state)


def lifecycle(value: str) -> Shown:
    return LIFECYCLE.get(value.lower()) or _other(value)


def _other(value: str) -> Shown:
    """A word of the vendor that we do not know: shown as it is."""
    return Shown(value, value or _("Unknown"), "idle", "circle-question-mark")


ORIGINS: dict[str, str | Promise] = {
    "real_time_customer_profile": _("Segmentation Service"),
    "aepsegments": _("Segmentation Service"),
    "custom_upload": _("Custom upload"),
    "audience_orchestration": _("Audience composition"),
    "audience_manager": _("Audience Manager"),
    "audience_match": _("Audience match"),
    "federated_composition": _("Federated Audience Composition"),
    "users": _("Classic, users"),
    "accounts": _("Classic, accounts"),
    "linked": _("Linked"),
}


def origin(value: str) -> str | Promise:
    """The platform's own page's word for an origin; one we do not know is shown as it is."""
    return ORIGINS.get(value.lower(), value) or _("unknown")


# A mapping's rhythm and mode.
EXPORTS: dict[str, str | Promise] = {
    "ONCE": _("Once"),
    "DAILY": _("Daily"),
    "WEEKLY": _("Weekly"),
    "MONTHLY": _("Monthly"),
    "EVERY_3_HOURS": _("Every 3 h"),
    "EVERY_6_HOURS": _("Every 6 h"),
    "EVERY_8_HOURS": _("Every 8 h"),
    "EVERY_12_HOURS": _("Every 12 h"),
}
MODES: dict[str, str | Promise] = {
    "DAILY_FULL_EXPORT": _("full"),
    "FIRST_FULL_THEN_INCREMENTAL": _("incremental"),
}
