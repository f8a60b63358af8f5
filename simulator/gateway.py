"""The gateway: what every platform request must carry before a service sees it."""

from simulator.sandbox import Sandbox
from simulator.wire import Ask, Refusal, flow_refusal
from simulator.world import CLIENT_ID, ORG, World

BODIES = frozenset({"POST", "PUT", "PATCH"})


def gateway_refusal(status: int, code: str, message: str) -> Refusal:
    """A gateway error; the code is a string here, as in the published examples of header errors."""
    return Refusal(status, {"error_code": code, "message": message})


def admit(world: World, ask: Ask) -> None:
    """Check the credentials; the documented order is token, key, organisation. Empty counts as missing."""
    token = ask.headers.get("authorization", "").strip()
    if not token:
        raise gateway_refusal(403, "403010", "Oauth token is missing.")
    scheme, _, value = token.partition(" ")
    if scheme != "Bearer" or not world.tokens.valid(value, world.now()):
        raise gateway_refusal(401, "401013", "Oauth token is not valid")
    key = ask.headers.get("x-api-key", "").strip()
    if not key:
        raise gateway_refusal(403, "403000", "Api Key is required")
    if key != CLIENT_ID:
        raise gateway_refusal(403, "403003", "Api Key is invalid")
    org = ask.headers.get("x-gw-ims-org-id", "").strip()
    if not org:
        raise gateway_refusal(400, "400003", "Missing header")
    if org != ORG:
        raise gateway_refusal(403, "403025", "Profile is not valid")
    if "x-sandbox-id" in ask.headers:
        raise flow_refusal("2110-400", "header x-sandbox-id is not allowed with the user token")
    _check_content_type(ask)


def _check_content_type(ask: Ask) -> None:
    bare = ask.path.endswith("/action") or "/external-audience/extend-ttl/" in ask.path
    if ask.method not in BODIES or (not ask.body and bare):
        return
    given = ask.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise Refusal(
            400,
            {
                "type": "/placeholder/type/uri",
                "status": 400,
                "title": "BadRequestError",
                "detail": "A valid content-type must be specified",
            },
        )


def sandbox_of(world: World, ask: Ask, required: bool) -> Sandbox:
    """The sandbox the request names. Only adhocrun documents the header as optional: there it is `prod`;
    everywhere else its absence is refused, the stricter of two contradicting documents."""
    name = ask.headers.get("x-sandbox-name", "").strip()
    if not name:
        if required:
            raise flow_refusal("2105-400", "The header x-sandbox-name is missing.")
        name = "prod"
    if name == "*":
        raise flow_refusal("2111-403", "The sandbox name * is not allowed for user tokens.")
    place = world.sandboxes.get(name)
    if place is None or place.state != "active":
        raise flow_refusal("2100-404", f"Sandbox with name {name} was not found.")
    return place
