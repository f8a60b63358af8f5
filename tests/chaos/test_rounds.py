"""A small round on each real stack in every test run; `make chaos` plays as many as there is time for.

Seeds and troubles are fixed. What once failed in a long run stands in `EMBEDDED` or `SERVICES` for good.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from bench import ground
from chaos import plan as planning
from chaos.embedded import embedded
from chaos.house import House, house
from chaos.island import permitted
from chaos.platform import Platform, platform
from chaos.postgres_redis import missing, services
from chaos.rounds import play
from chaos.troubles import LENGTHS, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

Staged = tuple[Stack, Platform, House]
Troubles = tuple[str, ...]
# (seed, troubles)
EMBEDDED: list[tuple[int, Troubles]] = [
    (1, ("kill_mid_send", "post_silence_after", "flush")),
    (2, ("kill_broker", "kill_beat", "kill_web")),
]
SERVICES: list[tuple[int, Troubles]] = [
    (4, ("kill_mid_send", "cut_off", "restart_database")),
    (5, ("kill_broker", "double_both", "revoke_token")),
]


@contextmanager
def staged(name: str) -> Iterator[Staged]:
    """A stack with a platform of its own."""
    with ExitStack() as kept:
        folder = kept.enter_context(ground.scratch())
        vendor = kept.enter_context(platform(folder))
        stack: AbstractContextManager[Stack] = (
            embedded(planning.SETTINGS) if name == "embedded" else services(planning.SETTINGS, vendor.port)
        )
        running = kept.enter_context(stack)
        yield running, vendor, kept.enter_context(house(running.env, folder))


def check(stage: Staged, seed: int, troubles: Troubles) -> None:
    """Play the round; nothing may be twice, lost, wrong or unknown."""
    plan = planning.make(seed, planning.SMALL, troubles, LENGTHS)
    verdict, _ = play(plan, *stage, f"round-{seed}")
    assert verdict.asked >= planning.SMALL.deliveries
    assert verdict.good, verdict.complaints


@pytest.fixture(scope="module")
def on_embedded() -> Iterator[Staged]:
    with staged("embedded") as stage:
        yield stage


@pytest.fixture(scope="module")
def on_services() -> Iterator[Staged]:
    """Two workers on this host, and where permitted a third on an island whose cable is cut in the round."""
    if lacks := missing():
        assert os.environ.get("CHAOS_REQUIRE_SERVICES") != "1", f"this machine lacks {lacks}"
        pytest.skip(f"the services stack needs {lacks}")
    with staged("services") as stage:
        yield stage


@pytest.mark.parametrize(("seed", "troubles"), EMBEDDED)
def test_a_round_on_the_embedded_stack(on_embedded: Staged, seed: int, troubles: Troubles) -> None:
    check(on_embedded, seed, troubles)


@pytest.mark.parametrize(("seed", "troubles"), SERVICES)
def test_a_round_on_services(on_services: Staged, seed: int, troubles: Troubles) -> None:
    check(on_services, seed, troubles)


@pytest.mark.skipif(not permitted(), reason="network namespaces need root and iproute2")
def test_one_worker_lives_on_an_island(on_services: Staged) -> None:
    stack = on_services[0]
    assert stack.cut_off()
    stack.mend()
