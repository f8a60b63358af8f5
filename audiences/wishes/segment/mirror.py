"""The mirror of one audience's connections and activations, brought up to what was just read or agreed to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audiences import segment
from audiences.columns import dataflow_fields, mapping_rows
from audiences.mirroring import mirror
from audiences.models import Audience, Dataflow, Destination, Mapping, Workspace
from audiences.supported import hidden_in
from platforms import types
from platforms.segment.types import Activation, Connected, Connection


def store(
    workspace: Workspace,
    audience: Audience,
    connections: Iterable[Connection],
    activations: Collection[Activation],
) -> None:
    """Make the mirror say exactly this of an audience. A destination nobody has seen yet is left to the sync."""
    rows = {one.platform_id: one for one in Destination.objects.filter(workspace=workspace)}
    known = {
        key: types.Destination(key, row.platform, row.platform_spec, row.account) for key, row in rows.items()
    }
    flows = [
        flow
        for flow in segment.dataflows(_named(audience), connections, activations, known, hidden_in(workspace))
        if flow.destination.id in rows
    ]
    now = timezone.now()
    with transaction.atomic():
        stored, _ = mirror(
            Dataflow,
            workspace,
            {
                flow.id: {
                    **dataflow_fields(flow),
                    "destination_id": rows[flow.destination.id].pk,
                    "audience_id": audience.pk,
                }
                for flow in flows
            },
            now=now,
            where=Q(audience=audience) | Q(platform_id__in=[flow.id for flow in flows]),
        )
        kept = mapping_rows(flows, {key: row.pk for key, row in stored.items()}, _pk(audience))
        mirror(Mapping, workspace, kept, now=now, where=Q(audience=audience) | Q(platform_id__in=list(kept)))


def connected(
    workspace: Workspace, audience: Audience, destination: Destination, told: Connected, at: datetime
) -> Dataflow:
    """The connection that was just made: what the answer did not say is read by the next look."""
    row: dict[str, Any] = {
        "name": f"{audience.name} → {destination.account or destination.platform}",
        "kind": types.DataflowKind.CONNECTION.value,
        "state": segment.STATES[None],
        "destination_id": destination.pk,
        "audience_id": audience.pk,
        "created_at": at,
        "updated_at": at,
        "mapped_count": 0,
        "details": segment.details_of(told, hidden_in(workspace)),
    }
    stored, _ = mirror(Dataflow, workspace, {told.id: row}, now=timezone.now(), complete=False)
    return stored[told.id]


def reconnected(flow: Dataflow, told: Connected, at: datetime) -> None:
    """What a connection is set up with now."""
    details = {**flow.details, **segment.details_of(told, hidden_in(flow.workspace))}
    Dataflow.objects.filter(pk=flow.pk).update(details=details, updated_at=at)


def activated(flow: Dataflow, audience: Audience, one: Activation) -> Mapping:
    """An activation as the platform just told it."""
    told = segment.mapping(_named(audience), one, hidden_in(flow.workspace))
    flows = [_only(flow, told)]
    rows = mapping_rows(flows, {flow.platform_id: flow.pk}, _pk(audience))
    stored, _ = mirror(Mapping, flow.workspace, rows, now=timezone.now(), complete=False)
    _count(flow)
    return stored[one.id]


def removed(mapping: Mapping) -> None:
    """An activation that is no longer there."""
    Mapping.objects.filter(pk=mapping.pk, vanished_at=None).update(vanished_at=timezone.now())
    _count(mapping.dataflow)


def disconnected(flow: Dataflow) -> None:
    """A connection that is no longer there, and with it what used it."""
    now = timezone.now()
    flow.mappings.filter(vanished_at=None).update(vanished_at=now)
    Dataflow.objects.filter(pk=flow.pk).update(vanished_at=now, mapped_count=0)


def gone(audience: Audience) -> None:
    """An audience that is no longer there."""
    Audience.objects.filter(pk=audience.pk, vanished_at=None).update(vanished_at=timezone.now())


def _count(flow: Dataflow) -> None:
    Dataflow.objects.filter(pk=flow.pk).update(mapped_count=flow.mappings.filter(vanished_at=None).count())


def _only(flow: Dataflow, mapping: types.Mapping) -> types.Dataflow:
    destination = types.Destination(flow.destination.platform_id, flow.destination.platform, "")
    return types.Dataflow(
        id=flow.platform_id, name=flow.name, kind=types.DataflowKind.CONNECTION, state=flow.state,
        destination=destination, mappings=(mapping,),
    )  # fmt: skip


def _named(audience: Audience) -> types.Audience:
    return types.Audience(id=audience.platform_id, name=audience.name)


def _pk(audience: Audience) -> dict[str, int]:
    return {audience.platform_id: audience.pk}
