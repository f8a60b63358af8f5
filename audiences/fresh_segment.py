"""Reads again, just before a resync, what the mirror may no longer know: a few audiences of a Segment space with
their connections and activations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from django.db import transaction
from django.utils import timezone

from audiences.columns import audience_fields
from audiences.mirroring import mirror
from audiences.models import Audience, Workspace
from audiences.models import Mapping as MappingRow
from audiences.wishes.segment.mirror import gone, store
from platforms import types
from platforms.errors import NotFound
from platforms.http import together
from platforms.segment import SegmentClient
from platforms.segment.types import Activation, Connection

AT_ONCE = 3
# Other resyncs that the mirror knows of and a look reads again, to see whether they are over.
OTHERS_READ = 3
Found = tuple[str, types.Audience | None, Sequence[Connection], Sequence[Activation]]


def look_again(workspace: Workspace, client: SegmentClient, audiences: Collection[str]) -> None:
    """Read these audiences (platform ids) afresh and store what differs; what is gone is marked vanished.

    Three calls an audience; an empty list is asked for twice before it is believed, because everything that it does
    not show could not be sent any more. Raises PlatformError when one of them cannot be read.
    """
    found = list(together(AT_ONCE, partial(_read, client), sorted(audiences)))
    with transaction.atomic():
        for key, audience, connections, activations in found:
            if audience is None:
                for known in Audience.objects.filter(workspace=workspace, platform_id=key):
                    gone(known)
                continue
            row = {key: audience_fields(audience)}
            rows, _ = mirror(Audience, workspace, row, now=timezone.now(), complete=False)
            store(workspace, rows[key], connections, activations)


def with_resyncing(workspace: Workspace, audiences: Collection[str]) -> set[str]:
    """These audiences (platform ids), and some where a resync goes on as far as we know: it may be over."""
    resyncing = MappingRow.objects.filter(workspace=workspace, resyncing=True, vanished_at=None)
    others = resyncing.exclude(audience__platform_id__in=audiences).order_by("pk")
    return {*audiences, *others.values_list("audience__platform_id", flat=True)[:OTHERS_READ]}


def _read(client: SegmentClient, key: str) -> Found:
    try:
        audience = client.audience(key)
        connections = client.connections(key) or client.connections(key)
        activations = client.activations(key) or client.activations(key)
    except NotFound:
        return key, None, [], []
    return key, audience, connections, activations


def note_resyncs(workspace: Workspace, resyncing: Mapping[str, bool | None]) -> None:
    """Keep whether these activations (by platform id) are being resynced, as just read."""
    rows = MappingRow.objects.filter(workspace=workspace, platform_id__in=list(resyncing))
    for row in rows:
        if row.resyncing != resyncing[row.platform_id]:
            MappingRow.objects.filter(pk=row.pk).update(resyncing=resyncing[row.platform_id])
