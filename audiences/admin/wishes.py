"""What people asked the platform to change, with its story: to look at."""

from __future__ import annotations

from django.contrib import admin
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
    list_display = ("asked_at", "what", "audience", "dataflow", "workspace", "by", "state", "reason")
    list_filter = (("workspace", WorkspaceFilter), "state", "what")
    list_select_related = ("workspace", "dataflow", "audience", "by")
    search_fields = ("audience__name", "dataflow__name", "=request_id")
    ordering = ("-pk",)
