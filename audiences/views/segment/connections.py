"""Adding a destination to an audience, changing how it is set up, and removing it: forms and questions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audiences.access import may_press, segment_workspace_for
from audiences.filters import Finder
from audiences.models import Audience, Dataflow, Destination, Supported, Wish
from audiences.supported import connection_fields_of, supported_by
from audiences.views.asking import FORM, again_in, ask_from, back_to, next_in, sealed, seen_in
from audiences.views.lists import show_list
from audiences.views.rights import refused
from audiences.views.segment.filling import filled
from audiences.wishes.segment.connectionform import IDENTIFIERS, ConnectionForm, plan_of_connection
from audiences.wishes.segment.terms import connection_terms

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

What = Wish.What
DESTINATIONS = Finder([], ["account", "platform", "platform_id"], {"name": "account"}, "name")


@require_safe
def choose_destination(request: HttpRequest, slug: str, audience: str) -> HttpResponse:
    """Which destination shall be added to this audience? Those it has are left out."""
    workspace, person = person_of(request, slug, audience)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    has = Dataflow.objects.present().filter(workspace=workspace, audience=person).values("destination")
    listed = Supported.objects.present().filter(
        workspace=workspace, audience_type=person.origin, slug=OuterRef("platform_spec")
    )
    rows = Destination.objects.present().filter(workspace=workspace).exclude(pk__in=has)
    found = DESTINATIONS.find(rows.annotate(supported=Exists(listed)), request.GET)
    for row in found.page:
        row.there = reverse("audiences:connect", args=[slug, audience, row.platform_id])
    return show_list(
        request, "audiences/segment/pick_destination.html", workspace, found, {"audience": person}
    )


@FORM
def connect(request: HttpRequest, slug: str, audience: str, destination: str) -> HttpResponse:
    """Add a destination to an audience: which identifiers go, and what the connection is told."""
    workspace, person = person_of(request, slug, audience)
    chosen = get_object_or_404(Destination, workspace=workspace, platform_id=destination)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    supported = supported_by(chosen, person.origin)
    told = connection_fields_of(supported) if supported else ()
    about = {"audience": person, "destination": chosen}
    again = again_in(request, Wish.objects.filter(**about, what=What.CONNECT))
    preset = {one.key: one.default for one in told if one.default is not None}
    form, status = filled(request, partial(ConnectionForm, told=told), again, {"settings": preset})
    if request.method == "POST" and form.is_valid():
        wanted, secret = form.wanted()
        if ask_from(request, workspace, What.CONNECT, **about, wanted=wanted, sealed=secret):
            return back_to(request, workspace, person.get_absolute_url())
    context = {
        **_about(request, workspace, person), "destination": chosen, "form": form, "supported": supported,
    }  # fmt: skip
    return render(request, "audiences/segment/connection.html", context, status=status)


@FORM
def reconnect(request: HttpRequest, slug: str, dataflow: str) -> HttpResponse:
    """Change which identifiers go and what the connection is told: each part replaces what was there."""
    workspace, flow, person = connection_of(request, slug, dataflow)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    supported = supported_by(flow.destination, person.origin)
    told = connection_fields_of(supported) if supported else ()
    again = again_in(request, Wish.objects.filter(dataflow=flow, what=What.RECONNECT))
    now = plan_of_connection(flow.details)
    form, status = filled(request, partial(ConnectionForm, told=told, now=now), again, now)
    if request.method == "POST" and form.is_valid():
        wanted, secret = form.wanted()
        asked = {"dataflow": flow, "wanted": wanted, "sealed": secret, "seen": seen_in(request)}
        if not wanted or ask_from(request, workspace, What.RECONNECT, **asked):
            return back_to(request, workspace, flow.get_absolute_url(), nothing=not wanted)
    context = {
        **_about(request, workspace, person, flow), "destination": flow.destination, "form": form,
        "supported": supported, "seen": sealed(connection_terms(flow.details)),
    }  # fmt: skip
    return render(request, "audiences/segment/connection.html", context, status=status)


@FORM
def disconnect(request: HttpRequest, slug: str, dataflow: str) -> HttpResponse:
    """Remove a destination from an audience, after a question; while activations use it, it names them."""
    workspace, flow, person = connection_of(request, slug, dataflow)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    users = flow.mappings.filter(vanished_at=None).order_by("name")
    if request.method == "POST" and ask_from(request, workspace, What.DISCONNECT, dataflow=flow):
        return back_to(request, workspace, person.get_absolute_url())
    context = {**_about(request, workspace, person, flow), "users": users}
    return render(request, "audiences/segment/disconnect.html", context)


@FORM
def audience_switch(request: HttpRequest, slug: str, audience: str, op: str) -> HttpResponse:
    """Enable or disable an audience, after a question."""
    workspace, person = person_of(request, slug, audience)
    if op not in (What.ENABLE, What.DISABLE):
        raise Http404
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    if request.method == "POST" and ask_from(request, workspace, op, audience=person):
        return back_to(request, workspace, person.get_absolute_url())
    context = {**_about(request, workspace, person), "on": op == What.ENABLE}
    return render(request, "audiences/segment/audience_switch.html", context)


def person_of(request: HttpRequest, slug: str, audience: str) -> tuple[WorkspaceInHand, Audience]:
    """An audience of a Segment workspace, or Http404."""
    workspace = segment_workspace_for(request, slug)
    person = get_object_or_404(Audience, workspace=workspace, platform_id=audience)
    person.workspace = workspace
    return workspace, person


def connection_of(
    request: HttpRequest, slug: str, dataflow: str
) -> tuple[WorkspaceInHand, Dataflow, Audience]:
    """A connection with its audience, or Http404."""
    workspace = segment_workspace_for(request, slug)
    flows = Dataflow.objects.filter(workspace=workspace, audience__isnull=False)
    flow = get_object_or_404(flows.select_related("destination", "audience"), platform_id=dataflow)
    person: Any = flow.audience
    flow.workspace = person.workspace = workspace
    return workspace, flow, person


def _about(
    request: HttpRequest, workspace: WorkspaceInHand, person: Audience, flow: Dataflow | None = None
) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "audience": person,
        "dataflow": flow,
        "press": uuid4().hex,
        "identifiers": IDENTIFIERS,
        "next": next_in(request) or (flow or person).get_absolute_url(),
    }
