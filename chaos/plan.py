"""From a seed: what is pressed, what breaks, and when. The same seed is the same plan, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

Pair = tuple[str, str]
# Simulated seconds per second: a run of 10 to 40 seconds is over in 2.5 to 10.
SPEED = 4.0
# The product's own lengths, as short as a compressed round allows and in the same order as the defaults. The
# grace is longer than a slow start (30 simulated seconds).
SETTINGS = {
    "SENDER_LEASE": "6",
    "QUESTION_LEASE": "8",
    "RECONCILE_GRACE": "12",
    "CLOCK_SKEW": "8",
    "UNCONFIRMED_LIMIT": "240",
    "WATCH_LONGEST": "8",
    "ADHOC_TIMEOUT": "6",
    "READ_TIMEOUT": "5",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: of deliveries, of the platform's catalogue, of time to settle in."""

    deliveries: int = 160
    audiences: int = 480
    dataflows: int = 24
    troubles: int = 5
    settle: float = 240.0
    window: float = 12.0
    retries: bool = True


ORDINARY = Size()
SMALL = Size(deliveries=24, audiences=120, dataflows=12, troubles=3, settle=90.0, window=4.0, retries=False)
LARGE = Size(deliveries=2_000, audiences=3_000, dataflows=60, troubles=8, settle=600.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens `at` so many seconds after the first press."""

    at: float
    verb: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A round before it begins. Pairs are numbers: which are ready is only known when it is mirrored."""

    seed: int
    size: Size
    steps: tuple[Step, ...]
    troubles: tuple[str, ...]
    speed: float = SPEED


def make(seed: int, size: Size, troubles: Sequence[str], lengths: dict[str, float]) -> Plan:
    """The plan of a seed. Seeds one after another begin with one trouble after another, so that as many
    rounds as there are troubles meet each of them."""
    dice = Random(seed)  # noqa: S311 - a plan, not a secret
    lead = troubles[seed % len(troubles)]
    others = dice.sample([name for name in troubles if name != lead], size.troubles - 1)
    chosen = [lead, *others]
    steps = [step for name in chosen for step in _trouble(dice, name, lengths[name], size.window)]
    steps += _presses(dice, size.window)
    return Plan(seed, size, tuple(sorted(steps, key=lambda step: step.at)), tuple(chosen))


# An outage of real length is lived through at real speed. Unknown outcomes are looked into for a quarter of an
# hour by default, and longest runs take 40 seconds: what does not settle within so long after it is lost.
OUTAGES = ("outage_503", "outage_reset")
REAL_SPEED = 1.0
AFTER_OUTAGE = 1_200.0


def outage(seed: int, size: Size, seconds: float) -> Plan:
    """One outage of so many seconds, by turns of each kind: presses come before it and during its first half."""
    dice = Random(seed)  # noqa: S311
    name = OUTAGES[seed % len(OUTAGES)]
    begins, options = dice.uniform(0.5, 3.0), {"dice": dice.randrange(2**32)}
    steps = [Step(begins, "begin", name, options), Step(begins + seconds, "end", name, options)]
    steps += _presses(dice, seconds / 2)
    longer = replace(size, settle=AFTER_OUTAGE)
    return Plan(seed, longer, tuple(sorted(steps, key=lambda step: step.at)), (name,), REAL_SPEED)


def _trouble(dice: Random, name: str, length: float, window: float) -> list[Step]:
    # Half of them are there before the first press: what is pressed into trouble is what the product is for.
    begins = 0.0 if dice.random() < 0.5 else dice.uniform(0.2, window)
    options = {"dice": dice.randrange(2**32)}
    steps = [Step(begins, "begin", name, options)]
    if length:
        steps.append(Step(begins + length * dice.uniform(0.7, 1.3), "end", name, options))
    return steps


def _presses(dice: Random, window: float) -> list[Step]:
    """Shares of the deliveries as (from, to); some are pressed twice, by two at once, or overlap."""
    steps: list[Step] = []
    place = 0.0
    for number in range(4):
        width = (1.0 - place) / (4 - number) * dice.uniform(0.7, 1.3)
        share = (place, 1.0 if number == 3 else min(1.0, place + width))
        at = 0.1 if number == 0 else dice.uniform(0.1, window * 0.7)
        steps += [Step(at, "press", f"p{number}", {"share": share, "way": way}) for way in _ways(dice)]
        place = share[1]
    overlap = dice.uniform(0.0, 0.7)
    share = (overlap, overlap + 0.2)
    return [*steps, Step(dice.uniform(0.5, window), "press", "overlap", {"share": share, "way": "verb"})]


def _ways(dice: Random) -> list[str]:
    """How one press is made: by the verb, by a command, by two commands at once, or by one that is killed."""
    return dice.choice(
        [["verb"], ["verb"], ["command"], ["command", "command"], ["command", "verb"], ["killed"]]
    )


def share_of(pairs: Sequence[Pair], share: tuple[float, float]) -> list[Pair]:
    """The pairs of a share."""
    return list(pairs[int(share[0] * len(pairs)) : int(share[1] * len(pairs))])


def choose(seed: int, ready: Sequence[Pair], count: int) -> list[Pair]:
    """Which of the ready pairs a round presses, in which order."""
    pairs = sorted(ready)
    Random(seed).shuffle(pairs)  # noqa: S311
    return pairs[:count]


def replace_troubles(size: Size, count: int) -> Size:
    """The same size with fewer troubles."""
    return replace(size, troubles=count)
