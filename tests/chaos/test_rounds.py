"""A few small rounds on the real stack in every test run; `make chaos` plays as many as there is time for.

Seeds and troubles are fixed. What once failed in a long run stands in `ROUNDS` for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bench import ground
from chaos import plan as planning
from chaos.embedded import embedded
from chaos.house import House, house
from chaos.platform import Platform, platform
from chaos.rounds import play
from chaos.troubles import LENGTHS, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

Staged = tuple[Stack, Platform, House]
# (seed, troubles)
ROUNDS = [(1, ("kill_mid_send", "post_silence_after", "flush"))]


@pytest.fixture(scope="module")
def staged() -> Iterator[Staged]:
    """One embedded stack for all rounds of this module."""
    with ExitStack() as kept:
        folder = kept.enter_context(ground.scratch())
        vendor = kept.enter_context(platform(folder))
        stack = kept.enter_context(embedded(planning.SETTINGS))
        yield stack, vendor, kept.enter_context(house(stack.env, folder))


@pytest.mark.parametrize(("seed", "troubles"), ROUNDS)
def test_a_round(staged: Staged, seed: int, troubles: tuple[str, ...]) -> None:
    stack, vendor, asking = staged
    plan = planning.make(seed, planning.SMALL, troubles, LENGTHS)
    verdict, _ = play(plan, stack, vendor, asking, f"round-{seed}")
    assert verdict.asked >= planning.SMALL.deliveries
    assert verdict.good, verdict.complaints
