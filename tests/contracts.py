"""The published OpenAPI documents as judges of our requests and of the simulator's answers.

`load(name)` gives a patched document, `assert_request` and `assert_response` hold one exchange against it.
The documents live beside the project and may be absent: `load` then skips the calling test with one line.
Each patch below mends one defect of the published file and says which.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

SPECS = Path(__file__).resolve().parent.parent.parent / "shared" / "specs"
HOST = "https://platform.adobe.io"
SERVERS = {
    "access-control": f"{HOST}/data/foundation/access-control",
    "ad-hoc-activation": f"{HOST}/data/core/activation/disflowprovider",
    "destinations": f"{HOST}/data/foundation/flowservice",
    "flow-service": f"{HOST}/data/foundation/flowservice",
    "sandbox": f"{HOST}/data/foundation",
    "segmentation": f"{HOST}/data/core/ups",
}

Document = dict[str, Any]
Patch = Callable[[Document], None]


class Contract:
    """One document, ready to judge."""

    def __init__(self, name: str, document: Document) -> None:
        self.name = name
        self.document = document
        self.server = SERVERS[name]
        self.judge = OpenAPI.from_dict(document)

    def operation(self, method: str, path: str) -> Document:
        """The operation for a full path; a fixed path wins over one with an id in it."""
        where = path.removeprefix(self.server.removeprefix(HOST))
        found = [
            (template.count("{"), item)
            for template, item in self.document["paths"].items()
            if _fits(template, where) and method.lower() in item
        ]
        assert found, f"{self.name} has no {method} {where}"
        item = min(found, key=lambda pair: pair[0])[1]
        return {**item[method.lower()], "shared": item.get("parameters", [])}


@cache
def load(name: str) -> Contract:
    """The patched document; skips the test where the published files are not at hand."""
    file = SPECS / f"{name}.yaml"
    if not file.exists():
        pytest.skip(f"the published {name}.yaml is not at {SPECS}")
    document: Document = json.loads(json.dumps(yaml.safe_load(file.read_text()), default=str))
    for patch in (*EVERYWHERE, *PATCHES.get(name, ())):
        patch(document)
    document["servers"] = [{"url": SERVERS[name]}]
    return Contract(name, document)


def assert_request(name: str, request: httpx.Request) -> None:
    """The request is one the document allows, with every required header present and not empty."""
    contract = load(name)
    operation = contract.operation(request.method, request.url.path)
    for header in required_headers(contract, operation):
        assert request.headers.get(header, "").strip(), f"{request.method} {request.url.path}: {header}"
    contract.judge.validate_request(Sent(request))


def assert_response(name: str, request: httpx.Request, response: httpx.Response) -> None:
    """The answer is one the document promises for this request."""
    load(name).judge.validate_response(Sent(request), Answered(response))


def required_headers(contract: Contract, operation: Document) -> Iterator[str]:
    """The required header parameters, those that OpenAPI ignores included."""
    for parameter in (*operation["shared"], *operation.get("parameters", ())):
        while "$ref" in parameter:
            parameter = _resolve(contract.document, parameter["$ref"])  # noqa: PLW2901
        if parameter["in"] == "header" and parameter.get("required"):
            yield parameter["name"]


class Sent:
    """An httpx request in the shape openapi-core asks for, as if sent to the real host."""

    def __init__(self, request: httpx.Request) -> None:
        self.request = request
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.url.params.multi_items()),
            header=Headers(request.headers.multi_items()),
        )

    host_url = HOST

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def method(self) -> str:
        return self.request.method.lower()

    @property
    def body(self) -> bytes | None:
        return self.request.read() or None

    @property
    def content_type(self) -> str:
        return self.request.headers.get("content-type", "").partition(";")[0]


class Answered:
    """An httpx response in the shape openapi-core asks for."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response

    @property
    def status_code(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Headers:
        return Headers(self.response.headers.multi_items())

    @property
    def content_type(self) -> str:
        return self.response.headers.get("content-type", "").partition(";")[0]

    @property
    def data(self) -> bytes:
        return self.response.read()


def _fits(template: str, path: str) -> bool:
    ours, theirs = path.split("/"), template.split("/")
    return len(ours) == len(theirs) and all(
        a == b or b.startswith("{") for a, b in zip(ours, theirs, strict=True)
    )


def _resolve(document: Document, ref: str) -> Any:
    found: Any = document
    for step in ref.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def _every(node: Any) -> Iterator[Document]:
    """Every object of a document, outermost first."""
    if isinstance(node, dict):
        yield node
        for value in list(node.values()):
            yield from _every(value)
    elif isinstance(node, list):
        for value in node:
            yield from _every(value)


def drop_dead_references(document: Document) -> None:
    """References to other hosts or to nothing cannot be followed from a test; any shape passes there."""
    for node in _every(document):
        ref = node.get("$ref")
        if isinstance(ref, str) and not _leads_somewhere(document, ref):
            node.clear()
            node["description"] = "a reference that leads nowhere"


def _leads_somewhere(document: Document, ref: str) -> bool:
    if not ref.startswith("#/"):
        return False
    try:
        _resolve(document, ref)
    except (KeyError, TypeError):
        return False
    return True


def any_variant_will_do(document: Document) -> None:
    """Variants overlap (a v1 body is a v2 body too; two flow shapes share all fields), so `oneOf` refuses
    what the prose allows: any of them will do."""
    for node in _every(document):
        if "oneOf" in node:
            node["anyOf"] = node.pop("oneOf")


def keep_only(start: str) -> Patch:
    """Paths we never call hold malformed schemas (property maps where lists belong, objects as property
    names) that make the whole document invalid: only ours stay, and what they refer to."""

    def patch(document: Document) -> None:
        document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(start)}
        _drop_unused(document)

    return patch


def _drop_unused(document: Document) -> None:
    used: set[str] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        for node in _every(waiting.pop()):
            ref = node.get("$ref")
            if isinstance(ref, str) and ref not in used:
                used.add(ref)
                waiting.append(_resolve(document, ref))
    for kind, entries in document.get("components", {}).items():
        kept = {name: one for name, one in entries.items() if f"#/components/{kind}/{name}" in used}
        document["components"][kind] = kept


def loosen(*names: str, drop: tuple[str, ...]) -> Patch:
    """Properties of these names contradict the same document's examples: some keywords go."""

    def patch(document: Document) -> None:
        for node in _every(document):
            properties = node.get("properties")
            for name in names if isinstance(properties, dict) else ():
                for word in drop if isinstance(properties.get(name), dict) else ():
                    properties[name].pop(word, None)

    return patch


def wrap(key: str, *paths: str) -> Patch:
    """These answers are lists under a key (the examples show it); the schema describes one element."""

    def patch(document: Document) -> None:
        for path in paths:
            content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
            items = {"type": "array", "items": content["schema"]}
            content["schema"] = {"type": "object", "required": [key], "properties": {key: items}}

    return patch


def let_all_segments_be_a_star(document: Document) -> None:
    """A job over everything lists `{"segmentId": "*"}`, without the definition the schema requires."""
    for node in _every(document):
        if "segmentId" in (node.get("properties") or ()) and node.get("required"):
            kept = [name for name in node.pop("required") if name != "segment"]
            node.update({"required": kept} if kept else {})


def let_runs_begin_without_metrics(document: Document) -> None:
    """`metrics` is required, yet a run that has only been created has none."""
    for node in _every(document):
        if "flowId" in (node.get("properties") or ()) and "metrics" in (node.get("required") or ()):
            node["required"].remove("metrics")


def say_json(document: Document) -> None:
    """The body's media type is `*/*` beside a required Content-Type of application/json."""
    body = document["paths"]["/acl/effective-policies"]["post"]["requestBody"]
    body["content"] = {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}


RUN_CODES = loosen("code", drop=("pattern",))  # ACTIVATION_BATCH-0000-SKIP, its own example, does not match
RUN_STATUS = loosen("status", drop=("enum",))  # the examples write success and failed in lower case
BOTH_WAYS = ("connections", "sourceConnections", "targetConnections")
EVERYWHERE: tuple[Patch, ...] = (drop_dead_references, any_variant_will_do)
PATCHES: dict[str, tuple[Patch, ...]] = {
    "access-control": (keep_only("/acl/"), say_json),
    "sandbox": (keep_only("/sandbox-management/"),),
    "destinations": (
        loosen("sourceConnections", "targetConnections", drop=("type", "properties")),  # lists in examples
        loosen("baseConnection", "connectionSpec", drop=("type",)),  # text in the schema, objects in examples
        loosen("typeInfo", drop=("properties",)),  # only profiles are described, dataset exports exist too
        loosen("auth", drop=("anyOf", "properties", "required")),  # two of many kinds of account described
        loosen("value", drop=("anyOf",)),  # renaming a dataflow is documented, text is not among the variants
        let_runs_begin_without_metrics,
        RUN_CODES,
        RUN_STATUS,
        wrap("items", *(path for name in BOTH_WAYS for path in (f"/{name}", f"/{name}/{{id}}"))),
    ),
    # The other document writes the interval as a number; this one as text.
    "flow-service": (loosen("interval", drop=("type",)), RUN_CODES, RUN_STATUS),
    "segmentation": (
        loosen("type", "namespace", drop=("enum",)),  # ExternalSegment, aamSegments: open sets in practice
        wrap("segments", "/segment/definitions"),
        let_all_segments_be_a_star,
        loosen("id", drop=("type",)),  # a number in the schema, a UUID in every real job
    ),
}
