"""Checking bodies against the documented schemas: 422 with the field at fault, unknown fields included."""

from collections.abc import Collection
from typing import Any

from simulator.segment.refusals import invalid, refuse
from simulator.wire import Ask, Json, Refusal, body_of

ACTIVATION_TYPES = (
    "Audience Entered",
    "Audience Exited",
    "Audience Membership Changed",
    "Entity Added",
    "Entity Removed",
    "Entity Values Changed",
    "All Events",
)
STRATEGIES = ("first", "last", "all")
MOST_IDS, MOST_ALL = 5, 3
LONGEST = 255
KINDS: dict[str, Any] = {
    "STRING": str, "TEXT": str, "PASSWORD": str, "DATETIME": str, "INTEGER": int, "NUMBER": int | float,
    "BOOLEAN": bool, "OBJECT": dict | list,
}  # fmt: skip


def body(ask: Ask) -> Json:
    """The body as an object."""
    try:
        found = body_of(ask)
    except Refusal:
        raise refuse(422, "The request body is not valid JSON.") from None
    if not isinstance(found, dict):
        raise refuse(422, '"body" must be of type object')
    return found


def only(given: Json, names: Collection[str], where: str = "") -> None:
    """Nothing but these fields. The documents do not say that unknown ones are ignored."""
    for name in given:
        if name not in names:
            raise invalid(where + name, "is not allowed")


def text(given: Json, name: str, where: str = "", *, needed: bool = False, empty: bool = False) -> str | None:
    """A text of 1..255 characters."""
    value = _had(given, name, where, needed)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(where + name, "must be a string")
    if not empty and not value.strip():
        raise invalid(where + name, "is not allowed to be empty")
    if len(value) > LONGEST:
        raise invalid(where + name, f"length must be less than or equal to {LONGEST} characters long")
    return value


def flag(given: Json, name: str, *, needed: bool = False, where: str = "") -> bool | None:
    """True or false, and nothing that merely looks like it."""
    value = _had(given, name, where, needed)
    if value is not None and not isinstance(value, bool):
        raise invalid(where + name, "must be a boolean")
    return value


def thing(given: Json, name: str, where: str = "", *, needed: bool = False) -> Json | None:
    """An object."""
    value = _had(given, name, where, needed)
    if value is not None and not isinstance(value, dict):
        raise invalid(where + name, "must be of type object")
    return value


def array(given: Json, name: str, where: str = "", *, needed: bool = False) -> list[Any] | None:
    """A list."""
    value = _had(given, name, where, needed)
    if value is not None and not isinstance(value, list):
        raise invalid(where + name, "must be an array")
    return value


def _had(given: Json, name: str, where: str, needed: bool) -> Any:
    if name not in given:
        if needed:
            raise invalid(where + name, "is required")
        return None
    if given[name] is None:
        raise invalid(where + name, "must not be null")
    return given[name]


def id_sync(given: Json) -> list[Json] | None:
    """`idSyncConfiguration`: at most five, of which three may use `all`."""
    found = array(given, "idSyncConfiguration")
    if found is None:
        return None
    if len(found) > MOST_IDS:
        raise invalid("idSyncConfiguration", f"must contain less than or equal to {MOST_IDS} items")
    for index, item in enumerate(found):
        where = f"idSyncConfiguration[{index}]."
        if not isinstance(item, dict):
            raise invalid(where.rstrip("."), "must be of type object")
        only(item, ("externalId", "strategy", "mapTo"), where)
        text(item, "externalId", where, needed=True)
        if text(item, "strategy", where, needed=True) not in STRATEGIES:
            raise invalid(f"{where}strategy", f"must be one of [{', '.join(STRATEGIES)}]")
        text(item, "mapTo", where)
    if sum(item["strategy"] == "all" for item in found) > MOST_ALL:
        raise invalid("idSyncConfiguration", f"may use the strategy all for at most {MOST_ALL} identifiers")
    return found


def personalization(given: Json, *, linked: bool, kind: str) -> Json | None:
    """`personalization` as it may be sent for this type of audience and activation."""
    found = thing(given, "personalization")
    if found is None:
        return None
    where = "personalization."
    only(found, ("profile", "entities", "syncEntityPropertyChanges"), where)
    if "entities" in found and not linked:
        raise refuse(400, "Entities are only supported for Linked Audiences.", f"{where}entities")
    _profile(thing(found, "profile", where))
    for index, item in enumerate(array(found, "entities", where) or []):
        _entity(item, f"{where}entities[{index}].")
    changes = flag(found, "syncEntityPropertyChanges", where=where)
    if changes is not None and kind != "Audience Membership Changed":
        raise invalid(f"{where}syncEntityPropertyChanges", "needs Audience Membership Changed")
    return found


def _profile(found: Json | None) -> None:
    where = "personalization.profile."
    only(found or {}, ("properties", "mapping"), where)
    for item in array(found or {}, "properties", where) or []:
        if not isinstance(item, str) or not item:
            raise invalid(f"{where}properties", "must hold strings")
    for key, value in (thing(found or {}, "mapping", where) or {}).items():
        if not isinstance(value, str):
            raise invalid(f"{where}mapping.{key}", "must be a string")


def _entity(item: Any, where: str) -> None:
    if not isinstance(item, dict):
        raise invalid(where.rstrip("."), "must be of type object")
    only(item, ("properties", "relationshipSlug"), where)
    text(item, "relationshipSlug", where, needed=True)
    if not all(isinstance(one, str) for one in array(item, "properties", where, needed=True) or []):
        raise invalid(f"{where}properties", "must hold strings")


def mapping(given: Json, actions: list[Json]) -> Json | None:
    """`destinationMapping`: for destinations with actions alone."""
    found = thing(given, "destinationMapping")
    if found is None:
        return None
    only(found, ("actionId", "settings"), "destinationMapping.")
    text(found, "actionId", "destinationMapping.", needed=True)
    thing(found, "settings", "destinationMapping.")
    if not actions:
        raise invalid("destinationMapping", "is not allowed for a destination without actions")
    return found


def action(found: Json, actions: list[Json]) -> None:
    """The action exists and its required fields have values."""
    known = next((one for one in actions if one["id"] == found["actionId"]), None)
    if known is None:
        raise invalid("destinationMapping.actionId", "is not an action of this destination")
    for one in known["fields"]:
        if one["required"] and one["fieldKey"] not in found.get("settings", {}):
            raise invalid(f"destinationMapping.settings.{one['fieldKey']}", "is required")
    values(found, known)


def values(found: Json, known: Json) -> None:
    """Values fit the types of the action's fields. A directive, an object with a key that begins with @, fits
    everywhere. SILENT whether they are checked at all; the stricter reading."""
    types = {one["fieldKey"]: one for one in known["fields"]}
    for key, value in found.get("settings", {}).items():
        where, one = f"destinationMapping.settings.{key}", types.get(key)
        if one is None or (isinstance(value, dict) and any(name.startswith("@") for name in value)):
            continue
        if one["required"] and value in (None, ""):
            raise invalid(where, "is not allowed to be empty")
        allowed = [choice["value"] for choice in one.get("choices", [])]
        if allowed and value not in allowed:
            raise invalid(where, f"must be one of [{', '.join(allowed)}]")
        if not isinstance(value, KINDS.get(one["type"], object)):
            raise invalid(where, f'with value "{value}" fails to match the required type {one["type"]}')
