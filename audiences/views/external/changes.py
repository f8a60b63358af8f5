"""What those who may press ask about an external audience: ingest, update, extend, delete, look, check again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from audiences.access import may_press
from audiences.external import actions
from audiences.external.laterforms import ChangeForm, IngestForm
from audiences.external.words import adobe_said
from audiences.models import ExternalAudience, ExternalOperation
from audiences.views.external.detail import show
from audiences.views.external.rights import external_for, refused, viewer_of

Asked = Callable[[], object]


@require_POST
def ingest(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = external_for(request, slug, pk)
    if not may_press(workspace):
        return refused(request, workspace)
    form = IngestForm(request.POST)
    if not form.is_valid():
        return show(request, workspace, found, form, 422)
    try:
        actions.ingest(found, by=viewer_of(request), **form.cleaned_data)
    except actions.CannotAsk as why:
        form.add_error(why.field or None, str(why))
        return show(request, workspace, found, form, 409)
    return redirect(found)


@require_POST
def extend(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = external_for(request, slug, pk)
    if not may_press(workspace):
        return refused(request, workspace)
    return _ask(request, found, lambda: actions.extend(found, by=viewer_of(request)))


@require_POST
def look(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = external_for(request, slug, pk)
    if not may_press(workspace):
        return refused(request, workspace)
    actions.look_again(found, by=viewer_of(request))
    messages.info(request, _("Adobe is asked for its list of ingestions; what is new appears here."))
    return redirect(found)


@require_POST
def check(request: HttpRequest, slug: str, pk: int, operation: int) -> HttpResponse:
    workspace, found = external_for(request, slug, pk)
    if not may_press(workspace):
        return refused(request, workspace)
    row = get_object_or_404(
        ExternalOperation.objects.select_related("external"), external=found, pk=operation
    )
    if not actions.check_again(row, by=viewer_of(request)):
        messages.warning(request, _("Nothing to check: its outcome is known, or it is being watched."))
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The question first; the deletion is asked for by its answer."""
    workspace, found = external_for(request, slug, pk)
    if not may_press(workspace):
        return refused(request, workspace)
    if request.method == "POST":
        return _ask(request, found, lambda: actions.delete(found, by=viewer_of(request)))
    audience = found.mirrored().filter(vanished_at=None).first()
    mapped = audience.mappings.filter(vanished_at=None).select_related("dataflow") if audience else []
    context = {"workspace": workspace, "external": found, "audience": audience, "mapped": mapped}
    return render(request, "audiences/external/delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = external_for(request, slug, pk)
    if not may_press(workspace):
        return refused(request, workspace)
    form = ChangeForm(found, request.POST) if request.method == "POST" else _change_form(found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update(found, form.change, by=viewer_of(request))
            return redirect(found)
        except actions.CannotAsk as why:
            form.add_error(why.field or None, str(why))
    return render(
        request, "audiences/external/change.html", {"workspace": workspace, "external": found, "form": form}
    )


def _change_form(found: ExternalAudience) -> ChangeForm:
    """The form; what Adobe refused of the last update stands on the field that it names."""
    last = found.operations.filter(kind=ExternalOperation.Kind.UPDATE).first()
    if last is None or last.state != ExternalOperation.State.REFUSED:
        return ChangeForm(found)
    fresh = ChangeForm(found)
    known = {name: fresh.get_initial_for_field(field, name) for name, field in fresh.fields.items()}
    asked = {name: value for name, value in last.change.items() if name in known}
    data = {n: ", ".join(v) if isinstance(v, list) else v for n, v in {**known, **asked}.items()}
    form = ChangeForm(found, data)
    form.is_valid()
    form.add_error(last.field if last.field in form.fields else None, adobe_said(last))
    return form


def _ask(request: HttpRequest, found: ExternalAudience, verb: Asked) -> HttpResponse:
    try:
        verb()
    except actions.CannotAsk as why:
        messages.warning(request, str(why))
    return redirect(found)
