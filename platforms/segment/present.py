"""What an answer must hold; without it there is no telling what was read, or what was taken."""

from __future__ import annotations

from typing import TypeVar

from platforms.decoding import Record, text
from platforms.errors import AnswerUnreadable

Found = TypeVar("Found")


def present(found: Found | None, what: str) -> Found:
    if found is None:
        raise AnswerUnreadable(f"Segment's {what} cannot be read.")
    return found


def taken(found: Found | None) -> Found:
    if found is None:
        raise AnswerUnreadable("Segment took it, but its answer cannot be read.")
    return found


def identity(item: Record) -> str:
    return taken(text(item.get("id")))
