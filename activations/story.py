"""Events told as sentences: what happened at one moment to many deliveries is one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activations.messages.message import Words
from activations.models import Activation, Event
from audiences.models import User
from audiences.models.workspaces import VENDORS

LINES_SHOWN = 40
LINES_AT_MOST = 1000

# %(vendor)s whose platform, %(who)s a person, %(what)s one audience's name or "80 deliveries", %(job)s "Job 2",
# %(by)s whom Adobe names.
SENTENCES: dict[str, Words] = {
    "requested": gettext_lazy("%(who)s pressed Activate now: %(what)s"),
    "retried": gettext_lazy("%(who)s asked again for %(what)s"),
    "canceled": gettext_lazy("%(who)s canceled %(what)s before sending"),
    "checked_again": gettext_lazy("%(who)s asked to check again on %(what)s"),
    "sent": gettext_lazy("%(job)s sent, %(what)s"),
    "accepted": gettext_lazy("%(job)s: %(vendor)s accepted %(what)s"),
    "joined": gettext_lazy("%(what)s joined a run that was already going on"),
    "starter": gettext_lazy("The run that %(what)s joined was started by %(by)s"),
    "refused": gettext_lazy("%(job)s: %(vendor)s refused %(what)s"),
    "requeued": gettext_lazy("%(what)s: not processed, going again without what %(vendor)s named"),
    "not_sent": gettext_lazy("%(job)s did not get through; %(what)s go again"),
    "unconfirmed": gettext_lazy("%(job)s: no clear answer for %(what)s, checking"),
    "found": gettext_lazy("Found %(what)s running at %(vendor)s"),
    "sent_again": gettext_lazy("No trace of %(what)s at %(vendor)s: sending once more"),
    "armed": gettext_lazy("%(what)s armed: going at the first allowed moment"),
    "released": gettext_lazy("%(what)s may go now"),
    "not_waited": gettext_lazy(
        "%(what)s not sent: a scheduled export is running, and this press does not wait"
    ),
    "waits_for_no_export": gettext_lazy("%(who)s chose not to wait for a scheduled export that is running"),
    "blocked": gettext_lazy("%(what)s can no longer go"),
    "never_sent": gettext_lazy("Time ran out for %(what)s: never sent"),
    "stopped": gettext_lazy("Stopped watching %(what)s: outcome unknown"),
    "succeeded": gettext_lazy("%(what)s delivered"),
    "finished": gettext_lazy("The resync of %(what)s finished"),
    "counted": gettext_lazy("Segment counted what was delivered of %(what)s"),
    "not_counted": gettext_lazy("Segment cannot say what was delivered of %(what)s"),
    "run_forced": gettext_lazy(
        "A run of %(what)s was forced, so that its resync need not wait for the next one"
    ),
    "run_not_forced": gettext_lazy("No run of %(what)s could be forced: its resync goes with the next one"),
    "empty": gettext_lazy("%(what)s delivered, but empty"),
    "partly": gettext_lazy("%(what)s delivered in part"),
    "paused": gettext_lazy("%(who)s paused sending"),
    "lifted": gettext_lazy("%(who)s lifted a pause"),
    "shared": gettext_lazy("%(who)s made a share link"),
    "unshared": gettext_lazy("%(who)s revoked a share link"),
    "failed": gettext_lazy("The run of %(what)s failed at %(vendor)s"),
}

# %(set)s the set's name at that moment: nobody pressed.
BY_SCHEDULE: dict[str, Words] = {
    "mine": gettext_lazy("Your schedule of the set “%(set)s” activated %(what)s"),
    "theirs": gettext_lazy("A schedule of the set “%(set)s” activated %(what)s, in the name of %(who)s"),
    "nobody": gettext_lazy("A schedule of the set “%(set)s” activated %(what)s"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """The newest lines in the order in which they happened; `earlier` says that more came before."""

    lines: list[Line]
    earlier: bool


def story(activation: Activation, viewer: User, jobs: Mapping[int, int], *, whole: bool = False) -> Story:
    """What happened to an activation. `jobs` numbers its jobs as people count them."""
    limit = LINES_AT_MOST if whole else LINES_SHOWN
    rows = (
        Event.objects.filter(activation=activation)
        .annotate(by=KT("data__by"))
        .values(
            "at",
            "what",
            "by",
            "job_id",
            "actor_id",
            "actor__username",
            "actor__first_name",
            "actor__last_name",
            "activation__source",
            "activation__name",
            "workspace__platform",
        )
        .annotate(n=Count("pk"), audience=Min("delivery__audience__name"), newest=Max("pk"))
        .order_by("-at", "-newest")
    )
    newest = list(rows[: limit + 1])
    lines = [Line(row["at"], sentence(row, viewer, jobs)) for row in reversed(newest[:limit])]
    return Story(lines, len(newest) > limit)


def sentence(row: Mapping[str, Any], viewer: User, jobs: Mapping[int, int]) -> str:
    """One line for the `n` equal events of a moment."""
    words = {
        "who": _who(row, viewer),
        "what": _what(row),
        "vendor": VENDORS.get(row.get("workspace__platform", ""), _("the platform")),
        "by": row.get("by") or _("somebody unknown"),
        "job": _("Job %(n)s") % {"n": jobs[row["job_id"]]} if row["job_id"] in jobs else _("A job"),
    }
    if row["what"] == "requested" and row["activation__source"] == Activation.Source.SCHEDULE:
        return str(BY_SCHEDULE[_whose(row, viewer)]) % {**words, "set": row["activation__name"]}
    known = SENTENCES.get(row["what"])
    if known is None:
        return f"{words['what']}: {row['what'].replace('_', ' ')}"
    return str(known) % words


def _what(row: Mapping[str, Any]) -> str:
    if row["n"] == 1 and row["audience"]:
        return str(row["audience"])
    return ngettext("%(n)s delivery", "%(n)s deliveries", row["n"]) % {"n": row["n"]}


def _who(row: Mapping[str, Any], viewer: User) -> str:
    if row["actor_id"] is None:
        return _nobody(row)
    if row["actor_id"] == viewer.pk:
        return _("You")
    name = f"{row['actor__first_name']} {row['actor__last_name']}".strip()
    return name or str(row["actor__username"])


def _whose(row: Mapping[str, Any], viewer: User) -> str:
    if row["actor_id"] is None:
        return "nobody"
    return "mine" if row["actor_id"] == viewer.pk else "theirs"


def _nobody(row: Mapping[str, Any]) -> str:
    """A press without a person names where it came from; whatever else nobody did, the system did."""
    if row["what"] != "requested" or not row["activation__source"]:
        return _("The system")
    return _("The %(source)s") % {"source": Activation.Source(row["activation__source"]).label}
