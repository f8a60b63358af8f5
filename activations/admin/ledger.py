"""How deliveries left and what happened: jobs, holds and events, to look at and never to change."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from activations.admin.rights import OfSeenActivations
from activations.models import Event, Hold, Job
from audiences import speech
from audiences.admin.rooms import CappedPaginator, ReadOnly, WorkspaceFilter


def laid_out(value: object) -> SafeString:
    """JSON as people read it; a text that is none stays as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return format_html("<pre>{}</pre>", value)
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


@admin.register(Job)
class JobAdmin(ReadOnly):
    paginator = CappedPaginator
    list_display = (
        "__str__",
        "workspace",
        "outcome",
        "size",
        "version",
        "status",
        "reason",
        "created_at",
        "answered_at",
    )
    list_filter = (("workspace", WorkspaceFilter), "outcome", "version", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("=id", "=request_id", "reason", "verbatim")
    search_help_text = _("Number of the job, Adobe's request id, reason, or words of Adobe's answer.")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    readonly_fields = ("sent", "answered")
    fieldsets = (
        (None, {"fields": ("workspace", "outcome", "size", "created_at", "answered_at", "lease_until")}),
        (_("Answer"), {"fields": ("status", "reason", "verbatim", "request_id")}),
        (_("The call"), {"fields": ("version", "export_id", "sent", "answered")}),
    )

    @admin.display(description=_("as sent: audiences per dataflow"))
    def sent(self, row: Job) -> SafeString:
        return laid_out(row.request)

    @admin.display(description=_("as answered"))
    def answered(self, row: Job) -> SafeString:
        return laid_out(row.answer)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("key", "workspace", "job", "wish")
    list_filter = (("workspace", WorkspaceFilter),)
    list_select_related = (
        "workspace",
        "job",
        "wish__audience",
        "wish__dataflow",
        "wish__mapping",
        "wish__job",
    )
    search_fields = ("=key",)
    search_help_text = _("The audience's system id.")
    ordering = ("-pk",)


@admin.register(Event)
class EventAdmin(OfSeenActivations):
    paginator = CappedPaginator
    list_display = ("when", "what", "actor_or_system", "workspace", "activation", "delivery_id", "job")
    list_display_links = ("when", "what")
    list_filter = (("workspace", WorkspaceFilter),)
    list_select_related = ("workspace", "activation", "job", "actor")
    search_fields = ("=what", "activation__name", "actor__username")
    search_help_text = _("Code of what happened, activation or person. Lists stop counting at 10,000.")
    ordering = ("-pk",)
    readonly_fields = ("details",)
    fieldsets = (
        (None, {"fields": ("at", "what", "actor", "workspace", "activation", "delivery", "job")}),
        (_("Before, after, and what else is known"), {"fields": ("details",)}),
    )

    @admin.display(description=_("when"), ordering="at")
    def when(self, row: Event) -> str:
        return speech.clock(row.at, timezone.now(), seconds=True)

    @admin.display(description=_("who"), ordering="actor")
    def actor_or_system(self, row: Event) -> Any:
        return row.actor or _("the system")

    @admin.display(description=_("details"))
    def details(self, row: Event) -> SafeString:
        return laid_out(row.data)
