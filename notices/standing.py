"""How an activation stands, and whether that is news: pure functions from counts to a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from activations import states
from activations.summary import Summary
from notices.change import Change

RAN_OUT = "ran_out"
# What went: a resync ends as well as Segment lets it, which never says what arrived.
WENT = (*states.DELIVERED, states.FINISHED)


@dataclass(frozen=True, slots=True)
class Before:
    """What was written down last: how it stood, whether the last thing told was trouble, and which kinds of trouble
    were ever told."""

    change: str = Change.GOING
    troubled: bool = False
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class News:
    """What to write down; `told` says whether people hear of it."""

    change: Change
    told: bool


def standing(summary: Summary, ran_out: int) -> Change:
    """How it stands. `ran_out` deliveries were canceled by their deadline, which nobody asked for."""
    trouble = summary.needs_you + ran_out
    if not summary.is_over:
        return Change.NEEDS if trouble else Change.GOING
    if trouble:
        return Change.FAILURES
    return Change.WELL if summary.of(WENT) else Change.OFF


def kinds(counts: Mapping[str, int], ran_out: int) -> frozenset[str]:
    """Which kinds of trouble there are: the states that need somebody, and a deadline that ran out."""
    found = {state for state in states.NEEDS_YOU if counts.get(state)}
    return frozenset(found | {RAN_OUT} if ran_out else found)


def news(before: Before, now: Change, trouble: frozenset[str] = frozenset()) -> News | None:
    """What to write down about it, None when nothing changed. `trouble` are its kinds of trouble now.

    A kind that was not told yet is news whenever it comes up, more of a kind that was is none. After failures were
    told, what is left of them while a retry goes on is no news; its end is.
    """
    was = Change.WELL if before.change == Change.RECOVERED else before.change
    worse = bool(trouble - before.told)
    if now == was and not worse:
        return None
    if now == Change.WELL and before.troubled:
        return News(Change.RECOVERED, told=True)
    if now in (Change.GOING, Change.OFF):
        return News(now, told=False)
    return News(now, told=worse or not (now == Change.NEEDS and was == Change.FAILURES))
