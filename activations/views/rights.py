"""Fetching and authorising in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from activations.models import Activation, ActivationSet
from activations.selection import numbers
from audiences.access import workspace_for
from audiences.views.rights import refused, viewer_of

__all__ = ["activation_for", "refused", "set_for", "set_in", "viewer_of"]

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand


def activation_for(request: HttpRequest, slug: str, pk: int) -> tuple[WorkspaceInHand, Activation]:
    """The workspace and its activation; Http404 for strangers, foreign ids, and where one of its workspaces is closed
    to the viewer."""
    workspace = workspace_for(request, slug)
    rows = Activation.objects.visible_to(viewer_of(request)).select_related("requested_by")
    rows = rows.filter(workspace=workspace)
    found = get_object_or_404(rows, pk=pk)
    found.workspace = workspace
    return workspace, found


def set_for(request: HttpRequest, slug: str, pk: int) -> tuple[WorkspaceInHand, ActivationSet]:
    """The workspace in which the viewer is, and the set; Http404 for strangers to any workspace of it."""
    workspace = workspace_for(request, slug)
    rows = ActivationSet.objects.visible_to(viewer_of(request))
    return workspace, get_object_or_404(rows.select_related("created_by"), pk=pk)


def set_in(request: HttpRequest) -> ActivationSet | None:
    """The set that a form says it was made from, as far as the viewer may see it."""
    pks = numbers([request.POST.get("set", "")])
    return ActivationSet.objects.visible_to(viewer_of(request)).filter(pk__in=pks).first() if pks else None
