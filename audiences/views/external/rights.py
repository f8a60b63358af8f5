"""Fetching and authorising in one word, and what a person is told who may look but not press."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from audiences.access import adobe_workspace_for
from audiences.models import ExternalAudience, User

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand


def external_for(request: HttpRequest, slug: str, pk: int) -> tuple[WorkspaceInHand, ExternalAudience]:
    """The workspace and its external audience; Http404 for strangers and foreign ids."""
    workspace = adobe_workspace_for(request, slug)
    rows = ExternalAudience.objects.select_related("created_by").filter(workspace=workspace)
    found = get_object_or_404(rows, pk=pk)
    found.workspace = workspace
    return workspace, found


def viewer_of(request: HttpRequest) -> User:
    """The signed-in person; the login middleware has seen to it."""
    return cast(User, request.user)


def refused(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse:
    """The page for a wish by somebody who may only look; nothing was sent."""
    return render(request, "audiences/external/refused.html", {"workspace": workspace}, status=403)
