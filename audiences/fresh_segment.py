"""Reads again, just before a resync, what the mirror may no longer know: a few audiences of a Segment space with
their connections and activations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audiences import segment
from audiences.columns import audience_fields, mapping_rows
from audiences.mirroring import mirror
from audiences.models import Audience, Dataflow, Workspace
from audiences.models import Mapping as MappingRow
from platforms import types
from platforms.errors import NotFound
from platforms.http import together
from platforms.segment import SegmentClient

AT_ONCE = 3
Found = tuple[str, types.Audience | None, list[types.Dataflow]]


def look_again(workspace: Workspace, client: SegmentClient, audiences: Collection[str]) -> None:
    """Read these audiences (platform ids) afresh and store what differs; what is gone is marked vanished.

    Three calls an audience; an empty list is asked for twice before it is believed, because everything that it does
    not show could not be sent any more. Raises PlatformError when one of them cannot be read.
    """
    found = list(together(AT_ONCE, partial(_read, client), sorted(audiences)))
    with transaction.atomic():
        for key, audience, flows in found:
            _store(workspace, key, audience, flows)


def _read(client: SegmentClient, key: str) -> Found:
    try:
        audience = client.audience(key)
        connections = client.connections(key) or client.connections(key)
        activations = client.activations(key) or client.activations(key)
    except NotFound:
        return key, None, []
    return (
        key,
        audience,
        [
            segment.dataflow(audience, one, None, [it for it in activations if it.connection == one.id])
            for one in connections
        ],
    )


def _store(
    workspace: Workspace, key: str, audience: types.Audience | None, flows: list[types.Dataflow]
) -> None:
    """Write what this look can tell. New connections, and what a connection is called, are the sync's business."""
    now = timezone.now()
    mine = Q(audience__platform_id=key)
    here: dict[str, Audience] = {}
    if audience is None:
        Audience.objects.filter(workspace=workspace, platform_id=key).update(vanished_at=now)
    else:
        row = {key: audience_fields(audience)}
        here, _ = mirror(Audience, workspace, row, now=now, complete=False, where=Q(platform_id=key))
    known = set(Dataflow.objects.filter(mine, workspace=workspace).values_list("platform_id", flat=True))
    seen = [flow for flow in flows if flow.id in known]
    states = {flow.id: {"state": flow.state, "mapped_count": len(flow.mappings)} for flow in seen}
    rows, _ = mirror(Dataflow, workspace, states, now=now, where=mine)
    pks = {name: flow.pk for name, flow in rows.items()}
    held = mapping_rows(seen, pks, {name: one.pk for name, one in here.items()})
    mirror(MappingRow, workspace, held, now=now, where=mine)


def note_resyncs(workspace: Workspace, resyncing: Mapping[str, bool | None]) -> None:
    """Keep whether these activations (by platform id) are being resynced, as just read."""
    rows = MappingRow.objects.filter(workspace=workspace, platform_id__in=list(resyncing))
    for row in rows:
        if row.resyncing != resyncing[row.platform_id]:
            MappingRow.objects.filter(pk=row.pk).update(resyncing=resyncing[row.platform_id])
