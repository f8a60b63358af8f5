"""Whom a refusal points at: deliveries found in the platform's text, and nobody unless beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from activations.models import Delivery


def named_by(names: str, deliveries: list[Delivery]) -> list[Delivery]:
    """The deliveries that a comma-separated list of audience names points at, [] unless beyond doubt.

    Names may hold commas themselves and one may be part of another, so the whole text must read as a list
    of names (or ids) we sent in exactly one way, and each name must belong to one delivery only.
    """
    known: dict[str, dict[int, Delivery]] = {}
    for delivery in deliveries:
        for label in (delivery.audience.name, delivery.mapping.name, delivery.audience.platform_id):
            known.setdefault(" ".join(label.split()), {})[delivery.pk] = delivery
    known.pop("", None)
    found: dict[int, Delivery] = {}
    text = " ".join(names.split())
    # A list may come in brackets; a name may begin and end with them, too.
    inside = [text[1:-1].strip()] if text.startswith("[") and text.endswith("]") else []
    for label in only_reading([text, *inside], known):
        if len(known[label]) > 1:
            return []
        found.update(known[label])
    return list(found.values())


def only_reading(texts: Iterable[str], labels: Collection[str]) -> list[str]:
    """The labels that one of `texts` lists, separated by commas; [] unless there is exactly one way to read
    exactly one of them so."""
    found = [(ways, reading) for ways, reading in (readings(text, labels) for text in texts) if ways]
    return found[0][1] if len(found) == 1 and found[0][0] == 1 else []


def readings(text: str, labels: Collection[str]) -> tuple[int, list[str]]:
    """In how many ways (0, 1, or 2 for more) `text` lists labels separated by commas, and the last one."""
    by_length = sorted(labels, key=len, reverse=True)
    starts = [0, *(comma.end() for comma in re.finditer(r",\s*", text))]
    # Per start the number of ways to read the rest (two stand for many), and the first step of the only one.
    ways: dict[int, int] = {len(text): 1}
    step: dict[int, tuple[str, int]] = {}
    for start in reversed([start for start in starts if start < len(text)]):
        ways[start] = 0
        for label in by_length:
            if not text.startswith(label, start):
                continue
            after = re.compile(r"\s*(?:,\s*|$)").match(text, start + len(label))
            if after is not None and ways.get(after.end()):
                ways[start] = min(2, ways[start] + ways[after.end()])
                step[start] = (label, after.end())
    read: list[str] = []
    place = 0
    while text and ways[0] and place < len(text):
        label, place = step[place]
        read.append(label)
    return (ways[0] if text else 0, read)


def mentioned(text: str, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Deliveries whose audience or dataflow id stands in `text`; the pair when both do.

    A text that repeats the whole call points at nobody.
    """
    sent = list(deliveries)
    words = set(re.findall(r"[\w.@:-]+", text))
    words |= {word.strip(".:-@") for word in words}
    by_both = [d for d in sent if set(d.pair) <= words]
    if by_both:
        return by_both if len(by_both) < len(sent) or len(sent) == 1 else []
    by_audience = [d for d in sent if d.audience.platform_id in words]
    return by_audience or [d for d in sent if d.dataflow.platform_id in words]


def newly_mapped(deliveries: list[Delivery], now: datetime) -> list[Delivery]:
    return [
        d for d in deliveries if d.mapping.mapped_at and d.mapping.mapped_at + d.workspace.mapping_wait > now
    ]
