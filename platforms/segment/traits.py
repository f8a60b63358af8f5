"""The traits of a space: what can go along with an event (contract §8)."""

from __future__ import annotations

from dataclasses import dataclass

from platforms.decoding import Record, text
from platforms.segment.gateway import Gateway, Operation, all_of


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait by its key. `kind` is an open word: AUDIENCE, COMPUTED, CUSTOM, SQL."""

    name: str
    kind: str = ""


def traits(gateway: Gateway) -> tuple[Trait, ...]:
    """Every trait of the space, each once. Its list goes forward only, twenty-five pages a minute."""
    pages = gateway.pages(f"{gateway.space}/traits", "traits", of=Operation.LIST_TRAITS)
    return tuple({one.name: one for one in all_of(pages, _trait)}.values())


def _trait(item: Record) -> Trait | None:
    name = text(item.get("trait"))
    return Trait(name, text(item.get("type")) or "") if name else None
