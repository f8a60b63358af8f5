"""The workspace, its spaces and their audiences, and the run that Linked Audiences can be told to make."""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from simulator.clock import iso
from simulator.ids import hex_for
from simulator.segment import checks, query
from simulator.segment.refusals import invalid
from simulator.segment.shelf import LINKED, Audience
from simulator.wire import Answer, Ask, Json, answer

if TYPE_CHECKING:
    from simulator.world import World

MOST_AUDIENCES = 200
TRAITS = (
    ("email", "CUSTOM"), ("first_name", "CUSTOM"), ("plan", "CUSTOM"), ("city", "CUSTOM"), ("phone", "CUSTOM"),
    ("lifetime_value", "COMPUTED"), ("last_stay", "COMPUTED"), ("vip_guests", "AUDIENCE"), ("loyalty_tier", "SQL"),
)  # fmt: skip
SEARCHES = ("NAME", "KEY", "DEFINITION")


def workspace(world: "World", _: Ask) -> Answer:
    """GET /: the workspace the token belongs to."""
    shelf = world.segment
    return answer({"data": {"workspace": {"id": shelf.id, "slug": shelf.slug, "name": shelf.name}}})


def spaces(world: "World", ask: Ask) -> Answer:
    """GET /spaces."""
    given = query.read(ask, ("pagination",))
    items = [one.shown() for one in world.segment.spaces.values()]
    return answer({"data": query.page(world.segment, given, "spaces", items)})


def space(world: "World", ask: Ask) -> Answer:
    """GET one space."""
    return answer({"data": {"space": world.segment.space(ask.parts[0]).shown()}})


def traits(world: "World", ask: Ask) -> Answer:
    """GET traits: what is known of the space's profiles, with when each was seen last; the list goes forward only."""
    world.segment.space(ask.parts[0])
    given = query.read(ask, ("pagination",))
    items = [{"trait": name, "type": kind, "lastSeenAt": iso(world.now() - 3600)} for name, kind in TRAITS]
    told = query.page(world.segment, given, "traits", items)
    told["pagination"].pop("previous", None)
    return answer({"data": told})


def audiences(world: "World", ask: Ask) -> Answer:
    """GET audiences: at most 200 a page; searched by name, key or definition."""
    held = world.segment.audiences[world.segment.space(ask.parts[0]).id]
    given = query.read(ask, ("pagination", "search", "include"))
    found = [one for one in held.values() if _matches(one, given.get("search"))]
    with_schedules = _include(given)
    items = [one.shown(schedules=with_schedules) for one in found]
    return answer({"data": query.page(world.segment, given, "audiences", items, most=MOST_AUDIENCES)})


def _include(given: Json) -> bool:
    asked = query.listed(given.get("include"))
    if not set(asked) <= {"schedules"}:
        raise invalid("include", "must be one of [schedules]")
    return bool(asked)


def _matches(one: Audience, search: object) -> bool:
    if search is None:
        return True
    if not isinstance(search, dict) or search.get("type") not in SEARCHES:
        raise invalid("search.type", f"must be one of [{', '.join(SEARCHES)}]")
    wanted = str(search.get("query", ""))
    if not wanted or len(wanted) > 255:
        raise invalid("search.query", "must have 1 to 255 characters")
    if search["type"] == "KEY":
        return one.key.startswith(wanted)
    held = one.name if search["type"] == "NAME" else one.query
    return fnmatchcase(held.casefold(), f"*{wanted.casefold()}*")


def audience(world: "World", ask: Ask) -> Answer:
    """GET one audience."""
    given = query.read(ask, ("include",))
    found = world.segment.audience(ask.parts[0], ask.parts[1])
    return answer({"data": {"audience": found.shown(schedules=_include(given))}})


def change(world: "World", ask: Ask) -> Answer:
    """PATCH an audience: its switch, name and description. It is locked until the change is applied, here at once.

    Enabling a Linked Audience runs it; what a change of the definition does is not played here.
    """
    found, body = world.segment.audience(ask.parts[0], ask.parts[1]), checks.body(ask)
    checks.only(body, ("enabled", "name", "description"))
    enabled, name = checks.flag(body, "enabled"), checks.text(body, "name")
    description = checks.text(body, "description", empty=True)
    if enabled is not None and enabled is not found.enabled:
        found.enabled, found.status = enabled, "Live" if enabled else "Disabled"
        if enabled and found.type == LINKED:
            _run(world, found)
    found.name = name or found.name
    found.description = found.description if description is None else description
    found.updated = world.now()
    return answer({"data": {"audience": found.shown()}})


def force_run(world: "World", ask: Ask) -> Answer:
    """POST runs: recompute a Linked Audience. There is no way to ask about the id afterwards."""
    found = world.segment.audience(ask.parts[0], ask.parts[1])
    if found.type != LINKED:
        raise invalid("audienceId", "is not a Linked Audience")
    if not found.enabled:
        raise invalid("audienceId", "is a disabled audience")
    _run(world, found)
    world.segment.made += 1
    return answer({"data": {"run": {"id": "run_" + hex_for(20, found.id, world.segment.made)}}})


def _run(world: "World", found: Audience) -> None:
    """What waits for the audience's next run goes with this one."""
    for activation in found.activations.values():
        for resync in activation.resyncs[-1:]:
            resync.ride(world.now())
