"""The bell of the rail. `{% load bell %}`."""

from __future__ import annotations

from typing import Any

from django import template

from audiences import speech
from notices.bell import AT_MOST, unread

register = template.Library()


@register.inclusion_tag("notices/parts/bell.html", takes_context=True)
def bell(context: template.Context) -> dict[str, Any]:
    """A line of the rail with the count of unread notices: one query on a whole page, none on what polls."""
    request = context["request"]
    match = request.resolver_match
    count = unread(request.user)
    return {
        "count": count,
        "shown": f"{AT_MOST - 1}+" if count >= AT_MOST else speech.number(count),
        "here": match is not None and match.namespace == "notices",
    }
