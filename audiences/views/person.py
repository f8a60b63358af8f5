"""Pages about the person who signed in: where they land, and their time zone."""

from __future__ import annotations

from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from audiences.access import home_for
from audiences.models import User
from audiences.setting_up import may_add, whom_to_ask
from audiences.zones import regions


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the first workspace, or to its first steps while nothing was mirrored; who has none is told what to do."""
    viewer = cast(User, request.user)
    workspace = home_for(viewer)
    if workspace is not None and workspace.synced_at is None:
        return redirect("activations:steps", workspace.slug)
    if workspace is not None:
        return redirect(workspace)
    if may_add(viewer):
        return redirect("audiences:new_workspace")
    return render(request, "audiences/no_workspace.html", {"ask": whom_to_ask()})


def zones() -> list[tuple[str, object]]:
    """Time zones grouped by region, the site's own first."""
    site = _("The site's zone (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [("", site), ("UTC", "UTC"), *regions()]


class ZoneForm(forms.ModelForm):  # type: ignore[type-arg]
    """The zone in which a person reads times."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zones,
        required=False,
        help_text=gettext_lazy("Every time on every page is shown in this zone, with its name."),
    )

    class Meta:
        model = User
        fields = ["time_zone"]


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ZoneForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Times are now shown in your zone."))
        return redirect("audiences:account")
    memberships = user.memberships.select_related("workspace").order_by("workspace__name")
    return render(request, "audiences/account.html", {"form": form, "memberships": memberships})
