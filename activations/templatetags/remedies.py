"""The way out of what is blocked, beside the verdict that says so. `{% load remedies %}`."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template

from activations.going import Row
from activations.ways import Remedy, remedy_of

register = template.Library()


@register.simple_tag(takes_context=True)
def remedy(context: template.Context, row: Row) -> Remedy | None:
    """Where a row's blocker is mended, and from there back to this page; None where nothing here mends it, or the
    viewer may not. The page puts `workspace` (the row's) and `may_press` in the context. No query."""
    if row.selectable or row.main is None or not context.get("may_press"):
        return None
    found = remedy_of(row.main.code, row.mapping, context["workspace"].slug)
    back = urlencode({"next": context["request"].get_full_path()})
    return Remedy(found.word, f"{found.url}?{back}") if found else None
