"""What a share link opens, signed in or not: an activation to look at, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from activations import links
from activations.lines import delivery_rows
from activations.models import ShareLink
from activations.outside import Glimpse, glimpse
from activations.selection import numbers
from activations.views.activation import PER_PAGE, without_version
from activations.views.screen import of_activation, polls

View = Callable[[HttpRequest, str], HttpResponse]
Context = Callable[[HttpRequest, ShareLink, str, datetime], dict[str, Any]]


def outward(view: View) -> View:
    """Open to all, kept by nobody: no cache, no search engine, and no address in what the page asks elsewhere."""

    @wraps(view)
    def shown(request: HttpRequest, token: str) -> HttpResponse:
        answer = view(request, token)
        answer["Cache-Control"] = "no-store"
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    open_to_all: View = login_not_required(require_safe(shown))
    return open_to_all


@outward
def shared(request: HttpRequest, token: str) -> HttpResponse:
    return _open(request, token, _page, "activations/shared/shared.html")


@outward
def shared_status(request: HttpRequest, token: str) -> HttpResponse:
    return _poll(request, token, _page, "activations/shared/status.html")


@outward
def shared_screen(request: HttpRequest, token: str) -> HttpResponse:
    return _open(request, token, _screen, "activations/screen/activation.html")


@outward
def shared_screen_status(request: HttpRequest, token: str) -> HttpResponse:
    return _poll(request, token, _screen, "activations/screen/activation_status.html")


def _open(request: HttpRequest, token: str, context: Context, page: str) -> HttpResponse:
    """The page, and a note of when it was opened; the sentence of the end, when the link has ended."""
    now = timezone.now()
    link = links.find(token, now)
    if link is None:
        return _closed(request)
    links.note_opening(link, now)
    return render(request, page, context(request, link, token, now))


def _poll(request: HttpRequest, token: str, context: Context, fragment: str) -> HttpResponse:
    """204 at the price of one query while nothing changed; the sentence of the end, when the link has ended."""
    now = timezone.now()
    seen = next(iter(numbers([request.GET.get("v", "")])), None)
    if seen is not None and links.unchanged(token, seen, now):
        return HttpResponse(status=204)
    link = links.find(token, now)
    if link is None:
        return _closed(request)
    without_version(request)
    found = context(request, link, token, now)
    found["changed"] = seen is not None and seen != link.activation.version
    return render(request, fragment, found)


def _closed(request: HttpRequest) -> HttpResponse:
    """The same whether the link has ended, was revoked or never was. A page that is open becomes this sentence, so
    that what it showed does not stay on it."""
    if not getattr(request, "htmx", False):
        return render(request, "activations/shared/closed.html", status=404)
    answer = HttpResponseStopPolling()
    answer.content = render(request, "activations/shared/closed_part.html").content
    answer["HX-Retarget"], answer["HX-Reswap"] = "#main", "innerHTML"
    return answer


def _page(request: HttpRequest, link: ShareLink, token: str, now: datetime) -> dict[str, Any]:
    seen = glimpse(link.activation, now)
    rows = link.activation.deliveries.filter(superseded=False)
    rows = rows.select_related("dataflow", "audience", "mapping", "retry_of", "workspace").order_by("pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return {
        **_told(seen, link),
        "page": page,
        "rows": delivery_rows(page.object_list, now, names=False),
        "here": reverse("activations:shared", args=[token]),
        "status": reverse("activations:shared_status", args=[token]),
        "screen": reverse("activations:shared_screen", args=[token]),
    }


def _screen(_request: HttpRequest, link: ShareLink, token: str, now: datetime) -> dict[str, Any]:
    back = reverse("activations:shared", args=[token])
    status = reverse("activations:shared_screen_status", args=[token])
    return {**of_activation(glimpse(link.activation, now), status, back), "link": link}


def _told(seen: Glimpse, link: ShareLink) -> dict[str, Any]:
    return {"seen": seen, "summary": seen.summary, "activation": seen.activation, "link": link, **polls(seen)}
