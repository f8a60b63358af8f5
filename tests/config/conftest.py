"""Fixtures of the wiring's tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.config.stack import Stack

Stacks = Callable[..., Stack]


@contextmanager
def ground() -> Iterator[Stacks]:
    """Makes stacks in one fresh folder (the same VAR_DIR for all) and ends them at the end."""
    # Short on purpose: a Unix socket's path may not be longer than about 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="aod-"))
    made: list[Stack] = []

    def make(name: str = "var", **changes: str) -> Stack:
        made.append(Stack(folder / name, folder / f"{len(made)}.log", **changes))
        return made[-1]

    try:
        yield make
    finally:
        for stack in made:
            stack.clean()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stacks() -> Iterator[Stacks]:
    """Stacks of this test's own."""
    with ground() as make:
        yield make


@pytest.fixture
def stack(stacks: Stacks) -> Stack:
    """A running stack of this test's own, without demo."""
    return stacks().start().until_ready()


@pytest.fixture(scope="module")
def standing() -> Iterator[Stack]:
    """A running stack for tests that only look at it."""
    with ground() as make:
        yield make().start().until_ready()
