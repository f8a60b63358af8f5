"""Segment's front desk: token, version, limit, service; refusals become envelopes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.segment import activations, connections, delivery, destinations, limits, spaces
from simulator.segment.refusals import refuse
from simulator.segment.shelf import TOKEN
from simulator.wire import Answer, Ask, Refusal

if TYPE_CHECKING:
    from simulator.world import World

PREFIXES = ("/spaces", "/destinations", "/delivery-overview")
BODIES = frozenset({"POST", "PUT", "PATCH"})
_VERSION = re.compile(r"application/vnd\.segment\.(v1alpha|v1beta|v1)\+json", re.I)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its path, how often a minute, and in which versions it exists."""

    method: str
    pattern: re.Pattern[str]
    handler: "Callable[[World, Ask], Answer]"
    group: str
    limit: int
    versions: tuple[str, ...]


def _route(
    method: str,
    path: str,
    handler: "Callable[[World, Ask], Answer]",
    limit: int = 0,
    versions: tuple[str, ...] = ("v1alpha",),
) -> Route:
    group = f"{method} {path}" if limit else "default"
    pattern = re.compile(path.replace("{}", "([^/]+)"))
    return Route(method, pattern, handler, group, limit or limits.DEFAULT, versions)


SPACE = "/spaces/{}"
AUDIENCE = f"{SPACE}/audiences/{{}}"
CONNECTIONS = f"{AUDIENCE}/destination-connections"
STABLE = ("v1", "v1beta", "v1alpha")
ROUTES = (
    _route("GET", "/", spaces.workspace, versions=STABLE),
    _route("GET", "/spaces", spaces.spaces),
    _route("GET", SPACE, spaces.space),
    _route("GET", f"{SPACE}/traits", spaces.traits, 25),
    _route("GET", f"{SPACE}/audiences", spaces.audiences, 60, STABLE),
    _route("GET", AUDIENCE, spaces.audience, 100, STABLE),
    _route("PATCH", AUDIENCE, spaces.change, 50, STABLE),
    _route("POST", f"{AUDIENCE}/runs", spaces.force_run, versions=("v1", "v1alpha")),
    _route("GET", CONNECTIONS, connections.listing, 50),
    _route("POST", CONNECTIONS, connections.add, 50),
    _route("PATCH", f"{CONNECTIONS}/{{}}", connections.update),
    _route("DELETE", f"{CONNECTIONS}/{{}}", connections.remove),
    _route("POST", f"{CONNECTIONS}/{{}}/activations", activations.add, 50),
    _route("GET", f"{AUDIENCE}/activations", activations.listing, 60),
    _route("GET", f"{AUDIENCE}/activations/{{}}", activations.one, 60),
    _route("PATCH", f"{AUDIENCE}/activations/{{}}", activations.update, 50),
    _route("DELETE", f"{AUDIENCE}/activations/{{}}", activations.remove, 50),
    _route("GET", f"{SPACE}/audienceType/{{}}/supported-destinations", connections.supported, 60),
    _route("GET", "/destinations", destinations.listing, versions=STABLE),
    _route("GET", "/destinations/{}", destinations.one, versions=STABLE),
    _route("GET", "/delivery-overview/successful-delivery", delivery.successful, versions=("v1beta",)),
    _route("GET", "/delivery-overview/failed-delivery", delivery.failed, versions=("v1beta",)),
    _route("GET", "/delivery-overview/filtered-at-destination", delivery.filtered, versions=("v1beta",)),
)


def serves(path: str) -> bool:
    """Whether a path is of this vendor."""
    return path == "/" or any(path == prefix or path.startswith(f"{prefix}/") for prefix in PREFIXES)


def serve(world: "World", ask: Ask) -> Answer:
    """Answer one request with the effect it has. The caller holds the world's lock."""
    try:
        return _handle(world, ask)
    except Refusal as refusal:
        return limits.refused(refusal)


def _handle(world: "World", ask: Ask) -> Answer:
    if ask.fault is not None and ask.fault.fault == "revoke_token":
        world.segment.revoked = True
    _admit(world, ask)
    route = _found(ask)
    _version(ask, route)
    now = world.now()
    limits.count(world.segment, route.group, route.limit, now)
    found = route.handler(world, ask)
    return limits.tell(
        found, world.segment, route.group, route.limit, now=now, header_time=world.header_time()
    )


def _admit(world: "World", ask: Ask) -> None:
    scheme, _, token = ask.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or token != TOKEN or world.segment.revoked:
        raise refuse(401, "Unauthorized: the token is missing, invalid or lacks permission")


def _found(ask: Ask) -> Route:
    for route in ROUTES:
        match = route.pattern.fullmatch(ask.path)
        if match is not None and route.method == ask.method:
            ask.parts = match.groups()
            if any(len(part) > 255 for part in ask.parts):
                raise refuse(422, "path parameters have at most 255 characters")
            return route
    raise refuse(404, f"Cannot {ask.method} {ask.path}")


def _version(ask: Ask, route: Route) -> None:
    """A version that is asked for must exist here; without one, the most stable answers."""
    asked = _VERSION.findall(ask.headers.get("accept", ""))
    if asked and not {one.lower() for one in asked} & set(route.versions):
        raise refuse(404, f"Version {asked[0]} of this endpoint does not exist")
    if ask.method not in BODIES or not ask.body:
        return
    kind = ask.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not _VERSION.fullmatch(kind):
        raise refuse(415, f"Content-Type {kind or 'none'} is not supported")
