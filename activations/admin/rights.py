"""May this person press there? The same answer as on the pages: activators and superusers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from activations.models import seen_whole
from audiences.access import may_press_in
from audiences.admin.rooms import ReadOnly, viewer_of
from audiences.models import Workspace


class OfSeenActivations(ReadOnly):
    """Rows of activations; of those that reach into a workspace the viewer may not look at there are none."""

    path_to_activation = "activation"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.filter(seen_whole(viewer_of(request), self.path_to_activation))


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
