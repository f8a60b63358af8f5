"""How an activation stands, and whether that is news: pure functions from counts to a change."""

from __future__ import annotations

from dataclasses import dataclass

from activations.summary import Summary
from notices.change import Change


@dataclass(frozen=True, slots=True)
class Before:
    """What was written down last: how it stood, and whether the last thing told was trouble."""

    change: str = Change.GOING
    troubled: bool = False


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
    return Change.WELL if summary.delivered else Change.OFF


def news(before: Before, now: Change) -> News | None:
    """What to write down about it, None when nothing changed.

    After failures were told, what is left of them while a retry goes on is no news; its end is.
    """
    was = Change.WELL if before.change == Change.RECOVERED else before.change
    if now == was:
        return None
    if now == Change.WELL and before.troubled:
        return News(Change.RECOVERED, told=True)
    if now in (Change.GOING, Change.OFF):
        return News(now, told=False)
    return News(now, told=not (now == Change.NEEDS and was == Change.FAILURES))
