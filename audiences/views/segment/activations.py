"""Adding an activation to a connection, changing it, switching it and removing it: forms and questions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from audiences.access import may_press
from audiences.models import Dataflow, Mapping, Trait, Wish
from audiences.supported import actions_of, supported_by
from audiences.views.asking import FORM, again_in, ask_from, back_to, next_in, sealed, seen_in
from audiences.views.rights import refused
from audiences.views.segment.connections import connection_of
from audiences.views.segment.filling import filled
from audiences.wishes.segment.activationform import ActivationForm, plan_of_activation
from audiences.wishes.segment.terms import activation_terms
from platforms.segment.types import Action

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

What = Wish.What
TRAITS_SHOWN = 200


@FORM
def activation_add(request: HttpRequest, slug: str, dataflow: str) -> HttpResponse:
    """Add an activation: first which action of the destination, where it has several, then what it sends."""
    workspace, flow, person = connection_of(request, slug, dataflow)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    again = again_in(request, Wish.objects.filter(dataflow=flow, what=What.MAP))
    actions = _actions(flow)
    action = _chosen(request, again, actions or ())
    context = {**_about(request, workspace, flow), "actions": actions, "action": action}
    if actions and action is None:
        return render(request, "audiences/segment/pick_action.html", context)
    told = action.fields if action else ()
    plan = {"enabled": True, "settings": {one.key: one.default for one in told if one.default is not None}}
    make = partial(
        ActivationForm, told=told, audience_type=person.origin, asks_action=actions is None,
        production=(workspace.name, workspace.slug) if workspace.production else (),
    )  # fmt: skip
    form, status = filled(request, make, again, plan)
    if request.method == "POST" and form.is_valid():
        wanted, secret = form.wanted()
        wanted |= {"action": action.id} if action else {}
        asked = {"dataflow": flow, "audience": person, "wanted": wanted, "sealed": secret}
        if ask_from(request, workspace, What.MAP, **asked):
            return back_to(request, workspace, flow.get_absolute_url())
    return render(
        request,
        "audiences/segment/activation.html",
        {**context, **_traits(workspace), "form": form},
        status=status,
    )


@FORM
def activation_change(request: HttpRequest, slug: str, dataflow: str, mapping: str) -> HttpResponse:
    """Change what an activation sends: only what is another is asked for."""
    workspace, flow, found = _mapping(request, slug, dataflow, mapping)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    now = plan_of_activation(found.details, found.activation_type)
    action = next((one for one in _actions(flow) or () if one.id == now["action"]), None)
    again = again_in(request, Wish.objects.filter(mapping=found, what=What.ALTER))
    told = action.fields if action else ()
    make = partial(ActivationForm, told=told, audience_type=found.audience.origin, now=now)
    form, status = filled(request, make, again, now)
    if request.method == "POST" and form.is_valid():
        wanted, secret = form.wanted()
        wanted |= {"action": now["action"]} if "settings" in wanted else {}
        asked = {"wanted": wanted, "sealed": secret, "seen": seen_in(request)}
        if not wanted or ask_from(request, workspace, What.ALTER, **_pair(found), **asked):
            return back_to(request, workspace, flow.get_absolute_url(), nothing=not wanted)
    context = {
        **_about(request, workspace, flow), **_traits(workspace), "mapping": found, "action": action, "plan": now,
        "form": form,
        "seen": sealed(activation_terms(found.details, found.enabled)),
    }  # fmt: skip
    return render(request, "audiences/segment/activation.html", context, status=status)


@FORM
def activation_remove(request: HttpRequest, slug: str, dataflow: str, mapping: str) -> HttpResponse:
    """Remove an activation, after a question."""
    workspace, flow, found = _mapping(request, slug, dataflow, mapping)
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    seen = seen_in(request)
    if request.method == "POST" and ask_from(request, workspace, What.UNMAP, **_pair(found), seen=seen):
        return back_to(request, workspace, flow.get_absolute_url())
    terms = activation_terms(found.details, found.enabled)
    context = {**_about(request, workspace, flow), "mapping": found, "seen": sealed(terms)}
    return render(request, "audiences/segment/activation_remove.html", context)


@FORM
def activation_switch(request: HttpRequest, slug: str, dataflow: str, mapping: str, op: str) -> HttpResponse:
    """Enable or disable an activation, after a question."""
    workspace, flow, found = _mapping(request, slug, dataflow, mapping)
    if op not in (What.ENABLE, What.DISABLE):
        raise Http404
    if not may_press(workspace):
        return refused(request, workspace, changing=True)
    if request.method == "POST" and ask_from(request, workspace, op, **_pair(found)):
        return back_to(request, workspace, flow.get_absolute_url())
    context = {**_about(request, workspace, flow), "mapping": found, "on": op == What.ENABLE}
    return render(request, "audiences/segment/activation_switch.html", context)


def _mapping(
    request: HttpRequest, slug: str, dataflow: str, mapping: str
) -> tuple[WorkspaceInHand, Dataflow, Mapping]:
    workspace, flow, person = connection_of(request, slug, dataflow)
    found: Mapping = get_object_or_404(flow.mappings, platform_id=mapping)
    found.dataflow, found.audience = flow, person
    return workspace, flow, found


def _pair(found: Mapping) -> dict[str, Any]:
    return {"mapping": found, "dataflow": found.dataflow, "audience": found.audience}


def _actions(flow: Dataflow) -> tuple[Action, ...] | None:
    """The actions of the connection's destination; None where Segment does not list it."""
    origin = flow.audience.origin if flow.audience else ""
    supported = supported_by(flow.destination, origin)
    return actions_of(supported) if supported else None


def _chosen(request: HttpRequest, again: Wish | None, actions: tuple[Action, ...]) -> Action | None:
    """The action the person chose; the only one where there is no choice."""
    asked = request.GET.get("action") or (again.wanted.get("action") if again else None)
    if asked is None and len(actions) == 1:
        return actions[0]
    return next((one for one in actions if one.id == asked), None)


def _traits(workspace: WorkspaceInHand) -> dict[str, Any]:
    """The traits to choose from, the first of them."""
    rows = Trait.objects.present().filter(workspace=workspace).order_by("platform_id")
    found = list(rows.values_list("platform_id", flat=True)[: TRAITS_SHOWN + 1])
    return {"traits": found[:TRAITS_SHOWN], "more_traits": len(found) > TRAITS_SHOWN}


def _about(request: HttpRequest, workspace: WorkspaceInHand, flow: Dataflow) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "dataflow": flow,
        "audience": flow.audience,
        "press": uuid4().hex,
        "next": next_in(request) or flow.get_absolute_url(),
    }
