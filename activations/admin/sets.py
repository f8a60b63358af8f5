"""Sets and schedules: to look at with their stories; schedules are paused and resumed through the pages' verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from activations import schedules, shelf
from activations.admin.rights import refused
from activations.models import ActivationSet, Firing, Schedule, SetChange
from activations.sets import CannotChange
from audiences.admin.rooms import ReadOnly, ReadOnlyRows, viewer_of
from audiences.models import Workspace


class OfSeenSets(ReadOnly):
    """Rows of sets of which the viewer may see every workspace."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Not `ReadOnly`'s own: these rows have no workspace, but those of their mappings.
        rows: QuerySet[Any] = self.model._default_manager.visible_to(viewer_of(request))
        return rows


class ChangeRows(ReadOnlyRows):
    model = SetChange
    fields = ("version", "at", "by", "words")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("what"))
    def words(self, row: SetChange) -> str:
        return shelf.change_words(row)


class FiringRows(ReadOnlyRows):
    model = Firing
    fields = ("due_at", "at", "outcome", "words", "left_out", "press")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("why"))
    def words(self, row: Firing) -> str:
        return shelf.why_words(row)


@admin.register(ActivationSet)
class ActivationSetAdmin(OfSeenSets):
    list_display = ("name", "version", "size", "created_by", "created_at", "changed_at")
    list_select_related = ("created_by",)
    search_fields = ("name",)
    ordering = ("name", "pk")
    fields = ("name", "version", "created_by", "created_at", "changed_at")
    inlines = (ChangeRows,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(held=Count("chosen"))

    @admin.display(description=gettext_lazy("mappings"), ordering="held")
    def size(self, row: Any) -> int:
        return int(row.held)


@admin.register(Schedule)
class ScheduleAdmin(OfSeenSets):
    list_display = ("of_set", "words", "fire_at", "by", "paused_at")
    list_filter = ("kind",)
    list_select_related = ("of_set", "by")
    search_fields = ("of_set__name",)
    ordering = ("fire_at", "pk")
    fields = ("of_set", "words", "fire_at", "until", "waits", "tolerance", "by", "paused_at", "paused_by")
    readonly_fields = ("words",)
    inlines = (FiringRows,)
    actions = ("pause", "resume")

    @admin.display(description=gettext_lazy("rule"))
    def words(self, row: Schedule) -> str:
        return shelf.words(row)

    @admin.action(description=gettext_lazy("Pause these schedules"), permissions=["view"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        rows = self._changeable(request, queryset)
        done = sum(schedules.pause(row, by=viewer_of(request)) for row in rows)
        said = ngettext("%(n)s schedule paused.", "%(n)s schedules paused.", done) % {"n": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)

    @admin.action(description=gettext_lazy("Resume these schedules"), permissions=["view"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        done = 0
        for row in self._changeable(request, queryset):
            try:
                done += schedules.resume(row, by=viewer_of(request))
            except CannotChange as why:
                self.message_user(request, f"{row}: {why}", messages.WARNING)
        said = ngettext("%(n)s schedule resumed.", "%(n)s schedules resumed.", done) % {"n": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)

    def _changeable(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> list[Schedule]:
        """The chosen rows, or none, and it is said, where the viewer may not press in every workspace of them."""
        rows = list(queryset.select_related("of_set"))
        held = Workspace.objects.filter(
            pk__in=ActivationSet.objects.filter(schedules__in=rows).values("mappings__workspace")
        )
        return [] if refused(self, request, held) else rows
