"""Destinations of an audience: list, add, update, remove, and what may be added at all."""

from typing import TYPE_CHECKING

from simulator.segment import checks, query
from simulator.segment.refusals import invalid, refuse
from simulator.segment.shelf import AUDIENCE_TYPES, LINKED, Audience, Connection, Destination, of
from simulator.wire import Answer, Ask, Json, answer

if TYPE_CHECKING:
    from simulator.world import World

KINDS = ("destination", "warehouse")
FILLED_IN = [{"externalId": "email", "strategy": "last"}, {"externalId": "user_id", "strategy": "last"}]
ALL_OF_THEM = [{"externalId": "email", "strategy": "all"}, {"externalId": "user_id", "strategy": "all"}]


def _audience(world: "World", ask: Ask) -> Audience:
    return world.segment.audience(ask.parts[0], ask.parts[1])


def listing(world: "World", ask: Ask) -> Answer:
    """GET destination-connections; pagination is told when it is asked for."""
    given = query.read(ask, ("pagination",))
    items = [one.shown() for one in _audience(world, ask).connections.values()]
    return answer({"data": query.page(world.segment, given, "connections", items, always=False)})


def add(world: "World", ask: Ask) -> Answer:
    """POST destination-connections: nothing is sent until an activation exists."""
    audience, body = _audience(world, ask), checks.body(ask)
    checks.only(body, ("destination", "idSyncConfiguration", "connectionSettings"))
    destination = _destination(world, body)
    given = checks.id_sync(body)
    settings = checks.thing(body, "connectionSettings") or {}
    if any(one.destination.id == destination.id for one in audience.connections.values()):
        # SILENT what a second connection to the same destination gives; the stricter reading.
        raise refuse(409, f"Destination {destination.id} is already connected to audience {audience.id}")
    if not destination.engage:
        # Only the app can add one. SILENT what the call then answers.
        raise invalid("destination.id", "is not a destination of this space; add it in Engage Settings first")
    _settings(destination, settings)
    if audience.type == LINKED and not destination.linked:
        raise invalid("destination.id", "does not support Linked Audiences")
    now = world.now()
    made = Connection(
        world.segment.next_id("ii_"),
        audience,
        destination,
        given or (ALL_OF_THEM if destination.kind == "warehouse" else FILLED_IN),
        settings,
        now,
        now,
    )
    audience.connections[made.id] = made
    return answer(
        {
            "data": {
                "connection": {"id": made.id},
                "idSyncConfiguration": made.id_sync,
                "connectionSettings": settings,
            }
        }
    )


def _destination(world: "World", body: Json) -> Destination:
    given = checks.thing(body, "destination", needed=True) or {}
    checks.only(given, ("id", "type"), "destination.")
    key = checks.text(given, "id", "destination.", needed=True)
    kind = checks.text(given, "type", "destination.", needed=True)
    if kind not in KINDS:
        raise invalid("destination.type", f"must be one of [{', '.join(KINDS)}]")
    found = world.segment.destinations.get(str(key))
    if found is None or found.kind != kind:
        raise refuse(404, f"Destination {key} of type {kind} not found", "destination.id")
    return found


def _settings(destination: Destination, settings: Json) -> None:
    """What a connection of this destination must be told."""
    for one in destination.connection_fields:
        if one["required"] and not settings.get(one["key"]):
            raise invalid(f"connectionSettings.{one['key']}", "is required")


def update(world: "World", ask: Ask) -> Answer:
    """PATCH: each part given replaces the stored one whole; an empty one counts as not given."""
    audience, body = _audience(world, ask), checks.body(ask)
    connection: Connection = of("Connection", audience.connections, ask.parts[2])
    checks.only(body, ("idSyncConfiguration", "connectionSettings"))
    ids, settings = checks.id_sync(body), checks.thing(body, "connectionSettings")
    if settings:
        _settings(connection.destination, settings)
        connection.settings = settings
    if ids:
        connection.id_sync = ids
    if ids or settings:
        connection.updated = world.now()
    return answer(
        {
            "data": {
                "destination": {"id": connection.id},
                "idSyncConfiguration": connection.id_sync,
                "connectionSettings": connection.settings,
            }
        }
    )


def remove(world: "World", ask: Ask) -> Answer:
    """DELETE: refused while an activation uses it. No cascade."""
    audience = _audience(world, ask)
    connection: Connection = of("Connection", audience.connections, ask.parts[2])
    users = [one.id for one in audience.activations.values() if one.connection is connection]
    if users:
        raise refuse(409, f"Connection {connection.id} is used by {len(users)} activation(s)")
    del audience.connections[connection.id]
    return answer({"data": {"status": "SUCCESS"}})


def supported(world: "World", ask: Ask) -> Answer:
    """GET supported-destinations: a map by slug; an item without actions is set up by its connection."""
    world.segment.space(ask.parts[0])
    if ask.parts[1] not in AUDIENCE_TYPES:
        raise invalid("audienceType", f"must be one of [{', '.join(AUDIENCE_TYPES)}]")
    given = query.read(ask, ("slug", "actionId"))
    found: Json = {}
    for one in world.segment.destinations.values():
        actions = [action for action in one.actions if given.get("actionId") in (None, action["id"])]
        fits = given.get("slug") in (None, one.slug) and (one.linked or ask.parts[1] != LINKED)
        if fits and (actions or "actionId" not in given):
            found.setdefault(
                one.slug,
                {
                    "name": one.label,
                    "slug": one.slug,
                    "actions": actions,
                    "connectionSettings": one.connection_fields,
                },
            )
    return answer({"data": {"destinations": found}})
