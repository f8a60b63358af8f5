"""The first steps' forms and buttons: add and change a workspace, check its connection, choose its place, sync it,
say who belongs to it. The page that shows the steps is `activations:steps`.
"""

from __future__ import annotations

from time import time
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences import connection, nudges, setting_up
from audiences.access import workspace_for
from audiences.advice import no_broker
from audiences.connection import CannotMove
from audiences.forms import WorkspaceForm, cautions
from audiences.models import Membership, User, Workspace
from audiences.models.workspaces import Platform
from audiences.setupforms import FORMS, MemberForm
from audiences.views.rights import viewer_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
SECRET = sensitive_post_parameters("client_secret")
SUGGESTED = 200


@require_safe
def new_workspace(request: HttpRequest) -> HttpResponse:
    """What comes, and which platform it is to be."""
    if not setting_up.may_add(viewer_of(request)):
        raise PermissionDenied
    first = not Workspace.objects.exists()
    return render(
        request,
        "audiences/setup/new.html",
        {"platforms": Platform.choices, "first": first, "workspace": None},
    )


@FORM
@SECRET
def add_workspace(request: HttpRequest, platform: str) -> HttpResponse:
    """A workspace's form. Once it is saved, its connection is checked without another click."""
    viewer = viewer_of(request)
    if not setting_up.may_add(viewer):
        raise PermissionDenied
    if platform not in FORMS:
        raise Http404
    blank = Workspace(platform=platform, sandbox="" if platform == Platform.SEGMENT else "prod")
    form = FORMS[platform](request.POST or None, instance=blank)
    if request.method == "POST" and form.is_valid():
        setting_up.store(form)
        setting_up.see_own(form.instance, viewer)
        setting_up.note(form.instance, _("Added on the page of first steps"), by=viewer, new=True)
        return _check(request, form.instance)
    return _form(request, form, {"workspace": None})


@FORM
@SECRET
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what the workspace is called and how it is reached; then it is checked again."""
    workspace = _to_set_up(request, slug)
    # Of its own: a form that is refused has already changed its instance.
    form = FORMS[workspace.platform](request.POST or None, instance=Workspace.objects.get(pk=workspace.pk))
    if request.method == "POST" and form.is_valid():
        try:
            if setting_up.store(form):
                messages.info(request, setting_up.moved())
        except CannotMove as why:
            form.add_error(None, str(why))
        else:
            setting_up.note(form.instance, _("Changed on the page of first steps"), by=viewer_of(request))
            for caution in cautions(form.instance):
                messages.warning(request, caution)
            return _check(request, form.instance)
    return _form(request, form, {"workspace": workspace})


def _form(request: HttpRequest, form: WorkspaceForm, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    context |= {"form": form, "is_segment": form.instance.platform == Platform.SEGMENT}
    return render(request, "audiences/setup/workspace.html", context, status=status)


@require_POST
def check(request: HttpRequest, slug: str) -> HttpResponse:
    return _check(request, _to_set_up(request, slug))


@require_POST
def use_place(request: HttpRequest, slug: str) -> HttpResponse:
    """Point the workspace at a sandbox or space of its last check, and check again."""
    workspace, name = _to_set_up(request, slug), request.POST.get("name", "")
    try:
        connection.use_sandbox(workspace, name)
    except CannotMove as why:
        messages.error(request, str(why))
        return redirect("activations:steps", slug)
    setting_up.note(workspace, connection.uses(workspace, name), by=viewer_of(request))
    return _check(request, workspace)


def _check(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    if not connection.ask(workspace):
        messages.error(request, no_broker())
    return redirect("activations:steps", workspace.slug)


@require_POST
def first_sync(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a worker to mirror the workspace, and go back to the steps, which follow it."""
    workspace = workspace_for(request, slug)
    there = reverse("activations:steps", args=[slug])
    if not nudges.sync_now([workspace]):
        messages.error(request, no_broker())
        return redirect(there)
    return redirect(f"{there}?asked={int(time())}")


@FORM
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who may look and who may press; the form admits one more, or changes what one may."""
    workspace, viewer = workspace_for(request, slug), viewer_of(request)
    may_admit = setting_up.may_admit(viewer)
    if request.method == "POST" and not may_admit:
        raise PermissionDenied
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["login"]
        setting_up.admit(workspace, person, form.cleaned_data["role"], by=viewer)
        messages.success(request, _("%(who)s belongs to this workspace now.") % {"who": person})
        return redirect("audiences:members", slug)
    context = {
        "workspace": workspace,
        "form": form,
        "members": members_of(workspace),
        "people": _others(workspace) if may_admit else [],
        "may_admit": may_admit,
        "ask": [] if may_admit else setting_up.whom_to_ask(),
    }
    return render(request, "audiences/setup/members.html", context, status=422 if form.errors else 200)


@require_POST
def dismiss(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, viewer = workspace_for(request, slug), viewer_of(request)
    if not setting_up.may_admit(viewer):
        raise PermissionDenied
    person = get_object_or_404(User, pk=pk, memberships__workspace=workspace)
    setting_up.dismiss(workspace, person, by=viewer)
    messages.success(request, _("%(who)s no longer belongs to this workspace.") % {"who": person})
    return redirect("audiences:members", slug)


def members_of(workspace: Workspace) -> QuerySet[Membership]:
    return workspace.memberships.select_related("user").order_by("user__username")


def _others(workspace: Workspace) -> list[User]:
    """People to suggest: who signs in here and does not belong yet."""
    rows = User.objects.filter(is_active=True).exclude(memberships__workspace=workspace)
    return list(rows.order_by("username")[:SUGGESTED])


def _to_set_up(request: HttpRequest, slug: str) -> Workspace:
    """The workspace, for those who may change it; Http404 for strangers, 403 for who may only look."""
    workspace = workspace_for(request, slug)
    if not setting_up.may_set_up(viewer_of(request)):
        raise PermissionDenied
    return workspace
