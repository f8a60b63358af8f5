"""The query grammar that all Flow Service lists share."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.ids import hex_for
from simulator.wire import Ask, Json, flow_refusal

MAX_LIMIT = 100
PARAMS = frozenset({"property", "limit", "orderby", "count", "continuationToken"})
GRAMMAR = re.compile(r"(?P<path>[\w.\[\]]+)(?P<op>==|!=|>=|<=|>|<)(?P<value>.*)", re.DOTALL)
Read = Callable[[str], list[Any]]


@dataclass(frozen=True, slots=True)
class Filter:
    """One `property`: a path, an operator and the values it may take."""

    path: str
    op: str
    values: tuple[str, ...]

    def accepts(self, read: Read) -> bool:
        """Does any value under the path satisfy it?"""
        found = read(self.path)
        if self.op == "==":
            return any(_text(value) in self.values for value in found)
        if self.op == "!=":
            return all(_text(value) not in self.values for value in found)
        bound = float(self.values[0])
        return any(_compare(self.op, value, bound) for value in found)


@dataclass(frozen=True, slots=True)
class Query:
    """A checked list request."""

    filters: tuple[Filter, ...]
    order: tuple[tuple[str, bool], ...]
    limit: int
    count: bool
    offset: int
    print: str

    def accepts(self, read: Read) -> bool:
        """All filters must agree."""
        return all(one.accepts(read) for one in self.filters)

    def wanted(self, path: str) -> tuple[str, ...] | None:
        """The values an equality on this path allows, for an index to use."""
        for one in self.filters:
            if one.path == path and one.op == "==":
                return one.values
        return None

    def links(self, kind: str, offset: int) -> Json:
        """The relative link to the next page. The token holds a `=`, a comma-free cursor and no filters:
        the client must repeat those."""
        raw = json.dumps({"o": offset, "q": self.print}).encode()
        token = base64.urlsafe_b64encode(raw).decode().rstrip("=") + "%3D%3D"
        return {"next": {"href": f"/{kind}?continuationToken={token}"}}


def parse(ask: Ask, paths: frozenset[str], sortable: frozenset[str]) -> Query:
    """Check a list request against what this list documents."""
    for name, _ in ask.query:
        if name not in PARAMS:
            raise flow_refusal("1451-400", f"The query parameter {name} is not supported.")
    limit, count = ask.first("limit"), ask.first("count")
    if limit is not None and count is not None and count.lower() == "true":
        raise flow_refusal("1401-400", "The parameters limit and count cannot be used together.")
    if count is not None and count.lower() not in ("true", "false"):
        raise flow_refusal("1452-400", "The parameter count must be true or false.")
    filters = tuple(_filter(text, paths) for text in ask.every("property"))
    order = _order(ask.first("orderby"), sortable)
    fingerprint = hex_for(16, *sorted(ask.every("property")), "order", ask.first("orderby") or "")
    return Query(
        filters,
        order,
        _limit(limit),
        (count or "").lower() == "true",
        _offset(ask, fingerprint),
        fingerprint,
    )


def _filter(text: str, paths: frozenset[str]) -> Filter:
    match = GRAMMAR.fullmatch(text)
    if match is None:
        if "~" in text:
            raise flow_refusal("1440-400", "The operator ~ is not implemented.")
        raise flow_refusal("1452-400", f"The property filter {text} is not valid.")
    path, op = match["path"], match["op"]
    values = tuple(value.strip().strip('"') for value in match["value"].split(","))
    if path not in paths:
        raise flow_refusal("1452-400", f"Filtering by {path} is not supported.")
    if path == "flowId" and not all(values):
        raise flow_refusal("1446-400", "The flow id must not be empty.")
    if op not in ("==", "!="):
        _check_range(path, values)
    return Filter(path, op, values)


def _check_range(path: str, values: tuple[str, ...]) -> None:
    if len(values) > 1:
        raise flow_refusal("1443-400", "Range operators cannot be used with a list of values.")
    if path == "id":
        raise flow_refusal("1448-400", "Range operators cannot be used on id.")
    try:
        float(values[0])
    except ValueError:
        raise flow_refusal("1453-400", f"The value {values[0]} is not a number.") from None


def _order(text: str | None, sortable: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    if text is None:
        return ()
    found = []
    for part in text.split(","):
        # A plus sign in a query decodes to a blank; both mean ascending.
        name = part[1:] if part[:1] in "+- " else part
        if not name or not name[0].isalpha():
            raise flow_refusal("1432-400", f"The order {part} has a wrong prefix.")
        if name not in sortable:
            raise flow_refusal("1433-400", f"Ordering by {name} is not supported.")
        found.append((name, part.startswith("-")))
    return tuple(found)


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_LIMIT
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise flow_refusal("1452-400", f"The parameter limit must be between 1 and {MAX_LIMIT}.")
    return int(text)


def _offset(ask: Ask, fingerprint: str) -> int:
    token = ask.first("continuationToken")
    if token is None:
        return 0
    try:
        raw = token.rstrip("=")
        cursor = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        offset, given = int(cursor["o"]), cursor["q"]
    except (ValueError, KeyError, TypeError, OverflowError, binascii.Error):
        raise flow_refusal("1452-400", "The continuationToken is not valid.") from None
    if offset < 0 or given != fingerprint:
        # SILENT whether the token carries the filters; the stricter reading makes the client repeat them.
        raise flow_refusal("1452-400", "The continuationToken belongs to another query.")
    return offset


def read_path(document: Any, path: str) -> list[Any]:
    """All values under a dotted path; `[]` steps into every element of a list."""
    found = [document]
    for step in path.split("."):
        name, hop = step.removesuffix("[]"), step.endswith("[]")
        found = [item[name] for item in found if isinstance(item, dict) and name in item]
        if hop:
            found = [element for item in found if isinstance(item, list) for element in item]
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compare(op: str, value: Any, bound: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if op == ">":
        return value > bound
    if op == "<":
        return value < bound
    return value >= bound if op == ">=" else value <= bound
