"""Changing what is mapped to a dataflow, and switching it on and off: forms, questions, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audiences.access import adobe_workspace_for, may_press
from audiences.filters import Finder
from audiences.models import Audience, Dataflow, Mapping, Wish
from audiences.models.catalog import Kind
from audiences.views.lists import show_list
from audiences.views.rights import refused, viewer_of
from audiences.wishes.actions import CannotAsk, ask
from audiences.wishes.forms import TermsForm, corrected, proposed
from audiences.wishes.lines import line_of
from audiences.wishes.terms import terms_of

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

What = Wish.What
SALT = "audiences.wishes.seen"
LONGEST_TOKEN = 64
FORM = require_http_methods(["GET", "HEAD", "POST"])
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
            seen = _seen(request)
            what = What.ALTER if seen else What.MAP
            wish = _ask(
                request, workspace, what, dataflow=flow, audience=person, wanted=form.terms, seen=seen
            )
            if wish is not None:
                return _back(request, flow)
        status = 422
    else:
        again = _again(request, flow, person)
        terms = proposed(flow, found)
        form = corrected(again) if again else TermsForm(initial=terms, known=terms)
    context = {
        **_about(request, workspace, flow), "audience": person, "mapping": found, "form": form,
        "seen": signing.dumps(terms_of(found) if found else {}, salt=SALT),
    }  # fmt: skip
    return render(request, "audiences/mapping.html", context, status=status)


@FORM
def unmap(request: HttpRequest, slug: str, dataflow: str, audience: str) -> HttpResponse:
    """Take an audience off a dataflow, after a question."""
    workspace, flow, person, found = _pair(request, slug, dataflow, audience)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    if request.method == "POST":
        seen = _seen(request)
        if _ask(request, workspace, What.UNMAP, dataflow=flow, audience=person, seen=seen) is not None:
            return _back(request, flow)
    sealed = signing.dumps(terms_of(found) if found else {}, salt=SALT)
    context = {**_about(request, workspace, flow), "audience": person, "mapping": found, "seen": sealed}
    return render(request, "audiences/unmap.html", context)


@FORM
def switch(request: HttpRequest, slug: str, dataflow: str, op: str) -> HttpResponse:
    """Enable or disable a dataflow, after a question."""
    workspace, flow = _flow(request, slug, dataflow)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    what = What.ENABLE if op == "enable" else What.DISABLE
    if request.method == "POST" and _ask(request, workspace, what, dataflow=flow, seen={"state": flow.state}):
        return _back(request, flow)
    context = {**_about(request, workspace, flow), "on": what == What.ENABLE}
    return render(request, "audiences/switch.html", context)


@require_safe
def wish(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """How a wish stands: 204 while it stands as the page knows; the whole page anew once it is over."""
    workspace = adobe_workspace_for(request, slug)
    found = get_object_or_404(
        Wish.objects.select_related("dataflow", "audience", "by"), workspace=workspace, pk=pk
    )
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
        "next": _next(request) or flow.get_absolute_url(),
    }


def _seen(request: HttpRequest) -> dict[str, str]:
    """What the person was shown; a page that is not ours saw nothing, and then the platform's word decides."""
    try:
        seen: dict[str, str] = signing.loads(request.POST.get("seen", ""), salt=SALT)
    except signing.BadSignature:
        return {}
    return seen


def _again(request: HttpRequest, flow: Dataflow, person: Audience) -> Wish | None:
    """The wish that is to be asked again."""
    pk = request.GET.get("again", "")
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return None
    wishes = Wish.objects.filter(dataflow=flow, audience=person, what__in=(What.MAP, What.ALTER))
    return wishes.filter(pk=int(pk)).first()


def _ask(request: HttpRequest, workspace: WorkspaceInHand, what: str, **about: Any) -> Wish | None:
    press = request.POST.get("press", "")[:LONGEST_TOKEN] or uuid4().hex
    try:
        return ask(workspace, what, by=viewer_of(request), press=press, **about)
    except CannotAsk as why:
        messages.error(request, str(why))
        return None


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else ""


def _back(request: HttpRequest, flow: Dataflow) -> HttpResponse:
    messages.success(request, _("Written down. Adobe is asked now, and this page says what it answers."))
    return redirect(_next(request) or flow.get_absolute_url())
