"""Which path belongs to which service, and what it needs before it is served."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from simulator import adhoc, ais, flowchange, flowruns, flowservice, madejobs, organisation, ups, upsjobs
from simulator.wire import Answer, Ask
from simulator.world import World

Handler = Callable[[World, Ask], Answer]
FLOW = "/data/foundation/flowservice"
UPS = "/data/core/ups"
AIS = "/data/core/ais/external-audience"
PLACES = "/data/foundation/sandbox-management"
ACL = "/data/foundation/access-control/acl"


class Place(Enum):
    """How a service treats the sandbox header."""

    NEEDED = "needed"
    DEFAULTED = "defaulted"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path; `{}` in the path stands for an id."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    place: Place


def _route(method: str, path: str, handler: Handler, place: Place = Place.NEEDED) -> Route:
    return Route(method, re.compile(path.replace("{}", "([^/]+)")), handler, place)


ROUTES = (
    _route("POST", "/data/core/activation/disflowprovider/adhocrun", adhoc.adhocrun, Place.DEFAULTED),
    _route("GET", f"{FLOW}/runs", flowruns.runs),
    _route("GET", f"{FLOW}/runs/{{}}", flowruns.run),
    _route("GET", f"{FLOW}/flows", flowservice.flows),
    _route("GET", f"{FLOW}/flows/{{}}", flowservice.flow),
    _route("PATCH", f"{FLOW}/flows/{{}}", flowchange.patch),
    _route("POST", f"{FLOW}/flows/{{}}/action", flowchange.action),
    _route("GET", f"{FLOW}/connectionSpecs", flowservice.connection_specs),
    _route("GET", f"{FLOW}/connectionSpecs/{{}}", flowservice.connection_spec),
    _route("GET", f"{FLOW}/flowSpecs", flowservice.flow_specs),
    _route("GET", f"{FLOW}/flowSpecs/{{}}", flowservice.flow_spec),
    _route("GET", f"{FLOW}/connections", flowservice.connections),
    _route("GET", f"{FLOW}/connections/{{}}", flowservice.connection),
    _route("GET", f"{FLOW}/targetConnections", flowservice.targets),
    _route("GET", f"{FLOW}/targetConnections/{{}}", flowservice.target),
    _route("GET", f"{FLOW}/sourceConnections", flowservice.sources),
    _route("GET", f"{FLOW}/sourceConnections/{{}}", flowservice.source),
    _route("GET", f"{UPS}/audiences", ups.audiences),
    _route("POST", f"{UPS}/audiences/bulk-get", ups.bulk_get),
    _route("GET", f"{UPS}/audiences/{{}}", ups.audience),
    _route("GET", f"{UPS}/segment/definitions", ups.definitions),
    _route("GET", f"{UPS}/segment/jobs", upsjobs.segment_jobs),
    _route("POST", f"{UPS}/segment/jobs", madejobs.evaluate),
    _route("DELETE", f"{UPS}/segment/jobs/{{}}", upsjobs.cancel_segment_job),
    _route("POST", f"{UPS}/export/jobs", madejobs.export),
    _route("DELETE", f"{UPS}/export/jobs/{{}}", upsjobs.cancel_export),
    _route("GET", f"{UPS}/segment/jobs/{{}}", upsjobs.one_segment_job),
    _route("GET", f"{UPS}/export/jobs", upsjobs.exports),
    _route("GET", f"{UPS}/export/jobs/{{}}", upsjobs.one_export),
    _route("GET", f"{UPS}/config/schedules", upsjobs.schedules),
    _route("POST", f"{AIS}/", ais.create),
    _route("GET", f"{AIS}/operations/{{}}", ais.operation),
    _route("POST", f"{AIS}/extend-ttl/{{}}", ais.extend),
    _route("POST", f"{AIS}/{{}}/runs", ais.ingest),
    _route("GET", f"{AIS}/{{}}/runs", ais.runs),
    _route("GET", f"{AIS}/{{}}/runs/{{}}", ais.run),
    _route("PATCH", f"{AIS}/{{}}", ais.update),
    _route("DELETE", f"{AIS}/{{}}/?", ais.delete),
    _route("GET", f"{PLACES}/", organisation.available, Place.IGNORED),
    _route("GET", f"{PLACES}/sandboxes", organisation.sandboxes, Place.IGNORED),
    _route("GET", f"{PLACES}/sandboxes/{{}}", organisation.sandbox, Place.IGNORED),
    _route("POST", f"{ACL}/effective-policies", organisation.effective_policies),
    _route("GET", f"{ACL}/reference", organisation.reference),
)


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | int:
    """The route and the ids in its path, or the status that says there is none: 404 or 405."""
    known = False
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match is None:
            continue
        if route.method == method:
            return route, match.groups()
        known = True
    return 405 if known else 404
