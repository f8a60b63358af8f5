"""A Segment space in the mirror's vocabulary: connections are dataflows, activations are mappings.

Segment lists connections and activations audience by audience, some fifty a minute, and has no list of a
whole space. A sync therefore looks at `LOOKS` audiences at most and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from audiences.catalogue import Catalogue, Progress
from audiences.models import Audience, Workspace
from platforms import types
from platforms.errors import NotFound
from platforms.http import together
from platforms.segment import SegmentClient
from platforms.segment.decoding import as_json
from platforms.segment.types import Activation, Connection, Destination

# At twenty-five audiences a minute (half the limit, the other half is for people) that is five minutes.
LOOKS = 150
AT_ONCE = 4
STATES = {True: "enabled", False: "disabled", None: "unknown"}
Held = tuple[str, list[types.Dataflow] | None]


def read(workspace: Workspace, client: SegmentClient, progress: Progress) -> Catalogue:
    """Read the audiences, the destinations, and what some or all audiences send. Raises PlatformError.

    An audience that is gone when we look at it is left out, so that it vanishes from the mirror.
    """
    place = place_of(client)
    known = Audience.objects.filter(workspace=workspace, vanished_at=None, listed=True).count()
    audiences = {one.id: one for one in client.audiences(known=known)}
    destinations = {one.id: one for one in client.destinations()}
    chosen = turn(sorted(audiences), workspace.looked_up_to)
    dataflows: dict[str, types.Dataflow] = {}
    look = partial(_look, client, audiences, destinations)
    for done, (key, found) in enumerate(together(AT_ONCE, look, chosen), start=1):
        progress(done, len(chosen))
        if found is None:
            del audiences[key]
        for flow in found or ():
            _add(dataflows, flow)
    return Catalogue(
        dataflows=tuple(dataflows.values()),
        audiences=tuple(audiences.values()),
        destinations=tuple(_destination(one) for one in destinations.values()),
        looked=None if len(chosen) >= len(audiences) else frozenset(chosen),
        up_to=chosen[-1] if chosen else "",
        place=place,
    )


def place_of(client: SegmentClient) -> str:
    """What the workspace and the space are called. Raises NotFound when there is no such space."""
    here, space = client.workspace(), client.space()
    return " · ".join(name for name in (here.name if here else "", space.name) if name)[:120]


def turn(keys: list[str], up_to: str) -> list[str]:
    """The next `LOOKS` of these sorted ids after `up_to`, beginning again after the last."""
    later = [key for key in keys if key > up_to]
    return (later + keys[: len(keys) - len(later)])[:LOOKS]


def _add(dataflows: dict[str, types.Dataflow], flow: types.Dataflow) -> None:
    """Should Segment ever use one connection for two audiences, it is one dataflow with both."""
    before = dataflows.get(flow.id)
    if before is not None:
        flow = replace(before, mappings=before.mappings + flow.mappings, audience=None)
    dataflows[flow.id] = flow


def _look(
    client: SegmentClient,
    audiences: Mapping[str, types.Audience],
    destinations: Mapping[str, Destination],
    key: str,
) -> Held:
    try:
        connections, activations = client.connections(key), client.activations(key)
    except NotFound:
        return key, None
    return key, [
        dataflow(
            audiences[key],
            connection,
            destinations.get(connection.destination),
            [one for one in activations if one.connection == connection.id],
        )
        for connection in connections
    ]


def dataflow(
    audience: types.Audience,
    connection: Connection,
    destination: Destination | None,
    activations: list[Activation],
) -> types.Dataflow:
    """A connection with the activations that use it."""
    name = connection.name or (destination.name if destination else connection.destination)
    return types.Dataflow(
        id=connection.id,
        name=f"{audience.name} → {name}",
        kind=types.DataflowKind.CONNECTION,
        state=STATES[connection.enabled],
        destination=_destination(destination)
        if destination
        else types.Destination(
            connection.destination, connection.platform or name, connection.slug or "", connection.name
        ),
        created_at=connection.created_at,
        updated_at=connection.updated_at,
        mappings=tuple(_mapping(audience, one) for one in activations),
        audience=audience.id,
        details={
            "source": connection.source,
            "idSyncConfiguration": [one.written() for one in connection.id_sync],
            "connectionSettings": connection.connection_settings,
        },
    )


def _mapping(audience: types.Audience, one: Activation) -> types.Mapping:
    return types.Mapping(
        audience=audience.id,
        audience_name=audience.name,
        id=one.id,
        name=one.display_name or one.name,
        activation_type=one.type or "unknown",
        enabled=one.enabled,
        resyncing=one.resyncing,
        details={"activationName": one.name} | as_json(one),
    )


def _destination(one: Destination) -> types.Destination:
    return types.Destination(one.id, one.platform or one.name, one.slug or "", one.name)
