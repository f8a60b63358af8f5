"""What travels: one request as handlers see it, one answer as the server writes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.faults import Rule
    from simulator.sandbox import Sandbox

Json = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """Status, body and extra headers of one answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"


@dataclass(slots=True)
class Ask:
    """One request: header names are lower case, the query keeps its order and repeats."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    fault: "Rule | None" = None
    parts: tuple[str, ...] = ()
    place: "Sandbox | None" = None

    @property
    def sandbox(self) -> "Sandbox":
        """The sandbox the gateway resolved for this request."""
        if self.place is None:
            raise RuntimeError(f"{self.path} was routed without a sandbox")
        return self.place

    def first(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def every(self, name: str) -> list[str]:
        """All values of a repeated query parameter."""
        return [value for key, value in self.query if key == name]


class Refusal(Exception):
    """A request the platform refuses, with the status and body it refuses it with."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def dumps(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def answer(body: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, dumps(body))


def listing(name: str, items: list[bytes], rest: Json) -> Answer:
    """A list answer assembled from items that are already JSON, so that cached ones cost nothing."""
    tail = dumps(rest)[1:]
    comma = b"" if tail == b"}" else b","
    return Answer(200, b'{"%s":[' % name.encode() + b",".join(items) + b"]" + comma + tail)


def body_of(ask: Ask) -> Any:
    """The decoded JSON body, or the platform's refusal of a malformed one."""
    try:
        return json.loads(ask.body)
    except (ValueError, RecursionError):
        raise Refusal(400, {"message": "The request body is not valid JSON."}) from None


def flow_refusal(code: str, message: str) -> Refusal:
    """A Flow Service refusal; the code ends in the HTTP status. The envelope is SILENT, so both keys."""
    return Refusal(int(code.rsplit("-", 1)[1]), {"error_code": code, "message": message})


def missing(kind: str, entity: str) -> Refusal:
    """The Flow Service's documented 404."""
    text = f"{kind} not found with id = [{entity}]"
    return Refusal(404, {"errorMessage": text, "errorDetails": text})
