"""The external audiences of a workspace, each with how it stands."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audiences import sheets
from audiences.access import adobe_workspace_for, may_press
from audiences.external.standing import evaluations, lapses_soon, stand
from audiences.filters import Facet, Finder
from audiences.models import Audience, ExternalAudience, ExternalOperation, Workspace
from audiences.views import sheets as columns
from audiences.views.lists import show_list

EXTERNALS = Finder(
    facets=[
        Facet("there", _("At Adobe"), bands={
            "yes": (_("there or coming"), Q(live=True)),
            "no": (_("deleted or never made"), Q(live=False)),
        }),
        Facet("cloud", _("Storage"), "cloud", word=lambda value: dict(ExternalAudience.Cloud.choices).get(value, value)),
    ],
    search=["name", "path", "external_id"],
    sorts={"name": "name", "created": "created_at", "lapses": "expires_at"},
    sort="-created",
    per_page=25,
)  # fmt: skip


@require_safe
def externals(request: HttpRequest, slug: str) -> HttpResponseBase:
    workspace = adobe_workspace_for(request, slug)
    rows = ExternalAudience.objects.filter(workspace=workspace).select_related("created_by")
    found = EXTERNALS.find(rows, request.GET)
    if sheets.asked(request):
        return sheets.answer(columns.externals(partial(_with_standing, workspace)), found.rows, slug)
    found.page.object_list = _with_standing(workspace, list(found.page.object_list))
    more = {"may_press": may_press(workspace)}
    return show_list(request, "audiences/external/externals.html", workspace, found, more)


def _with_standing(workspace: Workspace, rows: list[Any]) -> list[Any]:
    """How each of these rows stands, and its people, in three queries."""
    now, jobs = timezone.now(), evaluations(workspace)
    operations: dict[int, list[ExternalOperation]] = defaultdict(list)
    for operation in ExternalOperation.objects.filter(external__in=[row.pk for row in rows]).order_by("-pk"):
        operations[operation.external_id].append(operation)
    ids = [row.external_id for row in rows if row.external_id]
    mirrored = Audience.objects.present().filter(workspace=workspace, external_id__in=ids)
    people = {one.external_id: one for one in mirrored}
    for row in rows:
        row.workspace = workspace
        row.stands = stand(row, operations[row.pk], jobs, now)
        row.audience = people.get(row.external_id)
        row.lapses_soon = row.live and lapses_soon(row, now)
    return rows
