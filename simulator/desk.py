"""The front desk: takes one request to the right service and turns refusals into answers."""

import json

from simulator import ims, rights
from simulator.control import CONTROLS
from simulator.external import settle
from simulator.gateway import admit, sandbox_of
from simulator.routes import Place, find
from simulator.segment import desk as segment
from simulator.wire import Answer, Ask, Json, Refusal, answer, dumps
from simulator.world import World

LISTS = ("items", "children", "segments", "records", "sandboxes")
SEGMENT_LISTS = ("audiences", "spaces", "destinations", "connections", "activations", "dataset")


def serve(world: World, ask: Ask) -> Answer:
    """Answer one platform or identity request, with the effect it has."""
    with world.lock:
        try:
            found = _handle(world, ask)
        except Refusal as refusal:
            found = Answer(refusal.status, dumps(refusal.body))
    if ask.fault is not None and ask.fault.fault == "empty_page":
        return emptied(found)
    return found


def serve_control(world: World, ask: Ask) -> Answer:
    """Answer one request to the control plane."""
    handler = CONTROLS.get((ask.method, ask.path))
    if handler is None:
        return answer({"error": f"There is no {ask.method} {ask.path}."}, 404)
    with world.lock:
        try:
            return handler(world, ask)
        except Refusal as refusal:
            return Answer(refusal.status, dumps(refusal.body))


def _handle(world: World, ask: Ask) -> Answer:
    if segment.serves(ask.path):
        return segment.serve(world, ask)
    if ask.fault is not None and ask.fault.fault == "revoke_token":
        world.tokens.revoke_all()
    if ask.path == "/ims/token/v3" and ask.method == "POST":
        return ims.token(world, ask)
    if not ask.path.startswith("/data/"):
        raise Refusal(404, {"message": "Resource not found"})
    admit(world, ask)
    found = find(ask.method, ask.path)
    if isinstance(found, int):
        text = "Method not allowed" if found == 405 else "Resource not found"
        raise Refusal(found, {"message": text})
    route, ask.parts = found
    if route.place is not Place.IGNORED:
        ask.place = sandbox_of(world, ask, required=route.place is Place.NEEDED)
        settle(ask.place, world.now())
    rights.check(route, ask)
    return route.handler(world, ask)


def emptied(found: Answer) -> Answer:
    """The same list answer with nothing in it and no next page."""
    body = json.loads(found.body)
    if isinstance(body.get("data"), dict):
        return _emptied_page(found, body)
    name = next((name for name in LISTS if isinstance(body.get(name), list)), None)
    if name is None:
        return found
    body[name] = []
    for links in ("_links", "link"):
        if links in body:
            body[links] = {}
    body.get("_page", {}).pop("next", None)
    return answer(body, found.status)


def _emptied_page(found: Answer, body: Json) -> Answer:
    """Segment's lists: the page stays one, the last, with nothing in it."""
    data = body["data"]
    name = next((name for name in SEGMENT_LISTS if isinstance(data.get(name), list)), None)
    if name is None:
        return found
    data[name] = []
    data.get("pagination", {}).pop("next", None)
    return Answer(found.status, dumps(body), found.headers)
