"""One audience: what it is, where it can go from here, and where it went last."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activations.going import rows_of
from activations.lines import delivery_rows
from activations.models import Delivery, seen_whole
from activations.question import plan
from activations.trends.people import people
from activations.views import sheets as columns
from activations.views.rights import viewer_of
from audiences import sheets
from audiences.access import may_press, workspace_for
from audiences.models import Audience, ExternalAudience, Wish
from audiences.sending import connections_of
from audiences.views import sheets as catalogue
from audiences.wishes.lines import lines_of

LAST = 20


@require_safe
def audience(request: HttpRequest, slug: str, audience: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    found = get_object_or_404(Audience, workspace=workspace, platform_id=audience)
    found.workspace = workspace
    # Before the rows: a wish that is done has changed what is read after it.
    wishes = lines_of(Wish.objects.filter(Q(audience=found) | Q(dataflow__audience=found)))
    mappings = found.mappings.filter(vanished_at=None, dataflow__vanished_at=None)
    rows = rows_of(
        workspace, mappings.select_related("dataflow__destination", "audience").order_by("dataflow__name")
    )
    connections = connections_of(found.connections.all()) if workspace.is_segment else []
    last = Delivery.objects.filter(seen_whole(viewer_of(request), "activation"), audience=found)
    last = last.order_by("-pk").select_related("activation__workspace", "workspace", "dataflow", "retry_of")
    if which := sheets.asked(request):
        if which == "last":
            return sheets.answer(
                columns.deliveries(f"deliveries {found.name}"), last.select_related(*columns.WITH), slug
            )
        if which == "connections":
            return sheets.answer(catalogue.CONNECTIONS, catalogue.sends(connections), f"{found.name} {slug}")
        return sheets.answer(columns.mappings(f"destinations {found.name}", rows), rows, slug)
    context = {
        "workspace": workspace,
        "audience": found,
        "external": ExternalAudience.objects.about(found),
        "may_press": may_press(workspace),
        "rows": rows,
        "connections": connections,
        "selectable": sum(row.selectable for row in rows),
        "wishes": wishes,
        "plan": plan(workspace, []),
        "last": delivery_rows(last[:LAST], timezone.now()),
        "people": people(found, timezone.now(), timezone.get_current_timezone_name()),
    }
    return render(request, "activations/audience.html", context)
