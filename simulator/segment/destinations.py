"""Destinations of the workspace, for choosing one and for the fields of its actions."""

from typing import TYPE_CHECKING

from simulator.segment import query
from simulator.segment.refusals import invalid, missing
from simulator.segment.shelf import Destination
from simulator.wire import Answer, Ask, Json, answer

if TYPE_CHECKING:
    from simulator.world import World


def listing(world: "World", ask: Ask) -> Answer:
    """GET /destinations; its documents require pagination."""
    given = query.read(ask, ("pagination",))
    if "pagination" not in given:
        raise invalid("pagination", "is required")
    items = [_shown(one) for one in world.segment.destinations.values()]
    return answer({"data": query.page(world.segment, given, "destinations", items)})


def one(world: "World", ask: Ask) -> Answer:
    """GET one destination."""
    found = world.segment.destinations.get(ask.parts[0])
    if found is None:
        raise missing("Destination", ask.parts[0])
    return answer({"data": {"destination": _shown(found)}})


def _shown(one: Destination) -> Json:
    logo = f"https://logos.example.com/{one.slug}.svg"
    metadata = one.metadata() | {
        "description": f"{one.label} as a destination.",
        "logos": {"default": logo},
        "status": "PUBLIC",
        "supportedPlatforms": {"server": True, "linkedAudiences": one.linked},
        "actions": one.actions,
        "presets": [],
    }
    return {
        "id": one.id,
        "name": one.name,
        "enabled": one.enabled,
        "sourceId": one.source,
        "settings": one.settings,
        "metadata": metadata,
    }
