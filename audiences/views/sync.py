"""Copying the catalogue: start it now, and say how it stands."""

from __future__ import annotations

from time import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from audiences import nudges
from audiences.access import workspace_for
from audiences.models import Workspace
from audiences.templatetags.frame import sync_mark
from audiences.views.asking import next_in

WORKER_LATE, WAIT_FOR_WORKER = 10, 120  # seconds
LONGEST_SECONDS = 12  # digits


@require_POST
def sync(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a worker to copy the catalogue now; looking is enough to be allowed to ask."""
    workspace = workspace_for(request, slug)
    asked = nudges.sync_now([workspace])
    if not asked:
        messages.error(
            request, _("The broker does not answer, so no sync was started. Tell an administrator.")
        )
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx:
        return render(
            request, "parts/sync.html", {"workspace": workspace, "waiting": int(time()) if asked else None}
        )
    if asked:
        messages.info(request, _("The catalogue is being synced; the pages show it as soon as it is done."))
    return HttpResponseRedirect(next_in(request) or reverse("audiences:destinations", args=[slug]))


@require_safe
def sync_status(request: HttpRequest, slug: str) -> HttpResponse:
    """How the mirror stands; keeps asking for a while after a press that no worker took up yet."""
    workspace = workspace_for(request, slug)
    waiting = waiting_since(request, workspace)
    if waiting is None and request.GET.get("seen") == sync_mark(workspace):
        return HttpResponse(status=204)
    context = {"workspace": workspace, "waiting": waiting, "late": is_late(waiting)}
    return render(request, "parts/sync.html", context)


def waiting_since(request: HttpRequest, workspace: Workspace) -> int | None:
    """When a sync was asked for that no worker has taken up yet, as the address says; None after a while."""
    asked = request.GET.get("asked", "")
    known = asked.isascii() and asked.isdecimal() and len(asked) < LONGEST_SECONDS
    return int(asked) if known and _not_taken_up(workspace, int(asked)) else None


def is_late(waiting: int | None) -> bool:
    """Whether a worker should have come by now."""
    return waiting is not None and time() - waiting > WORKER_LATE


def _not_taken_up(workspace: Workspace, asked: int) -> bool:
    started = workspace.sync_started_at
    recent = 0 <= time() - asked < WAIT_FOR_WORKER
    return recent and (started is None or started.timestamp() < asked)
