"""What happens around every request: health before anything else, then the viewer's zone and htmx manners."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from config import readiness

Answer = Callable[[HttpRequest], HttpResponseBase]


def health(answer: Answer) -> Answer:
    """Answer `/healthz` and `/readyz` before host checks, sessions and logins can stand in the way."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
        if request.path_info == "/readyz":
            return readiness.ready()
        return answer(request)

    return middleware


def viewer(answer: Answer) -> Answer:
    """Show times in the viewer's zone, let caches tell fragments from pages, bring expired logins back."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(zone_of(request)):
            response = answer(request)
        if asks_for_login(response):
            response = to_login(request, response)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The viewer's own zone; the house's when they chose none or it is not known here."""
    try:
        return ZoneInfo(getattr(request.user, "time_zone", "") or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


def asks_for_login(response: HttpResponseBase) -> bool:
    """Whether this is LoginRequiredMiddleware's redirect to the login page."""
    location = response.headers.get("Location", "")
    return response.status_code == 302 and urlsplit(location).path == resolve_url(settings.LOGIN_URL)


def to_login(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Send the whole page, not one table cell, to the login, and afterwards back to the page they saw."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx and request.method in ("GET", "HEAD"):
        return response
    # The address of a fragment or of a press is no page to come back to.
    page = htmx.current_url_abs_path if htmx else request.headers.get("Referer", "")
    known = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    back = redirect_to_login(page if page and known else resolve_url(settings.LOGIN_REDIRECT_URL))
    return HttpResponseClientRedirect(back.url) if htmx else back
