"""Activate on-demand: audiences × destinations in one list, and the tray that says what a press would do."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from activations.choice import chosen_in, offered, still_there
from activations.going import Row, counted_at, rows_of
from activations.question import plan
from activations.selection import AT_MOST, fold, unfold
from activations.views.rights import viewer_of
from audiences.access import may_press, workspace_for
from audiences.models import Workspace

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

PER_PAGE = 100
LONGEST_SEARCH = 200
AUDIENCES_AT_MOST = 500


@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, slug: str) -> HttpResponse:
    workspace = workspace_for(request, slug)
    if request.method == "POST":
        return HttpResponseRedirect(_address_after(request, workspace))
    return render(request, "activations/activate.html", _choice(request, workspace))


@require_POST
def tray(request: HttpRequest, slug: str) -> HttpResponse:
    """What a press of the boxes ticked now would do; sends nothing."""
    workspace = workspace_for(request, slug)
    rows = rows_of(workspace, still_there(viewer_of(request), chosen_in(request.POST)))
    context = {
        "workspace": workspace,
        "plan": plan(workspace, [row for row in rows if row.selectable]),
        "may_press": may_press(workspace),
        "another": request.POST.get("another"),
    }
    return render(request, "activations/parts/tray.html", context)


def searched(text: str | None) -> str:
    return (text or "").replace("\0", "").strip()[:LONGEST_SEARCH]


def _address_after(request: HttpRequest, workspace: Workspace) -> str:
    """Where the form leads: the same page with the choice, the search and the page number in its address."""
    form = request.POST
    go, chosen = form.get("go", ""), chosen_in(form)
    q, to, only = ("", "", []) if go == "clear" else _search(form)
    if go == "all":
        matching = rows_of(workspace, offered(workspace, q, to, only)[:AT_MOST])
        chosen |= {row.mapping.pk for row in matching if row.selectable}
    elif go == "none":
        chosen = set()
    page = go.removeprefix("page:") if go.startswith("page:") else ""
    query = {"q": q, "to": to, "audience": only, "page": page, "sel": fold(chosen)}
    address = reverse("activations:activate", args=[workspace.slug])
    return f"{address}?{urlencode({name: value for name, value in query.items() if value}, doseq=True)}"


def _search(query: QueryDict) -> tuple[str, str, list[str]]:
    """Words for audiences, words for destinations, and the platform ids of audiences chosen elsewhere."""
    only = [text for one in query.getlist("audience")[:AUDIENCES_AT_MOST] if (text := searched(one))]
    return searched(query.get("q")), searched(query.get("to")), only


def _choice(request: HttpRequest, workspace: WorkspaceInHand) -> dict[str, Any]:
    q, to, only = _search(request.GET)
    chosen = unfold(request.GET.get("sel", ""))
    listed = offered(workspace, q, to, only).order_by("dataflow__name", "dataflow_id", "audience__name", "pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    here = list(page.object_list)
    kept = [one for one in still_there(viewer_of(request), chosen) if one.pk not in {m.pk for m in here}]
    rows = rows_of(workspace, [*here, *kept], chosen)
    shown = rows[: len(here)]
    return {
        "workspace": workspace,
        "may_press": may_press(workspace),
        "q": q,
        "to": to,
        "page": page,
        "groups": _by_dataflow(shown),
        "counted_at": counted_at(shown),
        "only": only,
        "all_chosen": fold(row.mapping.pk for row in rows if row.chosen),
        "shown": fold(mapping.pk for mapping in here),
        "plan": plan(workspace, [row for row in rows if row.chosen and row.selectable]),
    }


def _by_dataflow(rows: list[Row]) -> list[tuple[Any, list[Row]]]:
    return [
        (found[0].mapping.dataflow, found)
        for _pk, group in groupby(rows, key=lambda row: row.mapping.dataflow_id)
        if (found := list(group))
    ]
