"""Share links, to look at and to revoke; nobody can see where they lead, for their tokens are kept nowhere."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activations import links
from activations.admin.changes import workspaces_of
from activations.admin.rights import OfSeenActivations, refused
from activations.models import ShareLink
from audiences.admin.rooms import WorkspaceFilter, viewer_of


class LivingFilter(admin.SimpleListFilter):
    title = gettext_lazy("now")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        living = ShareLink.objects.living(timezone.now()).values("pk")
        if self.value() == "open":
            return queryset.filter(pk__in=living)
        return queryset.exclude(pk__in=living) if self.value() == "over" else queryset


@admin.register(ShareLink)
class ShareLinkAdmin(OfSeenActivations):
    list_display = (
        "activation",
        "workspace",
        "made_by",
        "made_at",
        "ends_at",
        "opened_at",
        "revoked_at",
        "now",
    )
    list_filter = (LivingFilter, ("workspace", WorkspaceFilter))
    list_select_related = ("activation", "workspace", "made_by")
    search_fields = ("activation__name", "made_by__username")
    fields = (
        "activation", "workspace", "made_by", "made_at", "ends_at", "opened_at", "now", "revoked_at", "revoked_by",
    )  # fmt: skip
    readonly_fields = ("now",)
    actions = ("revoke_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        mine = ShareLink.objects.living(timezone.now()).filter(pk=OuterRef("pk"))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(lives=Exists(mine))
        return rows

    @admin.action(description=gettext_lazy("Revoke these links"), permissions=["view"])
    def revoke_chosen(self, request: HttpRequest, queryset: QuerySet[ShareLink]) -> None:
        rows = list(queryset.select_related("activation"))
        if refused(self, request, workspaces_of({row.activation for row in rows})):
            return
        now = timezone.now()
        done = sum(links.revoke(row, by=viewer_of(request), now=now) for row in rows)
        if done:
            said = ngettext("%(n)s link revoked.", "%(n)s links revoked.", done) % {"n": done}
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(
                request, _("Nothing to revoke: what is chosen was over before."), messages.WARNING
            )

    @admin.display(description=gettext_lazy("now"))
    def now(self, row: ShareLink) -> str:
        if row.revoked_at is not None:
            return _("revoked")
        if row.lives:  # type: ignore[attr-defined]
            return _("open")
        return (
            _("over") if row.ends_at <= timezone.now() else _("closed: its maker may not share it any more")
        )
