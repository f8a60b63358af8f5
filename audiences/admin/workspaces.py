"""Workspaces: credentials, guardrails, members, and the way from a new one to its first sync."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from audiences import connection, nudges, setting_up
from audiences.admin import connecting
from audiences.admin.rooms import Page, Rows, viewer_of
from audiences.advice import no_broker
from audiences.connection import CannotMove
from audiences.forms import SegmentWorkspaceForm, WorkspaceForm, cautions, secret_in_words
from audiences.guardrails import NAMES, SEGMENT_NAMES
from audiences.models import (
    Audience,
    Dataflow,
    Destination,
    Mapping,
    Membership,
    PlatformJob,
    Run,
    Workspace,
)
from audiences.models.workspaces import Platform

STATE = (
    "sync_state", "sync_progress", "sync_started_at", "synced_at", "sync_error", "evaluated_at", "snapshot_at",
    "send_after",
)  # fmt: skip
GUARDRAILS = gettext_lazy(
    "Each begins with its documented default; documents disagree and change, so each can be set. "
    "Lengths of time are days and hours:minutes:seconds, such as 1 12:00:00."
)
CONNECTION = gettext_lazy(
    "From the credential's OAuth server-to-server page in the Adobe Developer Console. Save first: "
    "“Check connection” checks what is saved. It names what is wrong and lists the sandboxes to choose from."
)
SEGMENT_CONNECTION = gettext_lazy(
    "The token is made by an owner of the workspace at Segment. Save first: “Check connection” checks what is "
    "saved, names workspace and space, and lists the spaces to choose from."
)


class Members(Rows):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    verbose_name = gettext_lazy("member")
    verbose_name_plural = gettext_lazy("members: who may look, and who may press")


@admin.register(Workspace)
class WorkspaceAdmin(Page):
    form = WorkspaceForm
    inlines = (Members,)
    prepopulated_fields = {"slug": ("name",)}
    list_display = (
        "name",
        "slug",
        "platform",
        "org",
        "sandbox",
        "production",
        "sync_state",
        "synced_at",
        "send_after",
    )
    list_filter = ("platform", "production", "sync_state")
    search_fields = ("name", "slug", "org", "sandbox")
    readonly_fields = ("platform", *STATE)
    actions = ("check_connection", "sync_now")
    change_form_template = "admin/audiences/workspace/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "slug", "platform", "production")}),
        (gettext_lazy("Connection"), {
            "description": CONNECTION,
            "fields": ("org", "sandbox", "client_id", "client_secret", "scopes", "platform_url", "ims_url", "adhoc_version"),
        }),
        (gettext_lazy("Guardrails"), {
            "description": GUARDRAILS,
            "fields": NAMES,
        }),
        (gettext_lazy("How it stands"), {"fields": STATE}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        rows = super().get_queryset(request)
        viewer = viewer_of(request)
        return rows if viewer.is_superuser else rows.filter(memberships__user=viewer)

    def client_secret(self, row: Workspace) -> Any:
        """What those see who may look but not change. Stands before the model's own property of that name."""
        return secret_in_words(row)

    def get_fieldsets(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        found = SEGMENT_FIELDSETS if _is_segment(request, obj) else super().get_fieldsets(request, obj)
        return found if obj else found[:-1]

    def get_form(
        self, request: HttpRequest, obj: Workspace | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Which platform it is, is chosen by the address of the page that adds it, and stays."""
        if _is_segment(request, obj):
            kwargs["form"] = SegmentWorkspaceForm
        return super().get_form(request, obj, change=change, **kwargs)

    @method_decorator(sensitive_post_parameters("client_secret"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except CannotMove as why:
            # A sync began between the form's check and its save; everything was rolled back.
            self.message_user(request, str(why), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:  # noqa: ARG002
        if setting_up.store(form):
            self.message_user(request, setting_up.moved())
        for caution in cautions(obj):
            self.message_user(request, caution, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        viewer = viewer_of(request)
        if not change and not viewer.is_superuser:
            setting_up.see_own(form.instance, viewer)

    def response_add(
        self, request: HttpRequest, obj: Workspace, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Stay with the new workspace: its next step, checking the connection, is a button there."""
        if "_addanother" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(
            request,
            _("“%(name)s” is saved. Next: check its connection.") % {"name": obj.name},
            messages.SUCCESS,
        )
        return redirect("admin:audiences_workspace_change", obj.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Counts instead of ten thousand names; a workspace with activations stays, its history needs it."""
        rows = list(objs)
        protected = [
            _("%(name)s: %(n)s activations") % {"name": row.name, "n": row.activations.count()}
            for row in rows
            if row.activations.exists()
        ]
        models: tuple[type[Model], ...] = (
            Membership,
            Destination,
            Dataflow,
            Audience,
            Mapping,
            Run,
            PlatformJob,
        )
        counts = {
            str(model._meta.verbose_name_plural): model._default_manager.filter(workspace__in=rows).count()
            for model in models
        }
        lacking = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return [row.name for row in rows], {_("workspaces"): len(rows), **counts}, lacking, protected

    def delete_model(self, request: HttpRequest, obj: Workspace) -> None:
        connection.forget(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Workspace]) -> None:
        for workspace in queryset:
            self.delete_model(request, workspace)

    def get_urls(self) -> list[URLPattern]:
        views = connecting.Views(self)
        wrap = self.admin_site.admin_view
        return [
            path("connection/", wrap(views.report), name="audiences_workspace_connection"),
            path("<int:pk>/check/", wrap(views.check), name="audiences_workspace_check"),
            path("<int:pk>/sandbox/", wrap(views.sandbox), name="audiences_workspace_sandbox"),
            path("<int:pk>/sync/", wrap(views.sync), name="audiences_workspace_sync"),
            *super().get_urls(),
        ]

    @admin.action(description=gettext_lazy("Check connection"), permissions=["change"])
    def check_connection(self, request: HttpRequest, queryset: QuerySet[Workspace]) -> HttpResponse | None:
        chosen = list(queryset)
        for workspace in chosen:
            if not connection.ask(workspace):
                self.message_user(request, no_broker(), messages.ERROR)
                return None
        return redirect(report_of(chosen))

    @admin.action(description=gettext_lazy("Sync now"), permissions=["view"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Workspace]) -> None:
        self.start_sync(request, list(queryset))

    def start_sync(self, request: HttpRequest, chosen: list[Workspace]) -> None:
        """Queue a sync of each, and say so."""
        if not nudges.sync_now(chosen):
            self.message_user(request, no_broker(), messages.ERROR)
            return
        names = ", ".join(workspace.name for workspace in chosen)
        self.message_user(
            request,
            _("A sync of %(names)s is queued. “Sync state” shows how it goes.") % {"names": names},
            messages.SUCCESS,
        )


SEGMENT_FIELDSETS = (
    (None, {"fields": ("name", "slug", "platform", "production")}),
    (gettext_lazy("Connection"), {
        "description": SEGMENT_CONNECTION, "fields": ("sandbox", "client_secret", "platform_url"),
    }),
    (gettext_lazy("Guardrails"), {"description": GUARDRAILS, "fields": SEGMENT_NAMES}),
    (gettext_lazy("How it stands"), {"fields": STATE}),
)  # fmt: skip


def _is_segment(request: HttpRequest, obj: Workspace | None) -> bool:
    return obj.is_segment if obj else request.GET.get("platform") == Platform.SEGMENT


def report_of(chosen: list[Workspace]) -> str:
    """Address of the page with the reports of these workspaces."""
    return f"{reverse('admin:audiences_workspace_connection')}?{urlencode([('w', one.pk) for one in chosen])}"
