"""What a press of resyncs means, as the question shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from activations.going import Row
from activations.resyncs import resyncs_in
from audiences.models.catalog import Kind

register = template.Library()


@register.simple_tag
def may_meet_exports(rows: Sequence[Row]) -> bool:
    """Whether any of these rows could be met by a scheduled export: Segment has none."""
    return any(row.mapping.dataflow.kind != Kind.CONNECTION for row in rows)


@register.inclusion_tag("activations/parts/resyncs.html")
def resyncs(rows: Sequence[Row]) -> dict[str, Any]:
    """Lines about the resyncs among these rows; nothing where there are none."""
    return {"found": resyncs_in(rows)}
