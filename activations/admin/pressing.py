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
        pks = list(chosen.order_by().values_list("pk", flat=True)[: AT_MOST + 1])
        if len(pks) > AT_MOST:
            said = _("That is more than %(n)s mappings: narrow the choice. Nothing was sent.") % {
                "n": AT_MOST
            }
            self.admin.message_user(request, said, messages.ERROR)
            return None
        mappings = mappings_of(viewer_of(request), pks)
        places = self._places(mappings)
        if not places or refused(self.admin, request, places):
            return None
        return self._question(request, places[0], mappings)

    def _places(self, mappings: Sequence[Mapping]) -> list[Workspace]:
        """The workspaces of these, by name; the first one is the home."""
        return list(
            Workspace.objects.filter(pk__in={one.workspace_id for one in mappings}).order_by("name", "pk")
        )

    def press(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make the activation that the question's paper describes, once."""
        workspace = workspace_for(request, slug)
        if request.method != "POST" or refused(self.admin, request, [workspace]):
            return redirect(LIST)
        said = paper = ""
        try:
            asked = question.unseal(workspace, viewer_of(request), request.POST.get("paper", ""))
            pressed, paper = asked.mappings, request.POST["paper"]
        except question.TooOld as old:
            said = _("This page is too old, look again: what you see now is fresh. Nothing was sent.")
            pressed = old.mappings
        except question.NotOurs:
            said = _("This page was not made here for you, so it cannot be used. Nothing was sent.")
            self.admin.message_user(request, said, messages.ERROR)
            return redirect(LIST)
        mappings = mappings_of(viewer_of(request), pressed)
        places = self._places(mappings)
        if refused(self.admin, request, places):
            return redirect(LIST)
        wrong = question.unnamed(
            question.to_name(places, len(mappings)), request.POST.getlist("workspace_name")
        )
        if wrong and not said:
            said = _("Write the workspace's name to confirm: %(name)s. Nothing was sent.") % {
                "name": ", ".join(place.name for place in wrong)
            }
        if said:
            return self._question(request, workspace, mappings, said=said, paper=paper)
        return self._press(request, workspace, mappings, asked)

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
            "where": "; ".join(_where(part.workspace) for part in plan.parts),
            "to_name": question.to_name([part.workspace for part in plan.parts], len(mappings)),
        }
        return TemplateResponse(
            request, "admin/audiences/mapping/activate.html", context, status=409 if said else 200
        )


def _where(workspace: Workspace) -> str:
    """ "Northwind, sandbox prod"."""
    words = _("%(name)s, space %(place)s") if workspace.is_segment else _("%(name)s, sandbox %(place)s")
    return words % {"name": workspace.name, "place": workspace.place}
