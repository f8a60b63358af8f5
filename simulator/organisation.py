"""Sandbox management and access control: what this credential may see and do."""

from simulator.clock import DAY, iso
from simulator.sandbox import Sandbox
from simulator.wire import Answer, Ask, Json, Refusal, answer, body_of
from simulator.world import World

PERMISSIONS: dict[str, dict[str, list[str]]] = {
    "activate-destinations": {"destinations": ["write"]},
    "export-audience-for-segments": {"segment-jobs": ["write"]},
    "manage-datasets": {"datasets": ["read", "write", "delete"]},
    "manage-destinations": {"destinations": ["read", "write", "delete"]},
    "manage-sandboxes": {"sandboxes": ["read", "write", "delete"]},
    "view-datasets": {"datasets": ["read"]},
    "view-destinations": {"destinations": ["read"]},
    "view-monitoring-dashboard": {"monitoring": ["read"]},
    "view-profiles": {"profiles": ["read"]},
    "view-sandboxes": {"sandboxes": ["read"]},
    "view-schemas": {"schemas": ["read"]},
}
RESOURCES = ("connections", "datasets", "destinations", "monitoring", "profiles", "sandboxes", "schemas")
GRANTED: dict[str, list[str]] = {
    "/permissions/activate-destinations": ["*"],
    "/permissions/export-audience-for-segments": ["*"],
    "/permissions/manage-destinations": ["*"],
    "/permissions/view-destinations": ["*"],
    "/permissions/view-profiles": ["*"],
    "/permissions/view-sandboxes": ["*"],
    "/permissions/view-monitoring-dashboard": ["*"],
    "/resource-types/connections": ["read"],
    "/resource-types/destinations": ["read", "write"],
    "/resource-types/profiles": ["read"],
    "/resource-types/segments": ["read"],
    "/resource-types/segment-jobs": ["read", "write"],
    "/resource-types/sandboxes": ["read"],
}


def available(world: World, ask: Ask) -> Answer:
    """GET /sandbox-management/: the usable sandboxes of the caller; its Accept is documented as required."""
    if "application/json" not in ask.headers.get("accept", ""):
        body = {"type": "/placeholder/type/uri", "status": 400, "title": "BadRequestError"}
        raise Refusal(400, {**body, "detail": "The header Accept must be application/json"})
    return _list([place for place in world.sandboxes.values() if place.state == "active"])


def sandboxes(world: World, _: Ask) -> Answer:
    """GET /sandbox-management/sandboxes: all of the organisation."""
    return _list(list(world.sandboxes.values()))


def sandbox(world: World, ask: Ask) -> Answer:
    """GET /sandbox-management/sandboxes/{name}."""
    place = world.sandboxes.get(ask.parts[0])
    if place is None:
        body = {"type": "/placeholder/type/uri", "status": 404, "title": "NotFound"}
        raise Refusal(404, {**body, "detail": f"Sandbox {ask.parts[0]} was not found."})
    return answer(_shown(place))


def effective_policies(_: World, ask: Ask) -> Answer:
    """POST /acl/effective-policies: what is not granted is simply left out."""
    wanted = body_of(ask)
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        raise Refusal(400, {"message": "The body must be a list of permission and resource type paths."})
    return answer({"policies": {one: GRANTED[one] for one in wanted if one in GRANTED}})


def reference(_: World, __: Ask) -> Answer:
    """GET /acl/reference: every permission and resource type there is."""
    kinds = {name: ["read", "write", "delete"] for name in (*RESOURCES, "segments", "segment-jobs")}
    return answer({"permissions": PERMISSIONS, "resource-types": kinds})


def _list(places: list[Sandbox]) -> Answer:
    page: Json = {"limit": 200, "count": len(places)}
    links = {"page": {"href": "/sandbox-management?limit={limit}&offset={offset}", "templated": True}}
    return answer({"sandboxes": [_shown(place) for place in places], "_page": page, "_links": links})


def _shown(place: Sandbox) -> Json:
    # No `id`: the vendor shows it to services only.
    return {
        "name": place.name,
        "title": place.title,
        "state": place.state,
        "type": place.type,
        "region": "VA7",
        "isDefault": place.default,
        "etag": 1,
        "createdDate": iso(place.began // DAY * DAY - 900 * DAY),
        "lastModifiedDate": iso(place.began // DAY * DAY - 30 * DAY),
        "createdBy": "5A1B2C3D4E5F60718293A4B5@AdobeID",
        "modifiedBy": "5A1B2C3D4E5F60718293A4B5@AdobeID",
    }
