"""A simulator with every kind of mapping, shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.server import Simulator
from tests.activations.world import Stage, impatient


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(port=0, seed=7, dataflows=12, audiences=120) as simulator:
        yield simulator


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    """A small platform with its mirrored workspace, both clocks moved together."""
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as simulator:
        stage = Stage(simulator)
        impatient(stage.workspace)
        yield stage
