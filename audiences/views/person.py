"""Pages about the person who signs in: where they land, their language and their time zone."""

from __future__ import annotations

from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from audiences import languages
from audiences.access import home_for
from audiences.models import User
from audiences.zones import regions


class SignIn(LoginView):
    """Asks for name and password, and brings the person's language along to this browser."""

    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        languages.remember(response, form.get_user().language)
        return response


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the first workspace; who has none is told what to do."""
    workspace = home_for(cast(User, request.user))
    return redirect(workspace) if workspace else render(request, "audiences/no_workspace.html")


def zones() -> list[tuple[str, object]]:
    """Time zones grouped by region, the site's own first."""
    site = _("The site's zone (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [("", site), ("UTC", "UTC"), *regions()]


def tongues() -> list[tuple[str, object]]:
    """The languages, each named in itself."""
    return [("", _("What the browser asks for")), *settings.LANGUAGES]


class ReadingForm(forms.ModelForm):  # type: ignore[type-arg]
    """The language in which a person reads, and the zone of the times they read."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=tongues,
        required=False,
        help_text=gettext_lazy("Of every page, and of what is sent to you."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zones,
        required=False,
        help_text=gettext_lazy("Every time on every page is shown in this zone, with its name."),
    )

    class Meta:
        model = User
        fields = ["language", "time_zone"]


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ReadingForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Saved. Pages are shown to you like this from now on."))
        response = redirect("audiences:account")
        languages.remember(response, user.language)
        return response
    memberships = user.memberships.select_related("workspace").order_by("workspace__name")
    return render(request, "audiences/account.html", {"form": form, "memberships": memberships})
