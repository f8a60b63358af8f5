"""Sets: the list, one set with what a press of it would do now, and what people change about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activations import sets as acting
from activations import shelf
from activations.choice import chosen_in, mappings_of
from activations.models import Activation, ActivationSet, Firing
from activations.selection import fold, numbers
from activations.setforms import NameForm, SaveForm
from activations.views import sheets as columns
from activations.views.rights import refused, set_for, viewer_of
from audiences import sheets
from audiences.access import closed_to, may_press, workspace_for
from audiences.models import Mapping, Workspace

SETS_PER_PAGE = 50
PER_PAGE = 100
NAMED = 10
FORM = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def sets(request: HttpRequest, slug: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    viewer = viewer_of(request)
    rows = ActivationSet.objects.visible_to(viewer).touching(workspace)
    if sheets.asked(request):
        return sheets.answer(columns.sets(viewer), rows, slug)
    page = Paginator(rows, SETS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "workspace": workspace,
        "page": page,
        "held": shelf.held(list(page.object_list), viewer),
        "may_press": may_press(workspace),
    }
    return render(request, "activations/sets/sets.html", context)


@require_safe
def of_set(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    workspace, found = set_for(request, slug, pk)
    viewer = viewer_of(request)
    if sheets.asked(request) == "firings":
        moments = Firing.objects.filter(schedule__of_set=found).select_related("schedule")
        return sheets.answer(columns.firings(found.name, viewer), moments, slug)
    rows = shelf.rows(found, workspace)
    if sheets.asked(request):
        return sheets.answer(columns.mappings(f"set {found.name}", rows), rows, slug)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "workspace": workspace,
        "set": found,
        "viewer": viewer,
        "places": shelf.places(rows, list(page)),
        "size": len(rows),
        "going": sum(row.selectable for row in rows),
        "sel": fold(row.mapping.pk for row in rows),
        "page": page,
        "lines": shelf.lines(found, viewer),
        "activations": shelf.activations(found, viewer),
        "changes": shelf.changes(found, viewer),
        "may_change": acting.may_change(viewer, found),
    }
    return render(request, "activations/sets/set.html", context)


@require_POST
def save_set(request: HttpRequest, slug: str) -> HttpResponse:
    """Under which name, or into which set; then it is saved. The choice comes with the form, or from an activation."""
    workspace = workspace_for(request, slug)
    mappings = _chosen(request)
    concerned = Workspace.objects.filter(
        pk__in={mapping.workspace_id for mapping in mappings} or {workspace.pk}
    )
    closed = closed_to(viewer_of(request), concerned)
    if closed:
        return refused(request, workspace_for(request, closed[0].slug))
    if not mappings:
        messages.warning(request, _("No audience is selected, so there is nothing to save."))
        return redirect("activations:activate", slug)
    asked = "go" in request.POST and request.POST["go"] == "save"
    offered = ActivationSet.objects.changeable_by(viewer_of(request))
    among = ActivationSet.objects.visible_to(viewer_of(request))
    form = SaveForm(request.POST if asked else None, offered=offered, among=among)
    if asked and form.is_valid():
        try:
            return redirect("activations:set", slug, _save(request, form, mappings).pk)
        except acting.CannotChange as why:
            form.add_error(why.field or None, str(why))
    context = {
        "workspace": workspace, "form": form, "mappings": mappings[:NAMED], "count": len(mappings),
        "unnamed": max(len(mappings) - NAMED, 0), "sel": fold(mapping.pk for mapping in mappings),
        "any": offered.exists(),
    }  # fmt: skip
    return render(request, "activations/sets/save.html", context, status=422 if asked else 200)


def _chosen(request: HttpRequest) -> list[Mapping]:
    pks = numbers([request.POST.get("activation", "")])
    if not pks:
        return mappings_of(viewer_of(request), chosen_in(request.POST))
    made = get_object_or_404(Activation.objects.visible_to(viewer_of(request)), pk__in=pks)
    return mappings_of(
        viewer_of(request), made.deliveries.filter(superseded=False).values_list("mapping_id", flat=True)
    )


def _save(request: HttpRequest, form: SaveForm, mappings: list[Mapping]) -> ActivationSet:
    by = viewer_of(request)
    into: ActivationSet | None = form.cleaned_data["into"]
    if into is None:
        made = acting.save(mappings, name=form.cleaned_data["name"], by=by)
        messages.success(
            request, _("Saved. From here it goes again in two clicks, or by itself on a schedule.")
        )
        return made
    count = acting.add(into, mappings, by=by)
    said = ngettext("%(n)s mapping added.", "%(n)s mappings added.", count) % {"n": count}
    messages.success(request, said if count else _("Nothing was added: the set holds all of them already."))
    return into


@require_POST
def remove_from_set(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = set_for(request, slug, pk)
    viewer = viewer_of(request)
    if not acting.may_change(viewer, found):
        return refused(request, workspace)
    try:
        count = acting.remove(found, chosen_in(request.POST), by=viewer)
    except acting.CannotChange as why:
        messages.warning(request, str(why))
    else:
        said = ngettext("%(n)s mapping removed.", "%(n)s mappings removed.", count) % {"n": count}
        if count:
            beside = _("At the platform everything stays as it is.")
            messages.success(request, f"{said} {beside}")
        else:
            messages.warning(request, _("Nothing was removed: tick what should leave the set."))
    return redirect("activations:set", slug, pk)


@FORM
def rename_set(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = set_for(request, slug, pk)
    viewer = viewer_of(request)
    if not acting.may_change(viewer, found):
        return refused(request, workspace)
    others = ActivationSet.objects.visible_to(viewer).exclude(pk=found.pk)
    given = request.POST if request.method == "POST" else None
    form = NameForm(given, initial={"name": found.name}, among=others)
    if request.method == "POST" and form.is_valid():
        try:
            acting.rename(found, form.cleaned_data["name"], by=viewer)
            return redirect("activations:set", slug, pk)
        except acting.CannotChange as why:
            form.add_error(why.field or None, str(why))
    return _answer(request, "rename", {"workspace": workspace, "set": found, "form": form})


@FORM
def delete_set(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The question first; deleted by its answer."""
    workspace, found = set_for(request, slug, pk)
    viewer = viewer_of(request)
    if not acting.may_change(viewer, found):
        return refused(request, workspace)
    if request.method == "POST":
        acting.delete(found, by=viewer)
        messages.success(request, _("“%(name)s” is deleted, with its schedules.") % {"name": found.name})
        return redirect("activations:sets", slug)
    context = {"workspace": workspace, "set": found, "count": found.schedules.coming().count()}
    return _answer(request, "delete", context)


def _answer(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, f"activations/sets/{name}.html", context, status=status)
