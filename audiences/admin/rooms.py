"""What the administrator's pages share: rows of one's own workspaces, read-only ledgers, counts with an end."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from audiences.models import User, Workspace

# Generic for the type checker only; Django's own classes are not.
if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
    Rows = admin.TabularInline[Any, Any]
    Counter = Paginator[Any]
else:
    Page, Rows, Counter = admin.ModelAdmin, admin.TabularInline, Paginator


COUNTED_AT_MOST = 10_000


class CappedPaginator(Counter):
    """Counts no further than 10,000: a full COUNT of a ledger with millions of rows costs more than the page."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return int(rows.order_by()[:COUNTED_AT_MOST].count())


def viewer_of(request: HttpRequest) -> User:
    return cast(User, request.user)


class WorkspaceFilter(admin.RelatedFieldListFilter):
    """Offers only workspaces the viewer may look at."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Any:
        mine = Workspace.objects.visible_to(viewer_of(request))
        return [(str(pk), name) for pk, name in mine.order_by("name").values_list("pk", "name")]


class PresentFilter(admin.SimpleListFilter):
    """Rows that the latest complete sync still found, or no longer."""

    title = _("presence on the platform")
    parameter_name = "present"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return [("yes", _("There")), ("no", _("Vanished"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(vanished_at__isnull=wanted == "yes") if wanted in ("yes", "no") else queryset


class OfAWorkspace(Page):
    """Rows of the workspaces the viewer may look at; superusers see all."""

    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        viewer = viewer_of(request)
        if viewer.is_superuser:
            return rows
        return rows.filter(workspace__in=Workspace.objects.visible_to(viewer))


class ReadOnly(OfAWorkspace):
    """Rows written by syncs or by presses, never by hand: to look at, also by those who may change other things."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Every field of the row as text; `fields` of a subclass decides their order."""
        return [*(cast("Field[Any, Any]", f).name for f in self.model._meta.fields), *self.readonly_fields]


class ReadOnlyRows(Rows):
    """Rows that belong to a read-only one."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
