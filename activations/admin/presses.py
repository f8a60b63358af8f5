"""Activations and their deliveries, to look at; cancel, retry and check again through the same verbs as the pages."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from activations.admin.changes import CANCEL, CHECK_AGAIN, RETRY, carry_out
from activations.admin.rights import OfSeenActivations
from activations.models import Activation, Delivery
from activations.summary import Summary, summaries, summarize
from audiences.admin.rooms import CappedPaginator, WorkspaceFilter


class Changeable(OfSeenActivations):
    """Rows on which deliveries can be canceled, retried and checked again."""

    actions = ("cancel", "retry", "check_again")

    def asked_for(self, rows: QuerySet[Any]) -> tuple[dict[Activation, list[int] | None], int]:
        """The activations concerned, each with the deliveries meant (None: all), and how many rows that is."""
        raise NotImplementedError

    @admin.action(description=_("Cancel what is not sent"), permissions=["view"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return carry_out(self, request, queryset, CANCEL)

    @admin.action(description=_("Retry: ask again for what did not arrive"), permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return carry_out(self, request, queryset, RETRY)

    @admin.action(description=_("Check again what is no longer watched"), permissions=["view"])
    def check_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return carry_out(self, request, queryset, CHECK_AGAIN)


@admin.register(Activation)
class ActivationAdmin(Changeable):
    path_to_activation = "pk"
    list_display = ("name", "workspace", "state", "words", "source", "requested_by", "requested_at")
    list_filter = (("workspace", WorkspaceFilter), "source", "requested_at")
    list_select_related = ("workspace", "requested_by")
    search_fields = ("name", "reason", "requested_by__username")
    date_hierarchy = "requested_at"
    ordering = ("-requested_at", "-pk")
    readonly_fields = ("state", "words", "rows", "elsewhere")
    fieldsets = (
        (None, {"fields": ("workspace", "elsewhere", "name", "reason", "state", "words", "rows")}),
        (
            _("The press"),
            {
                "fields": (
                    "requested_by",
                    "requested_at",
                    "source",
                    "on_export",
                    "snapshot_at",
                    "press",
                    "version",
                )
            },
        ),
    )

    def asked_for(self, rows: QuerySet[Any]) -> tuple[dict[Activation, list[int] | None], int]:
        chosen = list(rows.select_related("workspace"))
        return dict.fromkeys(chosen), len(chosen)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list with every row's summary, read in one query."""
        found = super().get_changelist_instance(request)
        counted = summaries(row.pk for row in found.result_list)
        for row in found.result_list:
            row.summary = counted[row.pk]
        return found

    @admin.display(description=_("state"))
    def state(self, row: Activation) -> Any:
        return self._summary(row).worst.word

    @admin.display(description=_("deliveries"))
    def words(self, row: Activation) -> str:
        return self._summary(row).words

    def _summary(self, row: Activation) -> Summary:
        known: Summary | None = getattr(row, "summary", None)
        if known is None:
            known = row.summary = summarize(row)  # type: ignore[attr-defined]
        return known

    @admin.display(description=_("and in the workspaces"))
    def elsewhere(self, row: Activation) -> str:
        return ", ".join(place.name for place in row.places[1:]) or "–"

    @admin.display(description=_("rows"))
    def rows(self, row: Activation) -> SafeString:
        query = urlencode({"activation__id__exact": row.pk})
        return format_html(
            '<a href="{}?{}">{}</a> · <a href="{}?{}">{}</a>',
            reverse("admin:activations_delivery_changelist"), query, _("deliveries"),
            reverse("admin:activations_event_changelist"), query, _("events"),
        )  # fmt: skip


@admin.register(Delivery)
class DeliveryAdmin(Changeable):
    paginator = CappedPaginator
    list_display = (
        "audience", "dataflow", "state", "reason", "state_since", "joined", "workspace", "activation",
        "superseded",
    )  # fmt: skip
    list_filter = (("workspace", WorkspaceFilter), "state", "unusual", "superseded", "joined")
    list_select_related = ("workspace", "activation", "audience", "dataflow")
    search_fields = (
        "audience__name",
        "dataflow__name",
        "=audience__platform_id",
        "=run_id",
        "activation__name",
    )
    search_help_text = _("Audience or its id, dataflow, activation or run id. Lists stop counting at 10,000.")
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("activation", "workspace", "audience", "dataflow", "mapping", "state", "state_since")}),
        (_("Why"), {"fields": ("reason", "verbatim", "issues", "oddities", "findings")}),
        (_("When"), {"fields": ("not_before", "deadline", "next_check_at", "checks", "attempts", "started_at", "finished_at")}),
        (_("How it left"), {"fields": ("job", "pack", "posted_at", "reposted", "run_id", "joined", "started_by", "started_client", "run_word")}),
        (_("Figures; “-” is unknown, not zero"), {
            "fields": (
                "expected", "expected_as_of", "received", "activated", "excluded", "failed", "files", "bytes_out",
                "usual", "usual_of", "unusual",
            ),
        }),
        (_("Retries"), {"fields": ("retry_of", "superseded")}),
    )  # fmt: skip

    def asked_for(self, rows: QuerySet[Any]) -> tuple[dict[Activation, list[int] | None], int]:
        chosen = list(rows.select_related("activation__workspace"))
        found: dict[Activation, list[int]] = defaultdict(list)
        for delivery in chosen:
            found[delivery.activation].append(delivery.pk)
        return dict(found), len(chosen)
