"""Fetching and authorising in one word, and what a person is told who may look but not press."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from activations.models import Activation
from audiences.access import workspace_for
from audiences.models import User

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand


def viewer_of(request: HttpRequest) -> User:
    """The signed-in person; the login middleware has seen to it."""
    return cast(User, request.user)


def activation_for(request: HttpRequest, slug: str, pk: int) -> tuple[WorkspaceInHand, Activation]:
    """The workspace and its activation; Http404 for strangers and foreign ids."""
    workspace = workspace_for(request, slug)
    rows = Activation.objects.select_related("requested_by").filter(workspace=workspace)
    found = get_object_or_404(rows, pk=pk)
    found.workspace = workspace
    return workspace, found


def refused(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse:
    """The page for a press by somebody who may only look; nothing was sent."""
    return render(request, "activations/refused.html", {"workspace": workspace}, status=403)
