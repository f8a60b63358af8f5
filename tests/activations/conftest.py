"""A simulator with every kind of mapping, shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.server import Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(port=0, seed=7, dataflows=12, audiences=120) as simulator:
        yield simulator
