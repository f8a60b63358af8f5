"""The first steps of a workspace: the page, and the fragment that follows a check or a sync.

Once all are taken the same page holds the settings: the steps stay checked, beside limits, pauses and changes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zlib import crc32

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activations.models import Pause
from activations.steps import Steps, steps_of
from activations.views.rights import viewer_of
from audiences import setting_up
from audiences.access import may_press, workspace_for
from audiences.guardrails import guardrails
from audiences.views.sync import is_late, waiting_since

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

# Of pauses that are planned, and of changes.
LISTED = 10
PROGRESS = re.compile(r"(\d+) of (\d+)")


@require_safe
def steps(request: HttpRequest, slug: str) -> HttpResponse:
    workspace = workspace_for(request, slug)
    context = _context(request, workspace)
    if not workspace.steps_left:
        context |= _settings(workspace)
    return render(request, "activations/steps.html", context)


@require_safe
def steps_status(request: HttpRequest, slug: str) -> HttpResponse:
    """The steps again while something goes on; 204 while nothing changed."""
    context = _context(request, workspace_for(request, slug))
    if request.GET.get("v") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "activations/parts/steps.html", context)


def _context(request: HttpRequest, workspace: WorkspaceInHand) -> dict[str, Any]:
    viewer = viewer_of(request)
    waiting = waiting_since(request, workspace)
    late = is_late(waiting)
    found = steps_of(workspace, viewer, timezone.now(), waiting=waiting is not None)
    may_set_up = setting_up.may_set_up(viewer)
    return {
        "workspace": workspace,
        "steps": found,
        "waiting": waiting,
        "late": late,
        "progress": _progress(workspace.sync_progress),
        "mark": _mark(workspace, found, late=late),
        "may_set_up": may_set_up,
        "may_admit": setting_up.may_admit(viewer),
        "may_add": setting_up.may_add(viewer),
        "may_press": may_press(workspace),
        "ask": [] if may_set_up else setting_up.whom_to_ask(),
    }


def _settings(workspace: WorkspaceInHand) -> dict[str, Any]:
    coming = Pause.objects.about(workspace).coming(timezone.now()).select_related("by", "destination")
    return {
        "guardrails": guardrails(workspace),
        "coming_pauses": coming.order_by("starts_at", "pk")[:LISTED],
        "changes": setting_up.changes(workspace)[:LISTED],
    }


def _progress(said: str) -> tuple[int, int] | None:
    """How many of how many, where the sync knows the end."""
    found = PROGRESS.match(said)
    return (int(found[1]), int(found[2])) if found else None


def _mark(workspace: WorkspaceInHand, found: Steps, *, late: bool) -> str:
    """Changes whenever the fragment would."""
    seen = [(step.key, step.state, step.says) for step in found.rows]
    return f"{crc32(str((seen, workspace.sync_progress, workspace.sync_error, late)).encode()):x}"
