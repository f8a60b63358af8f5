"""People who sign in, and which workspaces they share."""

# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audiences.admin.rooms import Rows, viewer_of
from audiences.models import Membership, User

if TYPE_CHECKING:
    People = UserAdmin[User]
else:
    People = UserAdmin

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class MembershipsOfPerson(Rows):
    model = Membership
    extra = 0
    autocomplete_fields = ("workspace",)


@admin.register(User)
class PersonAdmin(People):
    """Django's own page with the time zone, and a lock: only a superuser makes or changes a superuser.

    Nobody is deleted, because the history names them: who leaves is made inactive.
    """

    inlines = (MembershipsOfPerson,)
    list_display = (
        "username",
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "is_superuser",
        "time_zone",
    )
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "first_name", "last_name", "email")
    show_full_result_count = False

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        return [*found, (_("Shown to them"), {"fields": ("time_zone", "language")})] if obj else found

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if viewer_of(request).is_superuser else (*fixed, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not viewer_of(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
