"""Seeds a Segment workspace: two spaces, seven destinations (one not added to Engage), and audiences that are ready, off, new or odd."""

from copy import deepcopy

from simulator.clock import DAY
from simulator.ids import hex_for, number_for
from simulator.names import audience_name
from simulator.segment.catalogue import DESTINATIONS
from simulator.segment.shelf import LINKED, Activation, Audience, Connection, Destination, Shelf, Space
from simulator.wire import Json

# One audience for every five of the other vendor's, so that one size means one size.
EVERY = 5
TYPES = ("USERS", "USERS", LINKED, "USERS", "ACCOUNTS", LINKED)
# Of every twelve audiences these are special.
CYCLE = 12
OFF, COMPUTING, UNKNOWN_STATUS, UNCOUNTED, EMPTY, PAUSED = 5, 6, 7, 8, 9, 10
STATUSES = {OFF: "Disabled", COMPUTING: "Computing", UNKNOWN_STATUS: None}


def seed_segment(seed: int, audiences: int, began: float) -> Shelf:
    """A workspace as large as the other vendor's is asked to be."""
    mark = f"{seed}/segment"
    shelf = Shelf("wrk_" + hex_for(20, mark, "workspace"), "northwind-cdp", "Northwind customer data", mark)
    for slug, name in (("production", "Production"), ("staging", "Staging")):
        space = Space("spa_" + hex_for(20, mark, "space", slug), slug, name)
        shelf.spaces[space.id] = space
        shelf.audiences[space.id] = {}
    shelf.destinations = {
        one.id: one for one in (_destination(mark, index) for index in range(len(DESTINATIONS)))
    }
    first, second = shelf.spaces
    for index in range(max(1, audiences // EVERY)):
        _fill(shelf, _audience(shelf, first, index, began), index)
    for index in range(2):
        _fill(shelf, _audience(shelf, second, 1000 + index, began), index)
    return shelf


def _destination(mark: str, index: int) -> Destination:
    one = deepcopy(DESTINATIONS[index])
    key = hex_for(23, mark, "destination", index)
    source = hex_for(20, mark, "source", "engage" if one.get("engage", True) else "website")
    return Destination(id=key, source=source, **one)


def _audience(shelf: Shelf, space: str, index: int, began: float) -> Audience:
    slot, kind = index % CYCLE, TYPES[index % len(TYPES)]
    name = audience_name(index)
    made = Audience(
        id="aud_" + hex_for(24, shelf.seed, "audience", index),
        space=space,
        name=name,
        key=f"j_o_{name.lower().replace(' ', '_').replace(',', '').replace('–', 'x')}_{index}",
        type=kind,
        query=f"event('Order Completed').count() >= {1 + index % 4}",
        enabled=slot != OFF,
        status=STATUSES.get(slot, "Live"),
        size=_size(shelf, index, slot),
        created=began - (30 + number_for(500, shelf.seed, "age", index)) * DAY,
        updated=began - (1 + number_for(20, shelf.seed, "edit", index)) * DAY,
        description=f"{name}, kept up to date by the customer data team." if index % 3 else "",
        cadence="BATCH" if kind == LINKED or index % 4 == 3 else "REALTIME",
        schedules=[_schedule(shelf, index)] if kind == LINKED else [],
    )
    shelf.audiences[space][made.id] = made
    return made


def _schedule(shelf: Shelf, index: int) -> Json:
    return {
        "id": "sch_" + hex_for(16, shelf.seed, "schedule", index),
        "strategy": "PERIODIC",
        "config": {"interval": "4h"},
    }


def _size(shelf: Shelf, index: int, slot: int) -> int | None:
    if slot == UNCOUNTED:
        return None
    return 0 if slot == EMPTY else 800 + number_for(90_000, shelf.seed, "size", index)


def _fill(shelf: Shelf, audience: Audience, index: int) -> None:
    """One to three connections, each with one or two activations; one audience in twelve has none."""
    if index % CYCLE == CYCLE - 1:
        return
    ways = [
        one for one in shelf.destinations.values() if one.engage and (one.linked or audience.type != LINKED)
    ]
    for turn in range(1 + index % 3):
        destination = ways[(index + index // len(TYPES) + turn) % len(ways)]
        if any(one.destination is destination for one in audience.connections.values()):
            continue
        connection = Connection(
            "ii_" + hex_for(20, audience.id, destination.id),
            audience,
            destination,
            [{"externalId": "email", "strategy": "last"}, {"externalId": "user_id", "strategy": "last"}],
            {one["key"]: f"{one['key']}-{index}" for one in destination.connection_fields},
            audience.created,
            audience.updated,
        )
        audience.connections[connection.id] = connection
        for number in range(1 + (index + turn) % 2):
            made = _activation(connection, index, number)
            audience.activations[made.id] = made


def _activation(connection: Connection, index: int, number: int) -> Activation:
    destination = connection.destination
    kind = ("Audience Entered", "Audience Exited")[number]
    people: Json = {"profile": {"properties": ["email", "first_order_at"][: 1 + index % 2]}}
    if connection.audience.type == LINKED and not number:
        people["entities"] = [{"properties": ["sku", "price"], "relationshipSlug": "favourite-products"}]
    action = destination.actions[number % len(destination.actions)] if destination.actions else None
    return Activation(
        "act_" + hex_for(24, connection.id, number),
        connection.audience,
        connection,
        kind,
        f"{connection.audience.name}: {('joined', 'left')[number]}",
        index % CYCLE != PAUSED,
        people,
        "Guests to win back" if destination.kind == "warehouse" and number else None,
        action and {"actionId": action["id"], "settings": _settings(action)},
    )


def _settings(action: Json) -> Json:
    return {
        one["fieldKey"]: one["defaultValue"] for one in action["fields"] if one["defaultValue"] is not None
    }
