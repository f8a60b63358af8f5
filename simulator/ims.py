"""The identity service: OAuth server-to-server tokens."""

from urllib.parse import parse_qsl

from simulator.tokens import LIFETIME
from simulator.wire import Answer, Ask, Refusal, answer
from simulator.world import CLIENT_ID, CLIENT_SECRET, World


def oauth_refusal(status: int, error: str, description: str) -> Refusal:
    """An OAuth error body; the vendor does not publish its own."""
    return Refusal(status, {"error": error, "error_description": description})


def token(world: World, ask: Ask) -> Answer:
    """POST /ims/token/v3."""
    given = ask.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/x-www-form-urlencoded":
        raise oauth_refusal(400, "invalid_request", "The body must be form-urlencoded.")
    form = dict(ask.query) | dict(parse_qsl(ask.body.decode("utf-8", "replace")))
    if form.get("grant_type") != "client_credentials":
        raise oauth_refusal(400, "unsupported_grant_type", "grant_type must be client_credentials")
    if not form.get("client_id") or form["client_id"] != CLIENT_ID:
        raise oauth_refusal(400, "invalid_client", "invalid client_id parameter")
    if form.get("client_secret") != CLIENT_SECRET:
        raise oauth_refusal(400, "invalid_client", "invalid client_secret parameter")
    scopes = form.get("scope", "").split(",")
    if any(not scope or scope != scope.strip() or " " in scope for scope in scopes):
        raise oauth_refusal(400, "invalid_scope", "scope must be a comma separated list without blanks")
    body = {"access_token": world.tokens.issue(world.now()), "token_type": "bearer", "expires_in": LIFETIME}
    return answer(body)
