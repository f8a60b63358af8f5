"""The mirrored catalogue, to look at: destinations, dataflows, audiences. Mappings are in `activations.admin`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audiences import shown, speech
from audiences.admin.changing import changes_of
from audiences.admin.rooms import PresentFilter, ReadOnly, WorkspaceFilter
from audiences.models import Audience, Dataflow, Destination, Supported, Trait

MIRRORED = ("workspace", WorkspaceFilter)


@admin.register(Destination)
class DestinationAdmin(ReadOnly):
    list_display = ("platform", "account", "workspace", "platform_id", "vanished_at")
    list_filter = (MIRRORED, PresentFilter, "platform")
    list_select_related = ("workspace",)
    search_fields = ("platform", "account", "=platform_id")
    ordering = ("platform", "account", "pk")


@admin.register(Supported)
class SupportedAdmin(ReadOnly):
    """What audiences of each type can use at Segment, with the fields that forms are made of."""

    list_display = ("name", "audience_type", "action_count", "workspace", "slug", "vanished_at")
    list_filter = (MIRRORED, PresentFilter, "audience_type")
    list_select_related = ("workspace",)
    search_fields = ("name", "=slug")
    ordering = ("audience_type", "name", "pk")

    @admin.display(description=_("actions"))
    def action_count(self, row: Supported) -> str:
        return speech.number(len(row.actions))


@admin.register(Trait)
class TraitAdmin(ReadOnly):
    """What can go along with an event at Segment."""

    list_display = ("platform_id", "kind", "workspace", "vanished_at")
    list_filter = (MIRRORED, PresentFilter, "kind")
    list_select_related = ("workspace",)
    search_fields = ("platform_id",)
    ordering = ("platform_id", "pk")


@admin.register(Dataflow)
class DataflowAdmin(ReadOnly):
    list_display = (
        "name", "destination", "workspace", "kind", "state_word", "mapped_count", "last_run_shown", "last_run_at",
        "vanished_at",
    )  # fmt: skip
    list_filter = (MIRRORED, PresentFilter, "kind", "state", "last_run_status")
    list_select_related = ("workspace", "destination")
    search_fields = ("name", "=platform_id", "destination__platform", "destination__account")
    date_hierarchy = "created_at"
    ordering = ("name", "pk")
    fieldsets = (
        (None, {"fields": ("workspace", "name", "description", "destination", "kind", "state", "mapped_count")}),
        (_("Change it"), {"fields": ("changes",)}),
        (_("At Segment"), {"fields": ("audience", "details")}),
        (_("Files"), {"fields": ("path", "file_type")}),
        (_("At the platform"), {
            "fields": ("platform_id", "etag", "created_at", "created_by", "updated_at", "updated_by"),
        }),
        (_("Last operation"), {"fields": ("operation", "operation_status", "operation_at")}),
        (_("Last run"), {"fields": ("last_run", "last_run_status", "last_run_word", "last_run_at")}),
        (_("In the mirror"), {"fields": ("first_seen_at", "vanished_at")}),
    )  # fmt: skip

    readonly_fields = ("changes",)

    @admin.display(description=_("changes"))
    def changes(self, row: Dataflow) -> Any:
        return changes_of(row)

    @admin.display(description=_("state"), ordering="state")
    def state_word(self, row: Dataflow) -> Any:
        return shown.dataflow(row.state).word

    @admin.display(description=_("last run"), ordering="last_run_status")
    def last_run_shown(self, row: Dataflow) -> Any:
        return shown.run(row.last_run_status).word


@admin.register(Audience)
class AudienceAdmin(ReadOnly):
    list_display = (
        "name", "workspace", "origin", "lifecycle_word", "profiles_shown", "profiles_as_of", "external", "listed",
        "platform_id", "vanished_at",
    )  # fmt: skip
    list_filter = (MIRRORED, PresentFilter, "lifecycle", "origin", "external", "listed")
    list_select_related = ("workspace",)
    search_fields = ("name", "=platform_id", "=external_id")
    ordering = ("name", "pk")
    fieldsets = (
        (
            None,
            {"fields": ("workspace", "name", "description", "origin", "lifecycle", "evaluation", "labels")},
        ),
        (_("Change it"), {"fields": ("changes",)}),
        (_("Size"), {"fields": ("profiles", "profiles_as_of")}),
        (_("Merge policy"), {"fields": ("merge_policy", "merge_policy_seen_at")}),
        (_("External"), {"fields": ("external", "external_id", "namespace", "ttl_days")}),
        (_("At the platform"), {"fields": ("platform_id", "listed", "created_at", "updated_at")}),
        (_("In the mirror"), {"fields": ("first_seen_at", "vanished_at")}),
    )

    readonly_fields = ("changes",)

    @admin.display(description=_("changes"))
    def changes(self, row: Audience) -> Any:
        return changes_of(row)

    @admin.display(description=_("lifecycle"), ordering="lifecycle")
    def lifecycle_word(self, row: Audience) -> Any:
        return shown.lifecycle(row.lifecycle).word

    @admin.display(description=_("profiles"), ordering="profiles")
    def profiles_shown(self, row: Audience) -> str:
        return speech.number(row.profiles)
