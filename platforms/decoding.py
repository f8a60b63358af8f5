"""Reading untrusted JSON: every accessor gives the value or None, whatever type arrived."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from platforms.answer import redact

Record = dict[str, Any]


def record(value: object) -> Record:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[Record]:
    """The objects of a list; anything else in it is dropped."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Non-empty text as written; numbers become text because some ids are numbers (contract §7.7)."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, in order."""
    return tuple(item for item in value if isinstance(item, str) and item) if isinstance(value, list) else ()


def whole(value: object) -> int | None:
    """A count: a non-negative whole number, also when written as text or as 12.0. Absent stays None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value >= 0 and value == int(value) else None
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
    return value if isinstance(value, int) and value >= 0 else None


def flag(value: object) -> bool | None:
    """True or False as written, None for anything else."""
    return value if isinstance(value, bool) else None


def dig(value: object, *path: str) -> object:
    """The value at a path of object keys, None where the path ends early."""
    for key in path:
        value = record(value).get(key)
    return value


ODD_KEPT = 1_000


def said(value: object, secrets: Iterable[str] = ()) -> str:
    """JSON as received, to be shown: secrets struck out, its first 1,000 characters."""
    return redact(json.dumps(value, ensure_ascii=False), secrets)[:ODD_KEPT]


def first(*values: Any) -> Any:
    """The first value that is not None."""
    return next((value for value in values if value is not None), None)
