"""External audiences with what was asked about them and their story, to look at: the pages are where they change."""

from __future__ import annotations

from django.contrib import admin

from audiences.admin.rooms import ReadOnly, ReadOnlyRows, WorkspaceFilter
from audiences.models import ExternalAudience, ExternalEvent, ExternalOperation


class Operations(ReadOnlyRows):
    model = ExternalOperation
    fields = (
        "kind",
        "state",
        "requested_by",
        "requested_at",
        "finished_at",
        "reason",
        "status",
        "request_id",
    )
    readonly_fields = fields


class Events(ReadOnlyRows):
    model = ExternalEvent
    fields = ("at", "actor", "what", "operation", "data")
    readonly_fields = fields


@admin.register(ExternalAudience)
class ExternalAudienceAdmin(ReadOnly):
    list_display = (
        "name",
        "workspace",
        "cloud",
        "path",
        "live",
        "ingested_at",
        "expires_at",
        "created_by",
        "created_at",
    )
    list_filter = (("workspace", WorkspaceFilter), "live", "cloud")
    list_select_related = ("workspace", "created_by")
    search_fields = ("name", "path", "=external_id")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    inlines = (Operations, Events)
