"""Segment's error envelope: what is refused, with which status, and which field is at fault."""

from typing import Any

from simulator.wire import Answer, Json, Refusal, dumps

WORDS = {
    400: "bad-request",
    401: "unauthorized",
    404: "not-found",
    409: "conflict",
    413: "payload-too-large",
    415: "unsupported-media-type",
    422: "input-validation",
}


def errors(message: str, *, kind: str, field: str = "", status: int | None = None, data: Any = None) -> Json:
    """One error in the documented envelope; `field`, `status` and `data` only where they say something."""
    told: Json = {"type": kind, "message": message}
    for name, value in (("field", field or None), ("status", status), ("data", data)):
        if value is not None:
            told[name] = value
    return {"errors": [told]}


def refuse(status: int, message: str, field: str = "") -> Refusal:
    """A refusal with its envelope."""
    return Refusal(status, errors(message, kind=WORDS[status], field=field))


def invalid(field: str, complaint: str) -> Refusal:
    """422 with the field at fault, named in the message as the published example names it."""
    return refuse(422, f'"{field}" {complaint}', field)


def missing(kind: str, key: str) -> Refusal:
    """404. Nothing but the message tells a space from an audience or a connection."""
    return refuse(404, f"{kind} {key} not found")


def throttled(wait_ms: int, consumed: int) -> Json:
    """The body of a 429 as the documentation shows it."""
    data = {"remainingPoints": 0, "msBeforeNext": wait_ms, "consumedPoints": consumed}
    return errors("Too many requests", kind="RequestError", data=data)


def made_up(status: int, message: str, retry_after: float | None) -> Answer:
    """What a fault rule makes this service say. A 429 always carries the wait in its body, and in the
    header only where the rule names it: the vendor sends the header when the token is what is limited."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    if status == 429:
        return Answer(status, dumps(throttled(round(1000 * (retry_after or 1.5)), 51)), headers)
    return Answer(status, dumps(errors(message, kind="server", status=status)), headers)
