"""A Segment space in the mirror's vocabulary: connections are dataflows, activations are mappings.

Segment lists connections and activations audience by audience, some fifty a minute, and has no list of a
whole space. A sync therefore looks at `LOOKS` audiences at most and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from audiences.catalogue import Catalogue, Progress
from audiences.models import Audience, Workspace
from audiences.supported import described, hidden_keys, row_of
from platforms import types
from platforms.errors import NotFound, NotSent, OutcomeUnknown, Refused
from platforms.http import together
from platforms.segment import SegmentClient
from platforms.segment.decoding import as_json, without_secrets
from platforms.segment.types import Activation, Connected, Connection, Destination

log = structlog.get_logger(__name__)

# At twenty-five audiences a minute (half the limit, the other half is for people) that is five minutes.
LOOKS = 150
AT_ONCE = 4
# Of a trait's key: a longer one cannot be kept.
LONGEST = 255
STATES = {True: "enabled", False: "disabled", None: "unknown"}
Held = tuple[str, list[types.Dataflow] | None]


def read(workspace: Workspace, client: SegmentClient, progress: Progress) -> Catalogue:
    """Read the audiences, the destinations, and what some or all audiences send. Raises PlatformError.

    An audience that is gone when we look at it is left out, so that it vanishes from the mirror.
    """
    place = place_of(client)
    known = Audience.objects.filter(workspace=workspace, vanished_at=None, listed=True).count()
    audiences = {one.id: one for one in client.audiences(known=known)}
    there = client.destinations()
    destinations = {one.id: _destination(one) for one in there}
    supported = _supported(client, audiences.values(), there)
    chosen = turn(sorted(audiences), workspace.looked_up_to)
    dataflows: dict[str, types.Dataflow] = {}
    look = partial(_look, client, audiences, destinations, hidden_keys(_fields(supported)))
    for done, (key, found) in enumerate(together(AT_ONCE, look, chosen), start=1):
        progress(done, len(chosen))
        if found is None:
            del audiences[key]
        for flow in found or ():
            _add(dataflows, flow)
    return Catalogue(
        dataflows=tuple(dataflows.values()),
        audiences=tuple(audiences.values()),
        destinations=tuple(destinations.values()),
        supported=supported,
        traits=_traits(client),
        looked=None if len(chosen) >= len(audiences) else frozenset(chosen),
        up_to=chosen[-1] if chosen else "",
        place=place,
    )


def _traits(client: SegmentClient) -> dict[str, dict[str, Any]] | None:
    """Rows of the space's traits; None where Segment does not list them, so that what is known of them stays."""
    try:
        return {one.name: {"kind": one.kind[:32]} for one in client.traits() if len(one.name) <= LONGEST}
    except (Refused, OutcomeUnknown, NotSent) as error:
        # They only help to fill in a form: a sync does not fail for them.
        log.warning("Segment does not list the traits of a space.", code=error.code)
        return None


def _supported(
    client: SegmentClient, audiences: Iterable[types.Audience], destinations: Iterable[Destination]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of what each type of audience in the space can use, by type. A type that Segment tells nothing
    about is left out, so that what is known of it stays."""
    actions = {action.id: action for one in destinations for action in one.actions}
    found = {}
    for kind in sorted({one.origin for one in audiences if one.origin}):
        try:
            told = client.supported_destinations(kind)
        except Refused as error:
            log.warning("Segment does not list what audiences of a type can use.", type=kind, code=error.code)
            continue
        found[kind] = {f"{kind} {one.key}": row_of(kind, one, actions) for one in told}
    return found


def _fields(supported: Mapping[str, Mapping[str, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for rows in supported.values():
        for row in rows.values():
            yield from described(row["actions"], row["connection_fields"])


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
    destinations: Mapping[str, types.Destination],
    hidden: frozenset[str],
    key: str,
) -> Held:
    try:
        connections, activations = client.connections(key), client.activations(key)
    except NotFound:
        return key, None
    return key, dataflows(audiences[key], connections, activations, destinations, hidden)


def dataflows(
    audience: types.Audience,
    connections: Iterable[Connection],
    activations: Iterable[Activation],
    destinations: Mapping[str, types.Destination],
    hidden: frozenset[str],
) -> list[types.Dataflow]:
    """An audience's connections, each with the activations that use it. What `hidden` keys hold is struck out."""
    return [
        dataflow(
            audience,
            connection,
            destinations.get(connection.destination),
            [one for one in activations if one.connection == connection.id],
            hidden,
        )
        for connection in connections
    ]


def dataflow(
    audience: types.Audience,
    connection: Connection,
    destination: types.Destination | None,
    activations: list[Activation],
    hidden: frozenset[str],
) -> types.Dataflow:
    """A connection with the activations that use it."""
    name = connection.name or (destination.account if destination else None) or connection.destination
    return types.Dataflow(
        id=connection.id,
        name=f"{audience.name} → {name}",
        kind=types.DataflowKind.CONNECTION,
        state=STATES[connection.enabled],
        destination=destination
        or types.Destination(
            connection.destination, connection.platform or name, connection.slug or "", connection.name
        ),
        created_at=connection.created_at,
        updated_at=connection.updated_at,
        mappings=tuple(mapping(audience, one, hidden) for one in activations),
        audience=audience.id,
        details={"source": connection.source} | details_of(connection, hidden),
    )


def details_of(one: Connection | Connected, hidden: frozenset[str]) -> dict[str, Any]:
    """What a connection is set up with, as it is kept: what was not told is left out."""
    ids, settings = one.id_sync, one.connection_settings
    told = {"idSyncConfiguration": [item.written() for item in ids]} if ids is not None else {}
    return told | ({"connectionSettings": without_secrets(settings, hidden)} if settings is not None else {})


def mapping(audience: types.Audience, one: Activation, hidden: frozenset[str]) -> types.Mapping:
    """An activation."""
    return types.Mapping(
        audience=audience.id,
        audience_name=audience.name,
        id=one.id,
        name=one.display_name or one.name,
        activation_type=one.type or "unknown",
        enabled=one.enabled,
        resyncing=one.resyncing,
        details={"activationName": one.name, "displayName": one.display_name}
        | without_secrets(as_json(one), hidden),
    )


def _destination(one: Destination) -> types.Destination:
    return types.Destination(one.id, one.platform or one.name, one.slug or "", one.name)
