"""Pressing from the administrator's list of mappings: the question with its numbers, then the one POST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from activations import actions, question, states
from activations.admin.rights import refused
from activations.choice import mappings_of
from activations.models import Activation
from activations.selection import AT_MOST
from audiences.access import workspace_for
from audiences.admin.rooms import viewer_of
from audiences.models import Mapping, Workspace

if TYPE_CHECKING:
    from activations.admin.mappings import MappingAdmin

LIST = "admin:audiences_mapping_changelist"
LONGEST_REASON = 500


class Pressing:
    """The two steps of a press, for the admin of mappings."""

    def __init__(self, admin: MappingAdmin) -> None:
        self.admin = admin

    def ask(self, request: HttpRequest, chosen: QuerySet[Mapping]) -> HttpResponse | None:
        """The question about the chosen rows; None goes back to the list, with a message why."""
        # `mapping__workspace` may be any: a question, its name to write and its budget belong to one.
        workspaces = list(Workspace.objects.filter(pk__in=chosen.order_by().values("workspace"))[:2])
        if len(workspaces) != 1:
            said = _(
                "Choose mappings of one workspace at a time: filter the list by workspace. Nothing was sent."
            )
            self.admin.message_user(request, said, messages.ERROR)
            return None
        pks = list(chosen.order_by().values_list("pk", flat=True)[: AT_MOST + 1])
        if len(pks) > AT_MOST:
            said = _("That is more than %(n)s mappings: narrow the choice. Nothing was sent.") % {
                "n": AT_MOST
            }
            self.admin.message_user(request, said, messages.ERROR)
            return None
        if refused(self.admin, request, workspaces):
            return None
        return self._question(request, workspaces[0], mappings_of(workspaces[0], pks))

    def press(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make the activation that the question's paper describes, once."""
        workspace = workspace_for(request, slug)
        if request.method != "POST" or refused(self.admin, request, [workspace]):
            return redirect(LIST)
        try:
            paper = question.unseal(workspace, viewer_of(request), request.POST.get("paper", ""))
        except question.TooOld as old:
            said = _("This page is too old, look again: what you see now is fresh. Nothing was sent.")
            return self._question(request, workspace, mappings_of(workspace, old.mappings), said=said)
        except question.NotOurs:
            said = _("This page was not made here for you, so it cannot be used. Nothing was sent.")
            self.admin.message_user(request, said, messages.ERROR)
            return redirect(LIST)
        mappings = mappings_of(workspace, paper.mappings)
        written = request.POST.get("workspace_name", "")
        if question.needs_name(workspace, len(mappings)) and not question.names(workspace, written):
            said = _("Write the workspace's name to confirm: %(name)s. Nothing was sent.") % {
                "name": workspace.name
            }
            return self._question(request, workspace, mappings, said=said, paper=request.POST["paper"])
        return self._press(request, workspace, mappings, paper)

    def _press(
        self, request: HttpRequest, workspace: Workspace, mappings: Sequence[Mapping], paper: question.Paper
    ) -> HttpResponse:
        try:
            made = actions.request(
                workspace,
                mappings,
                by=viewer_of(request),
                press=paper.press,
                source=Activation.Source.ADMIN,
                reason=request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON],
                seen_at=paper.seen_at,
                on_export=question.on_export(request.POST),
            )
        except actions.CannotRequest as why:
            self.admin.message_user(request, str(why), messages.ERROR)
            if why.instead is not None:
                return redirect("admin:activations_activation_change", why.instead.pk)
            return redirect(LIST)
        said = _("Armed: nothing may leave yet; each goes by itself. “View on site” follows it live.")
        if made.deliveries.filter(state=states.QUEUED).exists():
            said = _("Queued. The first job leaves in about a second; “View on site” follows it live.")
        self.admin.message_user(request, said, messages.SUCCESS)
        return redirect("admin:activations_activation_change", made.pk)

    def _question(
        self,
        request: HttpRequest,
        workspace: Workspace,
        mappings: Sequence[Mapping],
        *,
        said: str = "",
        paper: str = "",
    ) -> HttpResponse:
        # Sealed before the facts are read: what changes in between then counts as unseen.
        sealed = paper or question.seal(workspace, viewer_of(request), mappings)
        plan = question.ask(workspace, mappings)
        context: dict[str, Any] = {
            **self.admin.admin_site.each_context(request),
            "title": _("Activate on-demand"),
            "opts": self.admin.opts,
            "workspace": workspace,
            "plan": plan,
            "paper": sealed,
            "said": said,
            "reason": request.POST.get("reason", ""),
            "on_export": question.on_export(request.POST),
            "needs_name": question.needs_name(workspace, len(mappings)),
        }
        return TemplateResponse(
            request, "admin/audiences/mapping/activate.html", context, status=409 if said else 200
        )
