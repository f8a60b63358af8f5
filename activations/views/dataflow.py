"""A dataflow's "Activation data": the audiences mapped to it, and whether each will go."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from activations.going import WILL_GO, Row, counted_at, counts, rows_of
from activations.question import plan
from activations.selection import fold
from activations.views import sheets as columns
from activations.views.choose import searched
from audiences import sheets
from audiences.access import may_press, workspace_for
from audiences.models import Dataflow, Wish
from audiences.sending import connections_of
from audiences.wishes.lines import lines_of

PER_PAGE = 250


@require_safe
def dataflow(request: HttpRequest, slug: str, dataflow: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    # Before all else: a wish that is done has changed what is read after it, and one that is not makes the page ask.
    wishes = lines_of(Wish.objects.filter(workspace=workspace, dataflow__platform_id=dataflow))
    flows = Dataflow.objects.filter(workspace=workspace).select_related("destination", "audience")
    flow = get_object_or_404(flows, platform_id=dataflow)
    q, show = searched(request.GET.get("q")), request.GET.get("show", "")
    matching = _matching(rows_of(workspace, _mappings(flow)), q)
    rows = [row for row in matching if show not in WILL_GO or row.kind == show]
    if sheets.asked(request):
        return sheets.answer(columns.mappings(f"mappings {flow.name}", rows), rows, slug)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    ready = [row.mapping.pk for row in rows if row.selectable]
    ticked = "all" in request.GET
    context = {
        "workspace": workspace,
        "dataflow": flow,
        "tab": "data",
        "may_press": may_press(workspace),
        "q": q,
        "show": show,
        "ticked": ticked,
        "chips": counts(matching),
        "total": len(matching),
        "page": page,
        "counted_at": counted_at(page.object_list),
        "selectable": len(ready),
        "all_of_them": fold(ready),
        "wishes": wishes,
        "connections": connections_of(flows.filter(pk=flow.pk)) if workspace.is_segment else [],
        "plan": plan(workspace, [row for row in page.object_list if ticked and row.selectable]),
    }
    return render(request, "activations/dataflow.html", context)


def _mappings(flow: Dataflow):  # type: ignore[no-untyped-def]
    rows = flow.mappings.filter(vanished_at=None).select_related("audience").order_by("audience__name", "pk")
    for mapping in rows:
        mapping.dataflow = flow
        yield mapping


def _matching(rows: list[Row], q: str) -> list[Row]:
    words = q.casefold().split()
    return [row for row in rows if all(word in _text(row) for word in words)]


def _text(row: Row) -> str:
    audience = row.mapping.audience
    return (
        f"{audience.name} {row.mapping.name} {audience.platform_id} {audience.external_id or ''}".casefold()
    )
