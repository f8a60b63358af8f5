"""The runs of one dataflow, as the platform reported them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audiences import sheets, shown
from audiences.access import workspace_for
from audiences.filters import Facet, Finder
from audiences.models import Audience, Dataflow, Run, RunAudience, Workspace
from audiences.views import sheets as columns
from audiences.views.lists import show_list

RUNS = Finder(
    facets=[
        Facet("status", _("Status"), bands={
            row.value: (row.word, Q(status=row.value)) for row in shown.RUN.values()
        }),
        Facet("how", _("Started by"), bands={
            "schedule": (_("schedule"), Q(ad_hoc=False)),
            "adhoc": (_("ad hoc"), Q(ad_hoc=True)),
            "unknown": (_("unknown"), Q(ad_hoc__isnull=True)),
        }),
    ],
    search=["platform_id"],
    sorts={
        "started": "created_at", "received": "received", "activated": "activated", "excluded": "excluded",
        "files": "files",
    },
    sort="-started",
    per_page=25,
)  # fmt: skip

SEVERITIES = {
    "error": (_("Errors"), "act", "octagon-x"),
    "excluded": (_("Excluded"), "look", "funnel-x"),
    "warning": (_("Warnings"), "look", "triangle-alert"),
}


@dataclass(frozen=True, slots=True)
class Issues:
    """What a run reports of one severity, in the vendor's words."""

    word: str | Promise
    tone: str
    icon: str
    rows: list[dict[str, Any]]

    @property
    def count(self) -> int | None:
        """Records of all rows together; None where the vendor left a number out."""
        counts = [row.get("count") for row in self.rows]
        known = [count for count in counts if isinstance(count, int)]
        return sum(known) if len(known) == len(counts) else None


@require_safe
def runs(request: HttpRequest, slug: str, dataflow: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    known = Dataflow.objects.filter(workspace=workspace).select_related("destination")
    flow = get_object_or_404(known, platform_id=dataflow)
    found = RUNS.find(Run.objects.filter(dataflow=flow), request.GET)
    if sheets.asked(request):
        return sheets.answer(columns.runs(flow, partial(_with_details, workspace)), found.rows, slug)
    found.page.object_list = _with_details(workspace, list(found.page.object_list))
    more = {"dataflow": flow, "tab": "runs"}
    return show_list(request, "audiences/runs.html", workspace, found, more)


def _with_details(workspace: Workspace, rows: list[Any]) -> list[Any]:
    """Give each of these runs its audiences by name and its issues by severity, in two queries."""
    parts = list(RunAudience.objects.filter(run__in=[row.pk for row in rows]).order_by("run_id", "pk"))
    ids = {part.audience for part in parts}
    named = dict(
        Audience.objects.filter(workspace=workspace, platform_id__in=ids).values_list("platform_id", "name")
    )
    of_run: dict[int, list[tuple[RunAudience, str | None]]] = defaultdict(list)
    for part in parts:
        of_run[part.run_id].append((part, named.get(part.audience)))
    for row in rows:
        row.parts = of_run[row.pk]
        row.groups = issues_by_severity(row.issues)
    return rows


def issues_by_severity(issues: object) -> list[Issues]:
    """Errors first, then exclusions and warnings; a severity we do not know counts as a warning."""
    groups: dict[str, list[dict[str, Any]]] = {severity: [] for severity in SEVERITIES}
    for issue in issues if isinstance(issues, list) else []:
        if isinstance(issue, dict):
            groups.get(str(issue.get("severity")), groups["warning"]).append(issue)
    return [Issues(*SEVERITIES[severity], rows) for severity, rows in groups.items() if rows]
