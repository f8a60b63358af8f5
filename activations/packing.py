"""Packs deliveries into jobs: every delivery in exactly one, none too large, as few as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def pack(
    items: Iterable[Item],
    limit: int,
    *,
    group: Callable[[Item], Hashable],
    keep_apart: Callable[[Item], Hashable] = lambda _: None,
) -> list[list[Item]]:
    """Split `items` into jobs of at most `limit`.

    `group` is what should travel together: one audience's deliveries, since an audience can be in one job
    at a time and a second job would have to wait for the first. A group is split only where keeping it
    whole would cost another job. Items that differ in `keep_apart` never share a job. For each value of
    `keep_apart` the number of jobs is the fewest possible, ⌈items / limit⌉.
    """
    if limit < 1:
        raise ValueError("A job holds at least one delivery.")
    apart: dict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        apart[keep_apart(item)].append(item)
    return [job for part in apart.values() for job in _fill(part, limit, group)]


def _fill(items: list[Item], limit: int, group: Callable[[Item], Hashable]) -> list[list[Item]]:
    groups: dict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        groups[group(item)].append(item)
    jobs: list[list[Item]] = [[] for _ in range(-(-len(items) // limit))]
    left_over: list[Item] = []
    first_open = 0
    for together in sorted(groups.values(), key=len, reverse=True):
        while first_open < len(jobs) and len(jobs[first_open]) == limit:
            first_open += 1
        home = next((job for job in jobs[first_open:] if len(job) + len(together) <= limit), None)
        if home is None:
            left_over.extend(together)
        else:
            home.extend(together)
    for job in jobs:
        room = limit - len(job)
        job.extend(left_over[:room])
        del left_over[:room]
    return [job for job in jobs if job]
