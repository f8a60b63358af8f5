"""Objects in the query in all three written forms, and pages by opaque cursor."""

import base64
import binascii
import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from simulator.segment.refusals import invalid
from simulator.segment.shelf import Shelf
from simulator.wire import Ask, Json

DEFAULT_COUNT = 200
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\[\]]*)\]")


def read(ask: Ask, names: Collection[str]) -> Json:
    """The query as one object: `a.b=1` as documented, `a={"b":1}` and `a[b]=1` as the SDKs send it."""
    found: Json = {}
    for key, value in ask.query:
        name = re.split(r"[.\[]", key, maxsplit=1)[0]
        if name not in names:
            raise invalid(name, "is not allowed")
        steps = [dotted or bracketed for dotted, bracketed in _STEP.findall(key[len(name) :])]
        _put(found, [name, *steps], value if steps else _decoded(value))
    return found


def _decoded(value: str) -> Any:
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _put(found: Json, steps: Sequence[str], value: Any) -> None:
    for step in steps[:-1]:
        found = found.setdefault(step, {})
        if not isinstance(found, dict):
            raise invalid(step, "is given twice")
    found[steps[-1]] = value


def listed(value: Any) -> list[str]:
    """A list however it was written: indexed, as JSON, or as words with commas."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [str(one) for one in value.values()]
    return [str(one) for one in value] if isinstance(value, list) else str(value).split(",")


def page(
    shelf: Shelf, query: Json, name: str, items: Sequence[Json], *, most: int = 1000, always: bool = True
) -> Json:
    """One page. `always`: pagination is told whether or not it was asked for."""
    asked = query.get("pagination")
    count, offset = _asked(asked, name, most)
    told: Json = {name: list(items[offset : offset + count])}
    if not always and asked is None:
        return told
    shelf.pages += 1
    pagination: Json = {"current": _cursor(name, offset)}
    ends = offset + count >= len(items)
    if not ends:
        pagination["next"] = _cursor(name, offset + count)
    elif shelf.pages % 2:
        pagination["next"] = None
    if offset:
        pagination["previous"] = _cursor(name, max(0, offset - count))
    if shelf.pages % 3:
        pagination["totalEntries"] = len(items)
    return told | {"pagination": pagination}


def _asked(asked: Any, name: str, most: int) -> tuple[int, int]:
    if asked is None:
        return min(DEFAULT_COUNT, most), 0
    if not isinstance(asked, dict):
        raise invalid("pagination", "must be of type object")
    for key in asked:
        if key not in ("count", "cursor"):
            raise invalid(f"pagination.{key}", "is not allowed")
    count = asked.get("count")
    if count is None:
        raise invalid("pagination.count", "is required")
    if not str(count).isdecimal() or not 1 <= int(count) <= most:
        raise invalid("pagination.count", f"must be an integer between 1 and {most}")
    return int(count), _offset(asked.get("cursor"), name)


def _cursor(name: str, offset: int) -> str:
    return base64.b64encode(f"{name}:{offset}".encode()).decode()


def _offset(cursor: Any, name: str) -> int:
    if cursor is None:
        return 0
    try:
        list_name, _, offset = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        if list_name == name and offset.isdecimal():
            return int(offset)
    except (ValueError, binascii.Error):
        pass
    raise invalid("pagination.cursor", "is not a cursor of this list")
