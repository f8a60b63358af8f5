"""From a row of the mirror to the pages on which it is changed: the verbs are the same, the questions too."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from audiences.models import Audience, Dataflow, Mapping
from audiences.models.catalog import Kind
from audiences.wishes.segment.people import is_on

Way = tuple[str, str, tuple[str, ...]]


def changes_of(row: Audience | Dataflow | Mapping) -> SafeString | str:
    """Links to what can be changed about it; what is gone cannot be."""
    ways = [] if row.vanished_at is not None else _ways(row)
    links = [
        (reverse(f"audiences:{page}", args=[row.workspace.slug, *ids]), word) for word, page, ids in ways
    ]
    return format_html_join(" · ", '<a href="{}">{}</a>', links) if links else _("nothing from here")


def _ways(row: Model) -> list[Way]:
    if isinstance(row, Audience):
        return _of_audience(row)
    return _of_dataflow(row) if isinstance(row, Dataflow) else _of_mapping(row)


def _of_audience(row: Audience) -> list[Way]:
    if row.workspace.is_segment:
        word, op = (_("Disable"), "disable") if is_on(row.lifecycle) else (_("Enable"), "enable")
        return [
            (_("Add a destination"), "choose_destination", (row.platform_id,)),
            (word, "audience_switch", (row.platform_id, op)),
        ]
    return [(_("Map to a dataflow"), "choose_dataflow", (row.platform_id,))]


def _of_dataflow(row: Dataflow) -> list[Way]:
    key = row.platform_id
    if row.workspace.is_segment:
        return [
            (_("Add an activation"), "activation_add", (key,)),
            (_("Change the destination"), "reconnect", (key,)),
            (_("Remove the destination"), "disconnect", (key,)),
        ] * bool(row.audience_id)
    ways: list[Way] = []
    if row.kind == Kind.BATCH_FILE:
        ways.append((_("Add an audience"), "add_audience", (key,)))
    if row.state in ("enabled", "disabled"):
        word, op = (_("Disable"), "disable") if row.is_enabled else (_("Enable"), "enable")
        ways.append((word, "switch", (key, op)))
    return ways


def _of_mapping(row: Any) -> list[Way]:
    if row.workspace.is_segment:
        pair = (row.dataflow.platform_id, row.platform_id)
        word, op = (_("Disable"), "disable") if row.enabled else (_("Enable"), "enable")
        return [
            (_("Change"), "activation_change", pair),
            (word, "activation_switch", (*pair, op)),
            (_("Remove"), "activation_remove", pair),
        ]
    pair = (row.dataflow.platform_id, row.audience.platform_id)
    changes = [(_("Change"), "mapping", pair)] * (row.dataflow.kind == Kind.BATCH_FILE)
    return [*changes, (_("Remove"), "unmap", pair)]
