"""Mappings, to look at and to press: the same question, paper and verb as on the pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from activations.admin.pressing import Pressing
from activations.going import Row, export_words, rows_of
from audiences.admin.changing import changes_of
from audiences.admin.rooms import PresentFilter, ReadOnly, WorkspaceFilter
from audiences.models import Mapping


@admin.register(Mapping)
class MappingAdmin(ReadOnly):
    """Will it go? is answered for every row: facts are read once per workspace that the page lists."""

    list_display = (
        "audience", "dataflow", "will_it_go", "export", "workspace", "start_date", "end_date", "mapped_at", "vanished_at",
    )  # fmt: skip
    list_filter = (
        ("workspace", WorkspaceFilter), PresentFilter, "dataflow__kind", "dataflow__state", "frequency", "export_mode",
        "enabled", "resyncing",
    )  # fmt: skip
    list_select_related = ("workspace", "dataflow", "audience")
    search_fields = ("audience__name", "dataflow__name", "=audience__platform_id", "=dataflow__platform_id")
    search_help_text = _("Audience or dataflow, by name or id.")
    ordering = ("pk",)
    actions = ("activate",)
    readonly_fields = ("will_it_go", "changes")
    fieldsets = (
        (None, {"fields": ("workspace", "audience", "dataflow", "name", "will_it_go")}),
        (_("Change it"), {"fields": ("changes",)}),
        (_("At Segment"), {"fields": ("activation_type", "enabled", "resyncing", "details")}),
        (_("Schedule"), {
            "fields": ("export_mode", "frequency", "trigger", "start_date", "end_date", "start_time"),
        }),
        (_("File"), {"fields": ("file_name_template",)}),
        (_("At the platform"), {"fields": ("platform_id", "mapped_at", "updated_at")}),
        (_("In the mirror"), {"fields": ("first_seen_at", "vanished_at")}),
    )  # fmt: skip

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        listed = list(found.result_list)
        judged = rows_of(listed[0].workspace, listed) if listed else []
        for mapping, row in zip(listed, judged, strict=True):
            mapping.judged = row
        return found

    @admin.display(description=_("will it go?"))
    def will_it_go(self, mapping: Any) -> Any:
        """One word in the list; with its reason on the mapping's own page."""
        if not hasattr(mapping, "judged"):
            return said(rows_of(mapping.workspace, [mapping])[0])
        return mapping.judged.word

    @admin.display(description=_("changes"))
    def changes(self, row: Mapping) -> Any:
        return changes_of(row)

    @admin.display(description=_("export"), ordering="frequency")
    def export(self, row: Mapping) -> str:
        return export_words(row)

    @admin.action(description=_("Activate on-demand…"), permissions=["view"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Mapping]) -> HttpResponse | None:
        return Pressing(self).ask(request, queryset)

    def get_urls(self) -> list[URLPattern]:
        press = self.admin_site.admin_view(Pressing(self).press)
        return [path("<slug:slug>/press/", press, name="audiences_mapping_press"), *super().get_urls()]


def said(row: Row) -> str:
    """ "Waits until 14:32 CET: mapped 19 min ago"."""
    return f"{row.word}: {row.main.sentence}" if row.main else row.word
