"""What happens around every request: health before anything else, then the viewer's zone and htmx manners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
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
        with timezone.override(ViewersZone(request)):
            response = answer(request)
        if asks_for_login(response):
            response = to_login(request, response)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Ask who is there only where the view needs to know: Django's own loads the person for open views too."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: Any,
        view_kwargs: Any,
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class ViewersZone(tzinfo):
    """The viewer's zone, looked up when a time is first shown: an unchanged poll shows none and asks nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def zone(self) -> ZoneInfo:
        return zone_of(self.request)

    @property
    def key(self) -> str:
        return self.zone.key

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(dt)

    def dst(self, dt: datetime | None) -> timedelta | None:
        return self.zone.dst(dt)

    def tzname(self, dt: datetime | None) -> str | None:
        return self.zone.tzname(dt)

    def fromutc(self, dt: datetime) -> datetime:
        return self.zone.fromutc(dt.replace(tzinfo=self.zone))

    def __str__(self) -> str:
        return str(self.zone)


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


# Characters of a choice that go along in an address; a longer one is nobody's.
LONGEST_CHOICE = 20_000


def to_login(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Send the whole page, not one table cell, to the login, and afterwards back to the page they saw."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx and request.method in ("GET", "HEAD"):
        return response
    # The address of a fragment or of a press is no page to come back to.
    page = htmx.current_url_abs_path if htmx else request.headers.get("Referer", "")
    known = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    chosen = request.POST.get("sel", "")
    if page and known and not htmx and 0 < len(chosen) <= LONGEST_CHOICE and not urlsplit(page).query:
        # A question has no choice in its address; the form has it, and only that goes along.
        page = f"{urlsplit(page).path}?{urlencode({'sel': chosen})}"
    back = redirect_to_login(page if page and known else resolve_url(settings.LOGIN_REDIRECT_URL))
    return HttpResponseClientRedirect(back.url) if htmx else back
