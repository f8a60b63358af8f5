"""May this person press there? The same answer as on the pages: activators and superusers."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from audiences.access import may_press_in
from audiences.admin.rooms import viewer_of
from audiences.models import Workspace


def refused(admin: ModelAdmin[Model], request: HttpRequest, workspaces: Iterable[Workspace]) -> bool:
    """Tell who may not press what that stands for; True when refused, and nothing may be sent."""
    if may_press_in(viewer_of(request), workspaces):
        return False
    admin.message_user(
        request,
        _(
            "Nothing was done. Pressing needs the role activator in the workspace: it stands for Adobe's permissions "
            "View Destinations, Activate Destinations, View Profiles and View Segments."
        ),
        messages.ERROR,
    )
    return True
