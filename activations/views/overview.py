"""The overview: is anything on fire, what goes next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activations.now import now_in
from activations.views.rights import viewer_of
from audiences.access import may_press, workspace_for
from audiences.evaluation import next_evaluation


@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    workspace = workspace_for(request, slug)
    context = {
        "workspace": workspace,
        "viewer": viewer_of(request),
        "may_press": may_press(workspace),
        "now": now_in(workspace, viewer_of(request)),
        "zone": timezone.get_current_timezone_name(),
        "next_evaluation": next_evaluation(workspace, timezone.now()),
    }
    return render(request, "activations/overview.html", context)
