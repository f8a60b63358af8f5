"""What a press of resyncs means, as the question shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from activations.going import Row
from activations.resyncs import resyncs_in

register = template.Library()


@register.inclusion_tag("activations/parts/resyncs.html")
def resyncs(rows: Sequence[Row]) -> dict[str, Any]:
    """Lines about the resyncs among these rows; nothing where there are none."""
    return {"found": resyncs_in(rows)}
