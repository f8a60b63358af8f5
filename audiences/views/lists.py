"""One way to show a list: the page, or only its rows where htmx asked for them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import push_url
from django_htmx.middleware import HtmxDetails

from audiences.filters import Found
from audiences.models import Workspace
from audiences.templatetags.frame import query_with


def show_list(
    request: HttpRequest,
    template: str,
    workspace: Workspace,
    found: Found,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """One template, one partial named `rows`; the address bar gets the tidy address."""
    context = {"workspace": workspace, "found": found, "sort": found.sort, **(more or {})}
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx.target != "rows":
        return render(request, template, context)
    response = render(request, f"{template}#rows", {**context, "fragment": True})
    return push_url(response, request.path + query_with(request).rstrip("?"))
