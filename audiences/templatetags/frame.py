"""Tags of the page's frame: navigation, sortable columns, bars without inline styles. `{% load frame %}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

from django import template
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audiences.models import User, Workspace

register = template.Library()
BAR_WIDTH = 1000


@register.inclusion_tag("parts/nav_link.html", takes_context=True)
def nav_link(context: template.Context, view: str, word: str, icon: str, also: str = "") -> dict[str, Any]:
    """A line of the rail, marked current on its own view and on those named in `also`."""
    match = context["request"].resolver_match
    here = match is not None and match.view_name in {view, *also.split()}
    return {
        "url": reverse(view, args=[context["workspace"].slug]),
        "word": word,
        "icon": icon,
        "here": here,
    }


@register.simple_tag(takes_context=True)
def workspaces(context: template.Context) -> QuerySet[Workspace]:
    """The workspaces the viewer may change to."""
    user: User = context["request"].user
    return Workspace.objects.visible_to(user).order_by("name")


@register.simple_tag
def sync_mark(workspace: Workspace) -> str:
    """Changes whenever what a running sync says changes: polls carry it, so that silence costs nothing."""
    return f"{crc32(f'{workspace.sync_state} {workspace.sync_progress}'.encode()):x}"


def query_with(request: HttpRequest, **changes: str | None) -> str:
    """The present query string with some parameters replaced, or dropped where None; always starts with ?."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: str | None) -> str:
    """`{% with_query status="failed" page=None %}`: this page's address with filters changed."""
    return query_with(context["request"], **{k: None if v is None else str(v) for k, v in changes.items()})


@register.inclusion_tag("parts/column.html", takes_context=True)
def column(
    context: template.Context, key: str, word: str, css: str = "", down_first: bool = False
) -> dict[str, Any]:
    """A sortable column's head. The view puts `sort` ("name" or "-name") in the context."""
    sort = str(context.get("sort", ""))
    rising, falling = sort == key, sort == f"-{key}"
    other = key if falling or (not rising and not down_first) else f"-{key}"
    return {
        "key": key,
        "word": word,
        "css": css,
        "direction": "ascending" if rising else "descending" if falling else "",
        "url": query_with(context["request"], sort=other, page=None),
    }


@register.simple_tag
def bar(parts: Iterable[tuple[str, int]], total: int, label: str) -> SafeString:
    """A bar of tones: `parts` are (tone, count) pairs, `label` says the same in words.

    Widths are SVG attributes because the content security policy allows no inline style.
    """
    rows, start = [], 0.0
    for tone, count in parts:
        width = BAR_WIDTH * count / total if total else 0
        rows.append((tone, f"{start:.1f}", f"{width:.1f}"))
        start += width
    return format_html(
        '<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        BAR_WIDTH,
        label,
        format_html_join("", '<rect class="{}" x="{}" width="{}" height="10"/>', rows),
    )


@register.simple_tag(takes_context=True)
def without(context: template.Context, name: str) -> str:
    """This page's address with one filter taken off."""
    return query_with(context["request"], **{name: None, "page": None})


@register.simple_tag(takes_context=True)
def choosing(context: template.Context, name: str, value: str) -> str:
    """This page's address with one filter set."""
    return query_with(context["request"], **{name: value, "page": None})
