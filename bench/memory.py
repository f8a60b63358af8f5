"""Idle memory of the whole embedded demo stack, per process, against as many Pythons that do nothing."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import psutil

from bench import ground
from bench.figures import Figure, megabytes, times

BUDGET = 350 * 2**20
NAMES = {
    "valkey-server": "valkey", "simulator": "simulator", "granian": "web", "config.worker": "worker",
    "config.beat": "beat", "up": "supervisor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weight:
    """Memory of one process; `pss` shares common pages fairly, and is 0 where the system does not tell."""

    name: str
    rss: int
    pss: int


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    idle = 10 if given.quick else 60
    with ground.scratch() as folder, ground.stack(folder) as (supervisor, _site, _sim):
        time.sleep(idle)
        weights = weigh(psutil.Process(supervisor.pid))
    nothing = idle_pythons(sum(one.name != "valkey" for one in weights))
    rss, pss = sum(one.rss for one in weights), sum(one.pss for one in weights)
    bare = sum(one.rss for one in nothing), sum(one.pss for one in nothing)
    target = f"≤ 350 MB: {'met' if rss <= BUDGET else 'missed'}"
    about = f"{len(weights)} processes, idle for {idle} s; baseline: {len(nothing)} Python interpreters doing nothing"
    lines = [
        Figure("resident (RSS), summed", megabytes(rss), megabytes(bare[0]), times(rss, bare[0]), target),
        Figure("proportional (PSS), summed", megabytes(pss), megabytes(bare[1]), times(pss, bare[1])),
    ]
    each = sorted(weights, key=lambda one: -one.rss)
    return about, [
        *lines,
        *(Figure(f"… {one.name}", megabytes(one.rss), f"PSS {megabytes(one.pss)}") for one in each),
    ]


def weigh(top: psutil.Process) -> list[Weight]:
    """Memory of a process and everything below it."""
    found = []
    for process in [top, *top.children(recursive=True)]:
        memory = process.memory_full_info()
        found.append(Weight(name_of(process.cmdline()), memory.rss, getattr(memory, "pss", 0)))
    return found


def name_of(words: Iterable[str]) -> str:
    """The part of the stack that a command line starts."""
    for word in words:
        for mark, name in NAMES.items():
            if word == mark or word.endswith(f"/{mark}"):
                return name
    return "web (its worker)"


def idle_pythons(count: int) -> list[Weight]:
    """Memory of `count` interpreters that only sleep."""
    with ExitStack() as kept:
        processes = [_sleeper(kept) for _ in range(count)]
        time.sleep(1)
        return [weight for process in processes for weight in weigh(psutil.Process(process.pid))]


def _sleeper(kept: ExitStack) -> subprocess.Popen[bytes]:
    process = kept.enter_context(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
    kept.callback(process.kill)
    return process
