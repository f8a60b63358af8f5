"""What people change about an activation: cancel, retry, check again. POST only, by those who may press."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from activations import actions
from activations.selection import unfold
from activations.views.rights import activation_for, refused, viewer_of
from audiences.access import closed_to, workspace_for

Said = Callable[[int], str]


@require_POST
def cancel(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _change(request, slug, pk, actions.cancel, _canceled)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _change(request, slug, pk, actions.retry, _retried)


@require_POST
def check_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _change(request, slug, pk, actions.check_again, _checking)


def _change(request: HttpRequest, slug: str, pk: int, verb: Callable[..., int], said: Said) -> HttpResponse:
    _home, activation = activation_for(request, slug, pk)
    closed = closed_to(viewer_of(request), activation.places)
    if closed:
        return refused(request, workspace_for(request, closed[0].slug))
    only = unfold(request.POST["only"]) if "only" in request.POST else None
    try:
        count = verb(activation, by=viewer_of(request), only=only)
    except actions.CannotRequest as why:
        messages.error(request, str(why))
    else:
        (messages.success if count else messages.warning)(request, said(count))
    return redirect(activation)


def _canceled(count: int) -> str:
    if not count:
        return _("Nothing was canceled: everything has been sent already, or was canceled before.")
    return ngettext(
        "%(n)s delivery canceled; it was not sent.", "%(n)s deliveries canceled; they were not sent.", count
    ) % {"n": count}


def _retried(count: int) -> str:
    if not count:
        return _("Nothing was retried: it is already on its way again.")
    return ngettext("%(n)s delivery asked for again.", "%(n)s deliveries asked for again.", count) % {
        "n": count
    }


def _checking(count: int) -> str:
    if not count:
        return _("Nothing to check: every outcome is known or being watched.")
    return ngettext(
        "Asking the platform about %(n)s delivery again.",
        "Asking the platform about %(n)s deliveries again.",
        count,
    ) % {"n": count}
