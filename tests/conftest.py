"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings

from tests.environment import GIVEN

if TYPE_CHECKING:
    from simulator.server import Simulator

HERE = Path(__file__).parent
# What uses neither the database nor the broker that a run is given says the same on any: these have none or bring
# their own, and a page looks the same wherever its rows come from. Played on the embedded stack only.
SAME_ANYWHERE = ("platforms", "simulator", "chaos", "config/test_up.py", "journey/test_looks.py")

# How long an example takes says something about the machine and its other processes, not about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Test processes of `-n auto`: most tests wait, so one more than there are cores; a lone core gets one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, 4) if cores > 1 else 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On services of the caller's only what uses them is played; files that are named are played all the same."""
    if not os.environ.get(GIVEN) or config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    rooms = [HERE / room for room in SAME_ANYWHERE]
    again = [item for item in items if any(item.path.is_relative_to(room) for room in rooms)]
    config.hook.pytest_deselected(items=again)
    items[:] = [item for item in items if item not in set(again)]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Row ids come again after a rollback; what an earlier test cached under them must not."""
    cache.clear()


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A small simulator of this test's own, in this process, over real HTTP."""
    from simulator.server import Simulator

    with Simulator(port=0, seed=1, dataflows=4, audiences=20) as simulator:
        yield simulator


@pytest.fixture
def child_environment(db: None) -> dict[str, str]:
    """Environment for a subprocess that works on the test database. Use it with `transactional_db`."""
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return {**os.environ, "DATABASE_URL": f"sqlite:///{name}"}
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    return {**os.environ, "DATABASE_URL": f"{base.rsplit('/', 1)[0]}/{name}{'?' * bool(query)}{query}"}
