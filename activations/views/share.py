"""An activation's share links: who has one, a new one, and its end at once."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from activations import links
from activations.models import ShareLink
from activations.views.rights import activation_for, refused, viewer_of
from audiences.access import closed_to, may_press_in, workspace_for

CHOSEN = "day"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The living links. A POST makes one and shows its address, which cannot be shown again: only a hash is kept."""
    workspace, activation = activation_for(request, slug, pk)
    now, address, made = timezone.now(), "", None
    if request.method == "POST":
        if closed := closed_to(viewer_of(request), activation.places):
            return refused(request, workspace_for(request, closed[0].slug))
        span = request.POST.get("span", "")
        if span in links.SPANS:
            form = request.POST.get("form", "")
            made, token = links.make(activation, span, by=viewer_of(request), now=now, form=form)
            if made.revoked_at is None and made.ends_at > now:
                address = public_address(request, token)
            else:
                messages.warning(request, _("The link that this form made is over. Make a new one."))
        else:
            messages.error(request, _("Choose how long the link lasts."))
    living = ShareLink.objects.living(now).filter(activation=activation).select_related("made_by")
    context = {
        "workspace": workspace,
        "activation": activation,
        "viewer": viewer_of(request),
        "may_press": may_press_in(viewer_of(request), activation.places),
        "links": living,
        "made": made,
        "address": address,
        "form": links.new_form(),
        "spans": [(name, words, name == CHOSEN) for name, (_span, words) in links.SPANS.items()],
    }
    return render(request, "activations/share.html", context)


@require_POST
def revoke(request: HttpRequest, slug: str, pk: int, link: int) -> HttpResponse:
    _home, activation = activation_for(request, slug, pk)
    if closed := closed_to(viewer_of(request), activation.places):
        return refused(request, workspace_for(request, closed[0].slug))
    found = get_object_or_404(ShareLink, pk=link, activation=activation)
    if links.revoke(found, by=viewer_of(request), now=timezone.now()):
        messages.success(request, _("The link is revoked: it opens nothing any more."))
    else:
        messages.warning(request, _("The link was over before."))
    return redirect("activations:share", activation.workspace.slug, activation.pk)


def public_address(request: HttpRequest, token: str) -> str:
    """Where people outside open it: under the address of the house where that is known, else under the one asked."""
    path = reverse("activations:shared", args=[token])
    return settings.SITE_URL.rstrip("/") + path if settings.SITE_URL else request.build_absolute_uri(path)
