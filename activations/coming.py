"""What goes next by itself: armed deliveries and due schedules in one list, the soonest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import shelf, states
from activations.messages import explain
from activations.models import Delivery, Schedule
from audiences import speech
from audiences.models import User, Workspace

SHOWN = 4
Kind = Schedule.Kind


@dataclass(frozen=True, slots=True)
class Next:
    """One thing that will go. `at` None: when something clears, and `words` say what. `zone` is that of its schedule,
    "" for the viewer's. `icon` is a lucide name. `armed`: how many deliveries it stands for, 0 for a schedule."""

    title: str
    url: str
    words: str
    icon: str
    at: datetime | None
    zone: str = ""
    armed: int = 0


def coming(workspace: Workspace, viewer: User, here: QuerySet[Delivery]) -> list[Next]:
    """The next few, in two queries. `here` are the workspace's deliveries that the viewer may look at."""
    scheduled = [_scheduled(one, workspace) for one in shelf.coming(workspace, viewer, SHOWN)]
    found = [*_armed(workspace, here), *scheduled]
    known = sorted((one for one in found if one.at), key=lambda one: one.at or datetime.max)
    return [*known, *(one for one in found if one.at is None)][:SHOWN]


def _armed(workspace: Workspace, here: QuerySet[Delivery]) -> list[Next]:
    """One line per activation."""
    rows = here.filter(state=states.ARMED).order_by()
    grouped = rows.values("activation", "activation__name", "activation__workspace__slug").annotate(
        n=Count("pk"), at=Min("not_before"), why=Min("reason"), whys=Count("reason", distinct=True)
    )
    return [
        Next(
            row["activation__name"],
            reverse("activations:activation", args=[row["activation__workspace__slug"], row["activation"]]),
            _armed_words(row["n"], row["why"] if row["whys"] == 1 else "", workspace),
            "clock",
            row["at"],
            armed=row["n"],
        )
        for row in grouped.order_by(F("at").asc(nulls_last=True), "activation")[:SHOWN]
    ]


def _armed_words(count: int, reason: str, workspace: Workspace) -> str:
    """ "3 armed: A scheduled export is running"."""
    armed = ngettext("%(n)s armed", "%(n)s armed", count) % {"n": speech.number(count)}
    if not reason:
        return armed
    why = explain(reason, vendor=workspace.platform).title
    return _("%(armed)s: %(why)s") % {"armed": armed, "why": why}


def _scheduled(one: Schedule, workspace: Workspace) -> Next:
    url = reverse("activations:set", args=[workspace.slug, one.of_set_id])
    at = None if one.kind == Kind.SOON else one.fire_at
    words = shelf.words(one) if at is None else _("scheduled")
    return Next(one.of_set.name, url, words, "calendar-clock", at, one.zone)
