"""Activations of an audience, and the full resend that one of them can be told to make."""

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from simulator.ids import hex_for, number_for
from simulator.segment import checks, query
from simulator.segment.refusals import invalid, refuse
from simulator.segment.shelf import LINKED, Activation, Audience, Connection, Resync, of
from simulator.wire import Answer, Ask, Json, Refusal, answer

if TYPE_CHECKING:
    from simulator.world import World

SHORTEST, SPREAD = 10, 25
SLOW_START = 30.0
UNSETTLED = frozenset({"Backfilling", "Computing", "Locked", "Preparing"})
NEW = (
    "performResync", "activationType", "activationName", "enabled", "displayName", "personalization",
    "destinationMapping",
)  # fmt: skip
CHANGED = (
    "performResync",
    "activationName",
    "enabled",
    "displayName",
    "personalization",
    "destinationMapping",
)


def _audience(world: "World", ask: Ask) -> Audience:
    return world.segment.audience(ask.parts[0], ask.parts[1])


def _told(world: "World", activation: Activation) -> Json:
    return activation.shown(world.segment.id, world.now())


def listing(world: "World", ask: Ask) -> Answer:
    """GET activations: all of the audience, over all its connections; no filter, no order."""
    given = query.read(ask, ("pagination",))
    items = [_told(world, one) for one in _audience(world, ask).activations.values()]
    return answer({"data": query.page(world.segment, given, "activations", items, always=False)})


def one(world: "World", ask: Ask) -> Answer:
    """GET one activation."""
    found = of("Activation", _audience(world, ask).activations, ask.parts[2])
    return answer({"data": {"activation": _told(world, found)}})


def add(world: "World", ask: Ask) -> Answer:
    """POST under the connection. Nothing makes it happen once only."""
    audience, body = _audience(world, ask), checks.body(ask)
    connection: Connection = of("Connection", audience.connections, ask.parts[2])
    checks.only(body, NEW)
    resync = checks.flag(body, "performResync", needed=True)
    kind = checks.text(body, "activationType", needed=True)
    if kind not in checks.ACTIVATION_TYPES or (audience.type != LINKED and "Entity" in kind):
        raise invalid("activationType", "is not a type for this audience")
    name = checks.text(body, "activationName", needed=True) or ""
    people = checks.personalization(body, linked=audience.type == LINKED, kind=kind)
    wanted = checks.mapping(body, connection.destination.actions)
    if connection.destination.actions and wanted is None:
        raise invalid("destinationMapping", "is required for a destination with actions")
    if wanted is not None:
        checks.action(wanted, connection.destination.actions)
    enabled = checks.flag(body, "enabled")
    made = Activation(
        world.segment.next_id("act_"),
        audience,
        connection,
        kind,
        name,
        enabled if enabled is not None else False,  # SILENT; whoever means it to work must say so
        _filled(people),
        _label(body, connection),
        wanted and {"actionId": wanted["actionId"], "settings": wanted.get("settings", {})},
    )
    _alone(audience, made)
    if resync:
        begin(world, made, ask)
    audience.activations[made.id] = made
    return answer({"data": {"activation": _told(world, made)}})


def _filled(given: Json | None) -> Json:
    """The output always has a profile with properties."""
    people = deepcopy(given or {})
    people.setdefault("profile", {}).setdefault("properties", [])
    return people


def _label(body: Json, connection: Connection) -> str | None:
    if body.get("displayName") is None:
        return None
    if connection.destination.kind != "warehouse":
        raise invalid("displayName", "is only allowed for warehouse destinations")
    return checks.text(body, "displayName")


def _alone(audience: Audience, made: Activation) -> None:
    """SILENT whether names must be unique; the stricter reading."""
    for other in audience.activations.values():
        action = (other.mapping or {}).get("actionId")
        if (other.connection, other.name, action) == (
            made.connection,
            made.name,
            (made.mapping or {}).get("actionId"),
        ):
            raise refuse(409, f"Activation {other.id} of this connection has the same name and action")


def update(world: "World", ask: Ask) -> Answer:
    """PATCH, with the documented merge rules; `performResync` sends everybody again."""
    found: Activation = of("Activation", _audience(world, ask).activations, ask.parts[2])
    body = checks.body(ask)
    checks.only(body, CHANGED)
    resync, enabled = checks.flag(body, "performResync"), checks.flag(body, "enabled")
    name = checks.text(body, "activationName", empty=True)
    people = checks.personalization(body, linked=found.audience.type == LINKED, kind=found.type)
    wanted = checks.mapping(body, found.connection.destination.actions)
    label = _label(body, found.connection)
    _values(found, wanted)
    was = (found.enabled, found.name, found.display_name, found.personalization, found.mapping)
    found.enabled = found.enabled if enabled is None else enabled
    found.name = name or found.name
    found.display_name = label if "displayName" in body else found.display_name
    found.personalization = merged_personalization(found.personalization, people)
    found.mapping = merged_mapping(found.mapping, wanted)
    if resync:
        try:
            begin(world, found, ask)
        except Refusal:
            found.enabled, found.name, found.display_name, found.personalization, found.mapping = was
            raise
    return answer({"data": {"activation": _told(world, found)}})


def _values(found: Activation, wanted: Json | None) -> None:
    """What is given for the fields of the action, which stays the one it has."""
    stored = (found.mapping or {}).get("actionId")
    known = next((one for one in found.connection.destination.actions if one["id"] == stored), None)
    if wanted is not None and known is not None:
        checks.values(wanted, known)


def merged_personalization(stored: Json, given: Json | None) -> Json:
    """Profile and entities apart: the part given replaces the stored one whole; `entities: []` clears."""
    result = deepcopy(stored)
    for part, value in (given or {}).items():
        result[part] = deepcopy(value)
    if result.get("entities") == []:
        del result["entities"]
    result["profile"].setdefault("properties", [])
    return result


def merged_mapping(stored: Json | None, given: Json | None) -> Json | None:
    """Settings field by field, each given one whole; another action is silently ignored."""
    if given is None or stored is None:
        return stored
    return {**stored, "settings": {**stored.get("settings", {}), **deepcopy(given.get("settings", {}))}}


def remove(world: "World", ask: Ask) -> Answer:
    """DELETE: a free word, unlike the connection's."""
    audience = _audience(world, ask)
    found: Activation = of("Activation", audience.activations, ask.parts[2])
    del audience.activations[found.id]
    return answer({"data": {"status": "removed"}})


def begin(world: "World", activation: Activation, ask: Ask) -> Resync:
    """Accept a full resend: one at a time in a workspace, and only where everything is switched on.

    SILENT what a second one, a disabled one and one of an audience that is being computed get; a fault rule
    `resync_beside` lets a second one in.
    """
    now = world.now()
    busy = [one for one in world.segment.every_activation() if one.resyncing(now)]
    if busy and not _fault(ask, "resync_beside"):
        raise refuse(409, f"A resync is already in progress for activation {busy[0].id}")
    for what, on in (
        ("Audience", activation.audience.enabled),
        ("Destination", activation.connection.destination.enabled),
        ("Activation", activation.enabled),
    ):
        if not on:
            raise refuse(422, f"{what} is disabled; a resync cannot be performed.", "performResync")
    if activation.audience.status in UNSETTLED:
        raise refuse(422, f"Audience is {activation.audience.status}; try again later.", "performResync")
    made = _resync(world, activation, now, ask)
    activation.resyncs.append(made)
    world.ledger.accepted(activation.connection.id, activation.audience.id, made.id, ask.request_id, now)
    return made


def _resync(world: "World", activation: Activation, now: float, ask: Ask) -> Resync:
    number = len(activation.resyncs) + 1
    slow = SLOW_START if _fault(ask, "run_slow_start") else 0.0
    lasts = SHORTEST + number_for(SPREAD, world.segment.seed, "resync", activation.id, number)
    size = 0 if _fault(ask, "run_empty") else activation.audience.size or 0
    failed = size // 20 if _fault(ask, "run_error") else number_for(1 + size // 500, activation.id, number)
    key = f"{activation.id}.{number}.{hex_for(6, activation.id, number, now)}"
    # A resync of a Linked Audience rides on its next run, by schedule or forced (INF, contract §7).
    sends = activation.audience.next_run(now) if activation.audience.type == LINKED else now + slow
    visible = sends + lasts if _fault(ask, "resync_unseen") else now + slow
    return Resync(key, now, visible, sends, sends + lasts, size, failed)


def _fault(ask: Ask, name: str) -> Any:
    return ask.fault is not None and ask.fault.fault == name
