"""What people asked the platform to change, with its story: to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audiences.admin.rooms import CappedPaginator, ReadOnly, ReadOnlyRows, WorkspaceFilter
from audiences.models import Wish, WishEvent


class Story(ReadOnlyRows):
    model = WishEvent
    verbose_name_plural = _("what happened")
    fields = ("at", "actor", "what", "data")
    ordering = ("at", "pk")


@admin.register(Wish)
class WishAdmin(ReadOnly):
    inlines = (Story,)
    paginator = CappedPaginator
    list_display = (
        "asked_at",
        "what",
        "audience",
        "dataflow",
        "mapping_name",
        "workspace",
        "by",
        "state",
        "reason",
    )
    list_filter = (("workspace", WorkspaceFilter), "state", "what", "workspace__platform")
    list_select_related = ("workspace", "dataflow", "audience", "mapping", "by")
    search_fields = ("audience__name", "dataflow__name", "mapping__name", "=request_id")
    ordering = ("-pk",)

    @admin.display(description=_("activation"))
    def mapping_name(self, row: Wish) -> str:
        """At Segment; elsewhere the pair says it all."""
        return row.mapping.name if row.mapping else ""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """All but what is sealed."""
        return [name for name in super().get_readonly_fields(request, obj) if name != "sealed"]
