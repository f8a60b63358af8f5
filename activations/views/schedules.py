"""The schedules of a set: their form, pause and resume, and the question before one is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activations import schedules as acting
from activations import shelf
from activations.models import ActivationSet, Schedule
from activations.setforms import ScheduleForm
from activations.sets import CannotChange, may_change
from activations.soon import soon
from activations.templatetags.scheduling import in_zone
from activations.views.rights import refused, set_for, viewer_of

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

FORM = require_http_methods(["GET", "HEAD", "POST"])


@FORM
def new_schedule(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = set_for(request, slug, pk)
    if not may_change(viewer_of(request), found):
        return refused(request, workspace)
    return _form(request, workspace, found, None)


@FORM
def change_schedule(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    workspace, found, schedule = _schedule(request, slug, pk, number)
    if not may_change(viewer_of(request), found):
        return refused(request, workspace)
    return _form(request, workspace, found, schedule)


def _form(
    request: HttpRequest, workspace: WorkspaceInHand, found: ActivationSet, schedule: Schedule | None
) -> HttpResponse:
    asked = request.method == "POST"
    form = ScheduleForm(request.POST if asked else None, schedule=schedule)
    if asked and form.is_valid():
        try:
            saved = acting.save(found, form.schedule, by=viewer_of(request))
        except CannotChange as why:
            form.add_error(why.field or None, str(why))
        else:
            _say(request, saved)
            return redirect("activations:set", workspace.slug, found.pk)
    context = {
        "workspace": workspace, "set": found, "form": form, "schedule": schedule,
        "soon": soon(found, timezone.now()),
    }  # fmt: skip
    return render(request, "activations/sets/schedule.html", context, status=422 if asked else 200)


def _say(request: HttpRequest, saved: Schedule) -> None:
    if saved.paused_at is not None:
        messages.success(request, _("Saved. It stays paused until you resume it."))
        return
    if saved.kind == Schedule.Kind.SOON:
        looked = _("Saved. From now on it is looked every minute whether the set may go.")
        messages.success(request, f"{looked} {soon(saved.of_set, timezone.now()).words}".strip())
        return
    then = in_zone(saved.fire_at, saved.zone)
    messages.success(request, format_html(_("Saved. It goes next on {then}."), then=then))
    moved = acting.moved_from(saved)
    if moved:
        messages.warning(
            request,
            _("On that day the clocks in %(zone)s skip %(time)s, so it goes at the first moment after it.")
            % {"zone": saved.zone, "time": moved},
        )


@require_POST
def pause_schedule(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    workspace, found, schedule = _schedule(request, slug, pk, number)
    if not may_change(viewer_of(request), found):
        return refused(request, workspace)
    if acting.pause(schedule, by=viewer_of(request)):
        messages.success(request, _("Paused. It fires no more until you resume it."))
    else:
        messages.warning(request, _("Nothing to pause: it is paused already, or over."))
    return redirect("activations:set", slug, pk)


@require_POST
def resume_schedule(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    workspace, found, schedule = _schedule(request, slug, pk, number)
    if not may_change(viewer_of(request), found):
        return refused(request, workspace)
    try:
        resumed = acting.resume(schedule, by=viewer_of(request))
    except CannotChange as why:
        messages.warning(request, str(why))
    else:
        said = (
            _("Resumed, from its next moment on.") if resumed else _("Nothing to resume: it is not paused.")
        )
        (messages.success if resumed else messages.warning)(request, said)
    return redirect("activations:set", slug, pk)


@FORM
def delete_schedule(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """The question first; deleted by its answer."""
    workspace, found, schedule = _schedule(request, slug, pk, number)
    if not may_change(viewer_of(request), found):
        return refused(request, workspace)
    if request.method == "POST":
        acting.remove(schedule, by=viewer_of(request))
        messages.success(request, _("The schedule is deleted. The set stays."))
        return redirect("activations:set", slug, pk)
    context = {"workspace": workspace, "set": found, "line": shelf.line_of(schedule, timezone.now())}
    return render(request, "activations/sets/delete_schedule.html", context)


def _schedule(
    request: HttpRequest, slug: str, pk: int, number: int
) -> tuple[WorkspaceInHand, ActivationSet, Schedule]:
    workspace, found = set_for(request, slug, pk)
    schedule = get_object_or_404(Schedule.objects.select_related("of_set"), of_set=found, pk=number)
    return workspace, found, schedule
