"""Adding, changing, switching, testing and removing a channel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from activations.selection import numbers
from audiences.models import User
from audiences.views.rights import viewer_of
from notices import actions
from notices.forms import ChannelForm
from notices.models import Channel
from notices.views.channels import channel_for

FORM = require_http_methods(["GET", "HEAD", "POST"])
SECRETS = sensitive_post_parameters("address", "secret")


@FORM
@SECRETS
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """A channel of my own; with `for` one of a workspace that I look after, with `set` one of a set I may change."""
    if kind not in Channel.Kind.values:
        raise Http404
    viewer = viewer_of(request)
    scope = _scope(request, viewer)
    blank = Channel(kind=kind, created_at=timezone.now(), created_by=viewer, **scope)
    form = ChannelForm(request.POST or None, instance=blank)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        messages.success(
            request,
            _("“%(name)s” is saved. Send a test: it takes the way of every notice.") % {"name": made.name},
        )
        return redirect("notices:channel", made.pk)
    return _form(request, form, blank)


def _scope(request: HttpRequest, viewer: User) -> dict[str, Any]:
    if slug := request.GET.get("for", ""):
        return {"workspace": get_object_or_404(actions.administered(viewer), slug=slug)}
    if asked := request.GET.get("set", ""):
        return {"of_set": get_object_or_404(actions.sets_of(viewer), pk__in=numbers([asked]))}
    return {"owner": viewer}


@FORM
@SECRETS
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = channel_for(request, pk)
    form = ChannelForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        if found.of_set_id:
            # As with schedules: it stands for who saved it last.
            form.instance.created_by = viewer_of(request)
        form.save()
        messages.success(request, _("Saved."))
        return redirect("notices:channel", pk)
    return _form(request, form, found)


def _form(request: HttpRequest, form: ChannelForm, channel: Channel) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "notices/form.html", {"form": form, "channel": channel}, status=status)


@FORM
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then remove it with what is known about its errands."""
    found = channel_for(request, pk)
    if request.method != "POST":
        return render(request, "notices/remove.html", {"channel": found})
    found.delete()
    messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
    return redirect("notices:channels")


@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    actions.test(channel_for(request, pk))
    return redirect("notices:channel", pk)


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    found, on = channel_for(request, pk), request.POST.get("on") == "1"
    actions.switch(found, on=on)
    said = _("“%(name)s” is on.") if on else _("“%(name)s” is off. What happens meanwhile is not told later.")
    messages.success(request, said % {"name": found.name})
    return redirect("notices:channel", pk)
