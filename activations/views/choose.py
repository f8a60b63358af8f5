"""Activate on-demand: audiences × destinations in one matrix, and the tray that says what a press would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import replace_url
from django_htmx.middleware import HtmxDetails

from activations.choice import Search, chosen_in, still_there
from activations.going import Row, counted_at, rows_of
from activations.matrix import matrix
from activations.question import plan
from activations.selection import AT_MOST, fold, unfold
from activations.views.rights import viewer_of
from audiences.access import may_press, workspace_for, workspaces_of
from audiences.models import Mapping

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

PER_PAGE = 50
COLUMNS = 4
LONGEST_SEARCH = 200
IDS_AT_MOST = 500
EVERYWHERE = "all"
# What of the address is an id chosen elsewhere, and may be there often.
LISTS = ("audience", "flow")


@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, slug: str) -> HttpResponse:
    """The matrix. A POST leads to the same page with the choice in its address; htmx gets what changed at once."""
    workspace = workspace_for(request, slug)
    if request.method != "POST":
        return render(request, "activations/activate.html", _choice(request, workspace, request.GET))
    query, read = _query_after(request, workspace, request.POST.get("go", ""))
    address = _address(workspace, query)
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx.target != "found":
        return HttpResponseRedirect(address)
    context = {**_choice(request, workspace, query, read), "fragment": True}
    return replace_url(render(request, "activations/activate.html#found", context), address)


@require_POST
def tray(request: HttpRequest, slug: str) -> HttpResponse:
    """What a press of the boxes ticked now would do; sends nothing."""
    workspace = workspace_for(request, slug)
    rows = rows_of(workspace, still_there(viewer_of(request), chosen_in(request.POST)))
    context = {
        "workspace": workspace,
        "plan": plan(workspace, rows),
        "may_press": may_press(workspace),
        "another": request.POST.get("another"),
        "heard": True,
    }
    answer = render(request, "activations/parts/tray.html", context)
    if "columns" not in request.POST:
        return answer
    # The matrix: what is ticked stands in the address, so that a reload or a link to it keeps it.
    return replace_url(answer, _address(workspace, _query_after(request, workspace, "stay")[0]))


def _address(workspace: WorkspaceInHand, query: QueryDict) -> str:
    address = reverse("activations:activate", args=[workspace.slug])
    return f"{address}?{query.urlencode()}" if query else address


def searched(text: str | None) -> str:
    return (text or "").replace("\0", "").strip()[:LONGEST_SEARCH]


def _query_after(
    request: HttpRequest, workspace: WorkspaceInHand, go: str
) -> tuple[QueryDict, Sequence[Mapping]]:
    """What the form's buttons mean: the choice, the search and the page, as the address carries them; and the
    mappings that were read for it."""
    form, chosen, rows = request.POST, chosen_in(request.POST), list[Row]()
    query = QueryDict(mutable=True)
    if go != "clear":
        for name in ("q", "to", "in"):
            query[name] = searched(form.get(name))
        for name in LISTS:
            query.setlist(name, _ids(form, name))
    if go == "all":
        rows = rows_of(workspace, _search(_scope(request, workspace, query), query).mappings()[:AT_MOST])
        mine = {place.pk for place in workspaces_of(viewer_of(request)) if may_press(place)}
        chosen |= {row.mapping.pk for row in rows if row.selectable and row.mapping.workspace_id in mine}
    elif go == "none":
        chosen = set()
    elif go.startswith("drop:"):
        rows = rows_of(workspace, still_there(viewer_of(request), chosen))
        chosen = {row.mapping.pk for row in rows if row.kind != go.removeprefix("drop:")}
    _turn(query, form, go)
    query["sel"] = fold(chosen)
    for name in [name for name in query if not any(query.getlist(name))]:
        del query[name]
    return query, [row.mapping for row in rows]


def _turn(query: QueryDict, form: QueryDict, go: str) -> None:
    """Which page of which columns: as they were, unless the button turns them or something else was searched."""
    if go in ("", "look", "clear"):
        return
    query["columns"], query["page"] = form.get("columns", ""), form.get("page", "")
    if go.startswith("page:"):
        query["page"] = go.removeprefix("page:")
    elif go.startswith("columns:"):
        # Other columns have other audiences.
        query["columns"], query["page"] = go.removeprefix("columns:"), ""
    for name in ("columns", "page"):
        if query[name] == "1":
            query[name] = ""


def _ids(query: QueryDict, name: str) -> list[str]:
    return [text for one in query.getlist(name)[:IDS_AT_MOST] if (text := searched(one))]


def _scope(request: HttpRequest, workspace: WorkspaceInHand, query: QueryDict) -> list[WorkspaceInHand]:
    """The workspaces searched, this one first: itself, one that is named, or every one the viewer may look at."""
    wanted = query.get("in", "")
    if not wanted:
        return [workspace]
    others = [place for place in workspaces_of(viewer_of(request)) if place.pk != workspace.pk]
    if wanted == EVERYWHERE:
        return [workspace, *others]
    return [place for place in others if place.slug == wanted] or [workspace]


def _search(places: Sequence[WorkspaceInHand], query: QueryDict) -> Search:
    return Search(
        tuple(place.pk for place in places), searched(query.get("q")), searched(query.get("to")),
        tuple(_ids(query, "audience")), tuple(_ids(query, "flow")),
    )  # fmt: skip


def _choice(
    request: HttpRequest, workspace: WorkspaceInHand, query: QueryDict, read: Sequence[Mapping] = ()
) -> dict[str, Any]:
    places = _scope(request, workspace, query)
    search, chosen = _search(places, query), unfold(query.get("sel", ""))
    kept = still_there(viewer_of(request), chosen, read)
    shown = matrix(
        search, places, chosen, kept,
        window=(query.get("columns"), COLUMNS), page=(query.get("page"), PER_PAGE),
    )  # fmt: skip
    picked = [row for row in (*shown.rows, *shown.kept) if row.chosen]
    open_to = {place.pk for place in places if may_press(place)}
    return {
        "workspace": workspace,
        "places": places,
        "scope": query.get("in", ""),
        "may_press": may_press(workspace) or bool(open_to),
        "open_to": open_to,
        "search": search,
        "narrowed": bool(search.q or search.to or search.audiences or search.flows),
        "matrix": shown,
        "counted_at": counted_at(shown.rows),
        "all_chosen": fold(row.mapping.pk for row in picked),
        "gone": len(chosen) - len(picked),
        # A box that is blocked is not posted: what was chosen and is blocked now stays chosen, until it is left out.
        "shown": fold(row.mapping.pk for row in shown.rows if row.selectable),
        "at_most": AT_MOST,
        "plan": plan(workspace, picked),
    }
