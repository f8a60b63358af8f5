"""Fixtures of the wiring's tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.config.stack import Stack


@pytest.fixture
def stacks() -> Iterator[Callable[..., Stack]]:
    """Makes stacks in one fresh folder (the same VAR_DIR for all) and ends them after the test."""
    # Short on purpose: a Unix socket's path may not be longer than about 100 bytes.
    ground = Path(tempfile.mkdtemp(prefix="aod-"))
    made: list[Stack] = []

    def make(folder: str = "var", **changes: str) -> Stack:
        made.append(Stack(ground / folder, **changes))
        made[-1].log = ground / f"{len(made)}.log"
        return made[-1]

    yield make
    for stack in made:
        stack.clean()
    shutil.rmtree(ground, ignore_errors=True)


@pytest.fixture
def stack(stacks: Callable[..., Stack]) -> Stack:
    """A running stack without demo."""
    return stacks().start().until_ready()
