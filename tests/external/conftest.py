"""A small platform with its mirrored workspace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.server import Simulator
from tests.external.world import Stage


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with Simulator(port=0, seed=7, dataflows=2, audiences=60) as simulator:
        yield Stage(simulator)
