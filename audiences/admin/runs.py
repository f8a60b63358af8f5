"""Mirrored runs and platform jobs, to look at."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audiences import shown, speech
from audiences.admin.rooms import CappedPaginator, ReadOnly, ReadOnlyRows, WorkspaceFilter
from audiences.models import PlatformJob, Run, RunAudience
from platforms.types import JobStatus


class RunStatusFilter(admin.SimpleListFilter):
    """Our words for the status: known without asking a table of a million runs."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return [(value, one.word) for value, one in shown.RUN.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class JobStatusFilter(RunStatusFilter):
    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return [(status.value, status.value.capitalize()) for status in JobStatus]


class AudiencesOfRun(ReadOnlyRows):
    model = RunAudience
    verbose_name_plural = _("counts per audience")
    fields = ("audience", "received", "activated", "excluded", "failed")
    ordering = ("audience",)


@admin.register(Run)
class RunAdmin(ReadOnly):
    inlines = (AudiencesOfRun,)
    paginator = CappedPaginator
    list_display = (
        "platform_id", "dataflow", "workspace", "status_word", "word", "ad_hoc", "created_at", "completed_at",
        "received_shown", "activated_shown",
    )  # fmt: skip
    list_filter = (("workspace", WorkspaceFilter), RunStatusFilter, "ad_hoc")
    list_select_related = ("workspace", "dataflow")
    search_fields = ("=platform_id", "dataflow__name", "=dataflow__platform_id")
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("workspace", "dataflow", "platform_id", "status", "word", "ad_hoc")}),
        (_("Times"), {"fields": ("created_at", "started_at", "completed_at", "updated_at")}),
        (_("Figures; “-” is unknown, not zero"), {
            "fields": ("received", "activated", "excluded", "failed", "files", "bytes_out"),
        }),
        (_("What the run reports"), {"fields": ("issues",)}),
        (_("In the mirror"), {"fields": ("first_seen_at", "vanished_at")}),
    )  # fmt: skip

    @admin.display(description=_("status"), ordering="status")
    def status_word(self, row: Run) -> Any:
        return shown.run(row.status).word

    @admin.display(description=_("received"), ordering="received")
    def received_shown(self, row: Run) -> str:
        return speech.number(row.received)

    @admin.display(description=_("activated"), ordering="activated")
    def activated_shown(self, row: Run) -> str:
        return speech.number(row.activated)


@admin.register(PlatformJob)
class PlatformJobAdmin(ReadOnly):
    paginator = CappedPaginator
    list_display = (
        "platform_id",
        "kind",
        "workspace",
        "status",
        "word",
        "schema",
        "scheduled",
        "created_at",
        "completed_at",
    )
    list_filter = (("workspace", WorkspaceFilter), "kind", JobStatusFilter, "scheduled")
    list_select_related = ("workspace",)
    search_fields = ("=platform_id", "schema")
    ordering = ("-pk",)
