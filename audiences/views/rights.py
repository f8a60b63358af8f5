"""Who is looking, and what a person is told who may look but not change anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audiences.models import User

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand


def viewer_of(request: HttpRequest) -> User:
    """The signed-in person; the login middleware has seen to it."""
    return cast(User, request.user)


def refused(request: HttpRequest, workspace: WorkspaceInHand, *, changing: bool = False) -> HttpResponse:
    """The page for a press by somebody who may only look; nothing was sent.

    `changing` a dataflow stands for one permission more than sending through it.
    """
    context = {"workspace": workspace, "changing": changing}
    return render(request, "activations/refused.html", context, status=403)
