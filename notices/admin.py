"""Channels, errands and notices: what an administrator may look at; addresses and secrets are in no field."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audiences.admin import words
from audiences.admin.naming import put_words
from audiences.admin.rooms import CappedPaginator, Page, ReadOnly, WorkspaceFilter, viewer_of
from audiences.models import Workspace
from notices import actions
from notices.models import Channel, Errand, Notice

MODELS = (
    (_("notice"), _("notices")),
    (_("channel"), _("channels")),
    (_("errand"), _("errands")),
    (_("reader"), _("readers")),
    (_("listener"), _("listeners")),
)
FIELDS = (
    _("about"), _("activation"), _("address encrypted"), _("channel"), _("failures"), _("key"), _("notice"),
    _("of set"), _("over at"), _("owner"), _("person"), _("place"), _("said"), _("secret encrypted"),
    _("tells"), _("told"),
)  # fmt: skip
put_words("notices", MODELS, (*words.FIELDS, *FIELDS))


@admin.register(Channel)
class ChannelAdmin(ReadOnly):
    """Added and changed on the settings page; switched off, or removed, here as well."""

    list_display = ("name", "workspace", "owner", "of_set", "kind", "place", "enabled", "failures", "next_at")
    list_filter = ("kind", "enabled", ("workspace", WorkspaceFilter))
    list_select_related = ("workspace", "owner", "of_set")
    search_fields = ("name", "place", "owner__username", "workspace__name")
    fields = (
        "name", "workspace", "owner", "of_set", "kind", "place", "tells", "about", "enabled", "failures", "next_at",
        "created_at", "created_by",
    )  # fmt: skip
    actions = ("switch_off",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return Page.has_delete_permission(self, request, obj)

    @admin.action(description=_("Switch these channels off"), permissions=["delete"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        rows = list(queryset)
        for channel in rows:
            actions.switch(channel, on=False)
        said = ngettext("%(n)s channel is off.", "%(n)s channels are off.", len(rows))
        self.message_user(request, said % {"n": len(rows)})


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    paginator = CappedPaginator
    list_display = ("activation", "workspace", "change", "told", "at")
    list_filter = (("workspace", WorkspaceFilter), "change", "told")
    list_select_related = ("activation", "workspace")
    search_fields = ("activation__name",)


@admin.register(Errand)
class ErrandAdmin(ReadOnly):
    paginator = CappedPaginator
    list_display = ("__str__", "notice", "state", "attempts", "status", "words", "created_at", "over_at")
    list_filter = ("state", "channel__kind")
    list_select_related = ("channel", "notice__activation")
    search_fields = ("channel__name", "=key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Errands have no workspace of their own: their channel's decides."""
        rows: QuerySet[Any] = self.model._default_manager.get_queryset()
        viewer = viewer_of(request)
        if viewer.is_superuser:
            return rows
        return rows.filter(channel__workspace__in=Workspace.objects.visible_to(viewer))
