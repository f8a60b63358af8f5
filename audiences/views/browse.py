"""The two lists of the catalogue: destinations with their dataflows, and audiences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audiences import sheets, shown
from audiences.access import may_press, workspace_for
from audiences.filters import Facet, Finder
from audiences.models import Audience, Dataflow, Mapping, Workspace
from audiences.models.catalog import Kind
from audiences.views import sheets as columns
from audiences.views.lists import show_list

KIND = dict(Kind.choices)


def _kind(value: str) -> str:
    return str(KIND.get(value, value))


DATAFLOWS = Finder(
    facets=[
        Facet("kind", _("Kind"), "kind", word=_kind, default=Kind.BATCH_FILE.value),
        Facet("platform", _("Platform"), "destination__platform"),
        Facet("state", _("Status"), "state", word=lambda value: shown.dataflow(value).word),
        Facet("last", _("Last run"), bands={
            **{row.value: (row.word, Q(last_run_status=row.value)) for row in shown.RUN.values()},
            "none": (shown.NO_RUN.word, Q(last_run_status__isnull=True)),
        }),
    ],
    search=["name", "destination__platform", "destination__account", "platform_id"],
    sorts={
        "name": "name", "platform": "destination__platform", "mapped": "mapped_count", "last": "last_run_at",
        "created": "created_at", "modified": "updated_at", "state": "state",
    },
    sort="name",
)  # fmt: skip

# At Segment every dataflow is of one kind, and there are no runs.
CONNECTIONS = replace(
    DATAFLOWS, facets=[one for one in DATAFLOWS.facets if one.name in ("platform", "state")]
)


def audience_finder(count_max_age: timedelta) -> Finder:
    """How audiences are found; a count older than `count_max_age` is old."""
    fresh_from = timezone.now() - count_max_age
    return Finder(
        facets=[
            Facet("origin", _("Origin"), "origin", word=shown.origin),
            Facet("lifecycle", _("Lifecycle"), "lifecycle", word=lambda value: shown.lifecycle(value).word),
            Facet("size", _("Size"), bands={
                "unknown": (_("unknown"), Q(profiles__isnull=True)),
                "empty": (_("empty"), Q(profiles=0)),
                "small": (_("up to 10,000"), Q(profiles__gt=0, profiles__lte=10_000)),
                "medium": (_("up to 100,000"), Q(profiles__gt=10_000, profiles__lte=100_000)),
                "large": (_("up to 1 million"), Q(profiles__gt=100_000, profiles__lte=1_000_000)),
                "huge": (_("over 1 million"), Q(profiles__gt=1_000_000)),
            }),
            Facet("evaluated", _("Counted"), bands={
                "fresh": (_("fresh"), Q(profiles_as_of__gte=fresh_from)),
                "old": (_("old"), Q(profiles_as_of__lt=fresh_from)),
                "unknown": (_("unknown"), Q(profiles_as_of__isnull=True)),
            }),
            Facet("external", _("Kind"), bands={
                "yes": (_("external"), Q(external=True)),
                "no": (_("made at Adobe"), Q(external=False)),
            }),
        ],
        search=["name", "platform_id", "external_id"],
        sorts={"name": "name", "profiles": "profiles", "counted": "profiles_as_of", "modified": "updated_at"},
        sort="name",
    )  # fmt: skip


def _finder(workspace: Workspace) -> Finder:
    """Segment has no external audiences, and does not say as of when it counted."""
    finder = audience_finder(workspace.count_max_age)
    if not workspace.is_segment:
        return finder
    kept = [one for one in finder.facets if one.name not in ("external", "evaluated")]
    return replace(
        finder, facets=[replace(one, label=_("Status")) if one.name == "lifecycle" else one for one in kept]
    )


@require_safe
def destinations(request: HttpRequest, slug: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    rows = Dataflow.objects.present().filter(workspace=workspace)
    finder = CONNECTIONS if workspace.is_segment else DATAFLOWS
    found = finder.find(rows.select_related("destination", "audience"), request.GET)
    if sheets.asked(request):
        return sheets.answer(columns.dataflows(workspace), found.rows, slug)
    more = {"may_press": may_press(workspace) and not workspace.is_segment}
    return show_list(request, "audiences/destinations.html", workspace, found, more)


@require_safe
def audiences(request: HttpRequest, slug: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    rows = Audience.objects.present().filter(workspace=workspace)
    kept_as = f"audience-counts:{workspace.pk}:{workspace.synced_at and workspace.synced_at.timestamp()}"
    found = _finder(workspace).find(rows, request.GET, kept_as)
    if sheets.asked(request):
        return sheets.answer(columns.audiences(_with_mapped), found.rows, slug)
    found.page.object_list = _with_mapped(list(found.page.object_list))
    more = {"may_press": may_press(workspace) and not workspace.is_segment}
    return show_list(request, "audiences/audiences.html", workspace, found, more)


def _with_mapped(rows: list[Any]) -> list[Any]:
    """Count, for these rows only, the dataflows each is mapped to."""
    counts = dict(
        Mapping.objects.present()
        .filter(audience__in=[row.pk for row in rows], dataflow__vanished_at=None)
        .values_list("audience")
        .annotate(n=Count("dataflow", distinct=True))
    )
    for row in rows:
        row.mapped = counts.get(row.pk, 0)
    return rows
