"""What the past tells, in charts; the address carries how far back and through which destination."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activations import trends as told
from activations.charts import Chart
from activations.models import Delivery, seen_whole
from activations.trends.people import people
from activations.views.rights import viewer_of
from audiences import sheets
from audiences.access import workspace_for
from audiences.models import Audience, Destination, Workspace

CHOICES = (30, 90)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; what cannot be read counts as not asked."""

    days: int
    destination: Destination | None

    @classmethod
    def read(cls, request: HttpRequest, destinations: list[Destination]) -> Asked:
        days, wanted = request.GET.get("days", ""), request.GET.get("destination", "")
        known = {str(choice): choice for choice in CHOICES}
        return cls(
            known.get(days, CHOICES[0]),
            next((one for one in destinations if one.platform_id == wanted), None),
        )

    @property
    def narrowed(self) -> bool:
        return self.destination is not None or self.days != CHOICES[0]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at: the deliveries, all of the workspace's, and the days in a zone."""

    asked: Asked
    rows: QuerySet[Delivery]
    record: QuerySet[Delivery]
    span: told.Span
    zone: str
    segment: bool
    kept_as: str

    @property
    def outcomes(self) -> Chart:
        return told.outcomes(
            self.rows, self.span, self.zone, record=self.record, segment=self.segment, kept_as=self.kept_as
        )

    @property
    def times(self) -> Chart:
        return told.times(self.rows, self.span, self.zone, segment=self.segment, kept_as=self.kept_as)


@require_safe
def trends(request: HttpRequest, slug: str) -> HttpResponse:
    workspace = workspace_for(request, slug)
    destinations = _destinations(workspace)
    seen = _seen(request, workspace, destinations)
    reasons = told.reasons(seen.rows, seen.span, workspace)
    context = {
        "workspace": workspace,
        "asked": seen.asked,
        "choices": CHOICES,
        "destinations": destinations,
        "zone": seen.zone,
        "outcomes": seen.outcomes,
        "times": seen.times,
        "reasons": reasons,
        "most": max((one.count for one in reasons), default=0),
    }
    return render(request, "activations/trends.html", context)


@require_safe
def trends_csv(request: HttpRequest, slug: str, chart: str) -> HttpResponseBase:
    """The figures of one of the charts, under the same filters."""
    workspace = workspace_for(request, slug)
    seen = _seen(request, workspace, _destinations(workspace))
    if chart == "reasons":
        return _file(chart, _lines(told.reasons(seen.rows, seen.span, workspace)), workspace)
    if chart not in ("outcomes", "times"):
        raise Http404
    drawn = seen.outcomes if chart == "outcomes" else seen.times
    return _file(chart, drawn.table.sheet(), workspace)


@require_safe
def people_csv(request: HttpRequest, slug: str, audience: str) -> HttpResponseBase:
    """The counts of an audience over time."""
    workspace = workspace_for(request, slug)
    rows = Audience.objects.filter(workspace=workspace).select_related("workspace")
    found = get_object_or_404(rows, platform_id=audience)
    drawn = people(found, timezone.now(), timezone.get_current_timezone_name())
    if drawn is None:
        raise Http404
    return _file("profiles", drawn.table.sheet(), workspace)


def _file(what: str, lines: Iterable[Sequence[Any]], workspace: Workspace) -> HttpResponseBase:
    """The lines, the first of which is the heading, as a download."""
    head, *rows = lines
    columns: list[sheets.Column] = [(word, itemgetter(place)) for place, word in enumerate(head)]
    return sheets.answer(sheets.Sheet(what, columns), rows, workspace.slug)


def _destinations(workspace: Workspace) -> list[Destination]:
    return list(Destination.objects.filter(workspace=workspace).order_by("platform", "account", "pk"))


def _seen(request: HttpRequest, workspace: Workspace, destinations: list[Destination]) -> Seen:
    asked = Asked.read(request, destinations)
    here = Delivery.objects.filter(seen_whole(viewer_of(request), "activation"), workspace=workspace)
    rows = here.filter(dataflow__destination=asked.destination) if asked.destination else here
    return Seen(
        asked,
        rows,
        here,
        span=told.Span.last(asked.days, timezone.now(), timezone.get_current_timezone()),
        zone=timezone.get_current_timezone_name(),
        segment=workspace.is_segment,
        kept_as=told.kept_as(workspace, viewer_of(request), asked.destination),
    )


def _lines(reasons: list[told.Reason]) -> list[list[Any]]:
    head = [_("Reason"), _("State"), _("Times"), _("Last")]
    return [head, *([one.title, one.state.value, one.count, one.last] for one in reasons)]
