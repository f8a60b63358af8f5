"""The site's addresses and two empty views behind the same middleware."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as of_the_site


@login_not_required
def empty(_request: HttpRequest) -> HttpResponse:
    """Nothing, for anybody."""
    return HttpResponse(status=204)


def empty_for_people(_request: HttpRequest) -> HttpResponse:
    """Nothing, for who is signed in."""
    return HttpResponse(status=204)


urlpatterns = [
    path("bench/empty/", empty),
    path("bench/empty-for-people/", empty_for_people),
    *of_the_site,
]
