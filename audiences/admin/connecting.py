"""The page that says what is wrong with a workspace's connection, and the buttons around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audiences import connection
from audiences.advice import Report, no_broker
from audiences.connection import CannotMove
from audiences.models import Workspace

if TYPE_CHECKING:
    from audiences.admin.workspaces import WorkspaceAdmin

SHOWN_AT_MOST = 50


class Views:
    """Views of the workspace admin that concern its connection."""

    def __init__(self, admin: WorkspaceAdmin) -> None:
        self.admin = admin

    @method_decorator(require_safe)
    def report(self, request: HttpRequest) -> HttpResponse:
        """How the checks of these workspaces stand; the page asks again while one is going on."""
        if not self.admin.has_view_permission(request):
            raise PermissionDenied
        asked = [int(pk) for pk in request.GET.getlist("w") if pk.isascii() and pk.isdigit() and len(pk) < 19]
        chosen = self.admin.get_queryset(request).filter(pk__in=asked[:SHOWN_AT_MOST]).order_by("name")
        reports = [Report(workspace, connection.last_check(workspace)) for workspace in chosen]
        if not reports:
            raise Http404
        context = {
            **self.admin.admin_site.each_context(request),
            "title": _("Connection"),
            "opts": self.admin.opts,
            "reports": reports,
            "checking": any(report.is_checking for report in reports),
            "may_change": self.admin.has_change_permission(request),
        }
        answer = TemplateResponse(request, "admin/audiences/workspace/connection.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @method_decorator(require_POST)
    def check(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._check(request, self._workspace(request, pk))

    @method_decorator(require_POST)
    def sandbox(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Point the workspace at a sandbox of its last check, and check again."""
        workspace = self._workspace(request, pk)
        name = request.POST.get("name", "")
        try:
            connection.use_sandbox(workspace, name)
        except CannotMove as why:
            self.admin.message_user(request, str(why), messages.ERROR)
            return redirect(_address(workspace))
        said = connection.uses(workspace, name)
        self.admin.log_change(request, workspace, said)
        self.admin.message_user(request, said, messages.SUCCESS)
        return self._check(request, workspace)

    @method_decorator(require_POST)
    def sync(self, request: HttpRequest, pk: int) -> HttpResponse:
        workspace = self._workspace(request, pk, may="view")
        self.admin.start_sync(request, [workspace])
        return redirect("admin:audiences_workspace_change", workspace.pk)

    def _check(self, request: HttpRequest, workspace: Workspace) -> HttpResponse:
        if not connection.ask(workspace):
            self.admin.message_user(request, no_broker(), messages.ERROR)
        return redirect(_address(workspace))

    def _workspace(self, request: HttpRequest, pk: int, may: str = "change") -> Workspace:
        """The workspace, for those who may change (or view) it; strangers' ids are unknown."""
        workspace: Workspace | None = self.admin.get_object(request, str(pk))
        if workspace is None:
            raise Http404
        allowed: Any = getattr(self.admin, f"has_{may}_permission")
        if not allowed(request, workspace):
            raise PermissionDenied
        return workspace


def _address(workspace: Workspace) -> str:
    return f"{reverse('admin:audiences_workspace_connection')}?w={workspace.pk}"
