"""Changing what is mapped to a dataflow, and switching it on and off: forms, questions, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audiences.access import adobe_workspace_for, may_press, workspace_for
from audiences.filters import Finder
from audiences.models import Audience, Dataflow, Mapping, Wish
from audiences.models.catalog import Kind
from audiences.views.asking import FORM, again_in, ask_from, back_to, next_in, sealed, seen_in
from audiences.views.lists import show_list
from audiences.views.rights import refused
from audiences.wishes.forms import TermsForm, corrected, proposed
from audiences.wishes.lines import WITH, line_of
from audiences.wishes.terms import terms_of

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

What = Wish.What
AUDIENCES = Finder(
    [], ["name", "platform_id", "external_id"], {"name": "name", "profiles": "profiles"}, "name"
)
DATAFLOWS = Finder([], ["name", "destination__platform", "destination__account"], {"name": "name"}, "name")


@require_safe
def add_audience(request: HttpRequest, slug: str, dataflow: str) -> HttpResponse:
    """Which audience shall be mapped to this dataflow?"""
    workspace, flow = _flow(request, slug, dataflow)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    mapped = flow.mappings.filter(vanished_at=None).values("audience")
    rows = Audience.objects.present().filter(workspace=workspace, listed=True).exclude(pk__in=mapped)
    found = AUDIENCES.find(rows, request.GET)
    for row in found.page:
        row.there = reverse("audiences:mapping", args=[slug, dataflow, row.platform_id])
    return show_list(request, "audiences/pick_audience.html", workspace, found, {"dataflow": flow})


@require_safe
def choose_dataflow(request: HttpRequest, slug: str, audience: str) -> HttpResponse:
    """To which dataflow shall this audience be mapped?"""
    workspace = adobe_workspace_for(request, slug)
    person = get_object_or_404(Audience, workspace=workspace, platform_id=audience)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    mapped = person.mappings.filter(vanished_at=None).values("dataflow")
    rows = Dataflow.objects.present().filter(workspace=workspace, kind=Kind.BATCH_FILE).exclude(pk__in=mapped)
    found = DATAFLOWS.find(rows.select_related("destination"), request.GET)
    for row in found.page:
        row.there = reverse("audiences:mapping", args=[slug, row.platform_id, audience])
    return show_list(request, "audiences/pick_dataflow.html", workspace, found, {"audience": person})


@FORM
def mapping(request: HttpRequest, slug: str, dataflow: str, audience: str) -> HttpResponse:
    """Map an audience to a dataflow, or change the terms of its mapping; only batch, file-based ones have any."""
    workspace, flow, person, found = _pair(request, slug, dataflow, audience)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    if flow.kind != Kind.BATCH_FILE:
        raise Http404
    status = 200
    if request.method == "POST":
        form = TermsForm(request.POST, known=terms_of(found) if found else None)
        if form.is_valid():
            seen = seen_in(request)
            what = What.ALTER if seen else What.MAP
            wish = ask_from(
                request, workspace, what, dataflow=flow, audience=person, wanted=form.terms, seen=seen
            )
            if wish is not None:
                return back_to(request, workspace, flow.get_absolute_url())
        status = 422
    else:
        again = again_in(
            request, Wish.objects.filter(dataflow=flow, audience=person, what__in=(What.MAP, What.ALTER))
        )
        terms = proposed(flow, found)
        form = corrected(again) if again else TermsForm(initial=terms, known=terms)
    context = {
        **_about(request, workspace, flow), "audience": person, "mapping": found, "form": form,
        "seen": sealed(terms_of(found) if found else {}),
    }  # fmt: skip
    return render(request, "audiences/mapping.html", context, status=status)


@FORM
def unmap(request: HttpRequest, slug: str, dataflow: str, audience: str) -> HttpResponse:
    """Take an audience off a dataflow, after a question."""
    workspace, flow, person, found = _pair(request, slug, dataflow, audience)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    if request.method == "POST":
        seen = seen_in(request)
        if ask_from(request, workspace, What.UNMAP, dataflow=flow, audience=person, seen=seen) is not None:
            return back_to(request, workspace, flow.get_absolute_url())
    shown = sealed(terms_of(found) if found else {})
    context = {**_about(request, workspace, flow), "audience": person, "mapping": found, "seen": shown}
    return render(request, "audiences/unmap.html", context)


@FORM
def switch(request: HttpRequest, slug: str, dataflow: str, op: str) -> HttpResponse:
    """Enable or disable a dataflow, after a question."""
    workspace, flow = _flow(request, slug, dataflow)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    what = What.ENABLE if op == "enable" else What.DISABLE
    if request.method == "POST" and ask_from(
        request, workspace, what, dataflow=flow, seen={"state": flow.state}
    ):
        return back_to(request, workspace, flow.get_absolute_url())
    context = {**_about(request, workspace, flow), "on": what == What.ENABLE}
    return render(request, "audiences/switch.html", context)


@require_safe
def wish(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """How a wish stands: 204 while it stands as the page knows; the whole page anew once it is over."""
    workspace = workspace_for(request, slug)
    found = get_object_or_404(Wish.objects.select_related(*WITH), workspace=workspace, pk=pk)
    if found.state == request.GET.get("seen"):
        return HttpResponse(status=204)
    context = {"workspace": workspace, "line": line_of(found), "may_press": may_press(workspace)}
    answer = render(request, "audiences/parts/wish.html", context)
    if not found.is_open:
        answer["HX-Refresh"] = "true"
    return answer


def _flow(request: HttpRequest, slug: str, dataflow: str) -> tuple[WorkspaceInHand, Dataflow]:
    workspace = adobe_workspace_for(request, slug)
    flows = Dataflow.objects.filter(workspace=workspace).select_related("destination")
    flow = get_object_or_404(flows, platform_id=dataflow)
    flow.workspace = workspace
    return workspace, flow


def _pair(
    request: HttpRequest, slug: str, dataflow: str, audience: str
) -> tuple[WorkspaceInHand, Dataflow, Audience, Mapping | None]:
    workspace, flow = _flow(request, slug, dataflow)
    person = get_object_or_404(Audience, workspace=workspace, platform_id=audience)
    found = Mapping.objects.filter(dataflow=flow, audience=person, vanished_at=None).first()
    return workspace, flow, person, found


def _about(request: HttpRequest, workspace: WorkspaceInHand, flow: Dataflow) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "dataflow": flow,
        "press": uuid4().hex,
        "next": next_in(request) or flow.get_absolute_url(),
    }
