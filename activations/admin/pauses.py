"""Pauses and blackout windows: set here, lifted here, never rewritten, because the history tells of them."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activations import pauses
from activations.models import Pause
from audiences.admin.rooms import Page, WorkspaceFilter, viewer_of
from audiences.models import Destination, Workspace

FIELDS = ("workspace", "destination", "kind", "reason", "starts_at", "ends_at")


class PauseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new pause. Only superusers may leave the workspace empty, which pauses every one."""

    class Meta:
        model = Pause
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django's pair of fields says "Date:" and "Time:" in text that no label ties to them.
        for name in {"starts_at", "ends_at"} & self.fields.keys():
            what = self.fields[name].label
            day, hour = cast("forms.MultiWidget", self.fields[name].widget).widgets
            day.attrs["aria-label"] = _("%(what)s, date") % {"what": what}
            hour.attrs["aria-label"] = _("%(what)s, time") % {"what": what}

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        workspace, destination = found.get("workspace"), found.get("destination")
        if destination is not None and destination.workspace_id != getattr(workspace, "pk", None):
            self.add_error("destination", _("This destination belongs to another workspace."))
        begins, ends = found.get("starts_at"), found.get("ends_at")
        if found.get("kind") == Pause.Kind.BLACKOUT and ends is None:
            self.add_error("ends_at", _("A blackout is a planned window: say when it ends."))
        if begins and ends and ends <= begins:
            self.add_error("ends_at", _("It must end after it begins."))
        if ends and ends <= timezone.now():
            self.add_error("ends_at", _("This moment is past, so the pause would never stand."))
        return found


class StandingFilter(admin.SimpleListFilter):
    title = gettext_lazy("now")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return [("standing", _("Standing")), ("planned", _("Planned")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        over = Q(lifted_at__isnull=False) | Q(ends_at__lte=now)
        if self.value() == "over":
            return queryset.filter(over)
        begun = {"standing": Q(starts_at__lte=now), "planned": Q(starts_at__gt=now)}.get(self.value() or "")
        return queryset.filter(begun).exclude(over) if begun is not None else queryset


@admin.register(Pause)
class PauseAdmin(Page):
    form = PauseForm
    list_display = ("reason", "where", "kind", "how", "starts_at", "ends_at", "by", "lifted_at", "lifted_by")
    list_filter = (StandingFilter, "kind", ("workspace", WorkspaceFilter))
    list_select_related = ("workspace", "destination", "by", "lifted_by")
    search_fields = ("reason", "workspace__name", "destination__platform", "destination__account")
    actions = ("lift_chosen",)
    change_form_template = "admin/activations/pause/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of the viewer's workspaces, and the global ones, which concern everybody."""
        rows = super().get_queryset(request)
        viewer = viewer_of(request)
        if viewer.is_superuser:
            return rows
        return rows.filter(Q(workspace=None) | Q(workspace__in=Workspace.objects.visible_to(viewer)))

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        viewer = viewer_of(request)
        mine = Workspace.objects.visible_to(viewer).order_by("name")
        if db_field.name == "workspace":
            kwargs |= {"queryset": mine, "required": not viewer.is_superuser}
        if db_field.name == "destination":
            here = Destination.objects.filter(workspace__in=mine, vanished_at=None)
            kwargs["queryset"] = here.order_by("workspace__name", "platform", "account", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*FIELDS, "how", "by", "lifted_at", "lifted_by") if obj else FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What concerns every workspace is for superusers."""
        if obj is not None and cast(Pause, obj).workspace_id is None and not viewer_of(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Pause, form: Any, change: bool) -> None:
        if change:
            return
        made = pauses.pause(by=viewer_of(request), **{name: form.cleaned_data[name] for name in FIELDS})
        obj.pk = made.pk

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if "_lift" not in request.POST:
            return super().response_change(request, obj)
        self._lift(request, [obj])
        return HttpResponseRedirect(request.get_full_path())

    @admin.action(description=gettext_lazy("Lift these pauses"), permissions=["change"])
    def lift_chosen(self, request: HttpRequest, queryset: QuerySet[Pause]) -> None:
        rows = list(queryset)
        mine = [row for row in rows if self.has_change_permission(request, row)]
        if len(mine) < len(rows):
            self.message_user(request, _("Global pauses are lifted by superusers only."), messages.ERROR)
        self._lift(request, mine)

    def _lift(self, request: HttpRequest, rows: list[Pause]) -> None:
        lifted = sum(pauses.lift(row, by=viewer_of(request)) for row in rows)
        if lifted:
            said = ngettext("%(n)s pause lifted.", "%(n)s pauses lifted.", lifted) % {"n": lifted}
            then = _("What waited for it goes now.")
            self.message_user(request, f"{said} {then}", messages.SUCCESS)
        elif rows:
            self.message_user(request, _("Nothing to lift: it was over before."), messages.WARNING)

    @admin.display(description=gettext_lazy("where"), ordering="workspace")
    def where(self, row: Pause) -> Any:
        if row.workspace is None:
            return _("every workspace")
        return f"{row.workspace} · {row.destination}" if row.destination else row.workspace

    @admin.display(description=gettext_lazy("now"))
    def how(self, row: Pause) -> str:
        now = timezone.now()
        if row.is_over(now):
            return _("over")
        return _("standing") if row.stands(now) else _("planned")
