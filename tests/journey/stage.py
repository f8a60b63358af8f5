"""The stage of the journeys: one real stack, its simulators, and what there is to press."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from simulator.names import audience_name
from simulator.seed_audiences import CYCLE, EMPTY, FAILS, PARTLY
from simulator.server import Simulator
from tests.config.stack import Stack, eventually
from tests.environment import ROOT

PASSWORD = "a-long-demo-password"
# Of the demo's audiences, these end in something else than "delivered".
ODD = {audience_name(n) for n in range(120) if n % CYCLE in (FAILS, EMPTY, PARTLY)}
# So many times as fast as the wall clock: a run takes a second or two.
SPEED = 12
# Seconds of the platform in which no scheduled export begins.
QUIET = 86_400.0
# Patience in seconds, so short that a lost answer is found out about while somebody waits.
PATIENCE = {
    "ADHOC_TIMEOUT": "2", "RECONCILE_GRACE": "4", "RESYNC_GRACE": "8", "SENDER_LEASE": "8", "WATCH_LONGEST": "3",
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """One audience on one dataflow."""

    workspace: str
    mapping: int
    kind: str
    audience: str
    name: str
    dataflow: str
    where: str

    @property
    def ids(self) -> tuple[str, str]:
        return self.dataflow, self.audience


@dataclass
class Remote:
    """The control plane of the stack's own simulator."""

    url: str

    def faults(self, *rules: dict[str, Any]) -> None:
        httpx.put(f"{self.url}/_sim/faults", json={"rules": rules}).raise_for_status()

    def speed(self, speed: float = SPEED) -> None:
        """Sets the pace; all journeys together outlast the quiet hour, and none is about a scheduled export."""
        clock = {"speed": speed, "quiet": QUIET}
        httpx.put(f"{self.url}/_sim/clock", json=clock).raise_for_status()

    def exports(self) -> list[tuple[str, str]]:
        """The pairs that the platform accepted, in order."""
        found = httpx.get(f"{self.url}/_sim/ledger").json()["exports"]
        return [(one["dataflow"], one["audience"]) for one in found]

    def sent(self, pair: Pair) -> int:
        """How often the platform accepted a pair."""
        return self.exports().count(pair.ids)


@dataclass
class Stage:
    """What a test acts on."""

    stack: Stack
    sim: Remote
    busy: Simulator
    quiet: Simulator
    furnisher: Furnisher
    pairs: list[Pair] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.stack.port}"

    def exports(self) -> tuple[list[tuple[str, str]], ...]:
        """The pairs that each of the platforms accepted."""
        return (self.sim.exports(), exports(self.busy), exports(self.quiet))

    def sent_twice(self) -> list[tuple[str, str]]:
        """The pairs of which any of the platforms accepted more than one export."""
        return [pair for sent in self.exports() for pair, times in Counter(sent).items() if times > 1]

    def deal(
        self, count: int = 1, *, workspace: str = "demo", kind: str = "ready", **also: str
    ) -> list[Pair]:
        """Pairs nobody has used, each of another audience and all on one dataflow."""
        by_flow: dict[str, list[Pair]] = {}
        for pair in self._unused(workspace, kind, also):
            mine = by_flow.setdefault(pair.dataflow, [])
            if pair.audience not in {one.audience for one in mine}:
                mine.append(pair)
            if len(mine) == count:
                self.used |= {(workspace, one.audience) for one in mine}
                return mine
        raise AssertionError(f"no {count} unused {kind} pairs are left in {workspace}")

    def _unused(self, workspace: str, kind: str, also: dict[str, str]) -> Iterator[Pair]:
        for pair in self.pairs:
            fits = pair.workspace == workspace and pair.kind == kind
            fits = fits and all(getattr(pair, name) == value for name, value in also.items())
            if fits and (workspace, pair.audience) not in self.used and pair.name not in ODD:
                yield pair


def together(pairs: Iterable[Pair], count: int) -> list[Pair]:
    """The first so many pairs of one dataflow, each of another audience."""
    by_flow: dict[str, list[Pair]] = {}
    for pair in pairs:
        mine = by_flow.setdefault(pair.dataflow, [])
        if pair.audience not in {one.audience for one in mine}:
            mine.append(pair)
        if len(mine) == count:
            return mine
    raise AssertionError(f"there are no {count} such pairs on one dataflow")


def exports(sim: Simulator) -> list[tuple[str, str]]:
    """The pairs that a simulator of this process accepted, in order."""
    return [(one["dataflow"], one["audience"]) for one in sim.world.ledger.exports]


def times_sent(sim: Simulator, pair: Pair) -> int:
    """How often a simulator of this process accepted a pair."""
    return exports(sim).count(pair.ids)


def strike(sim: Simulator, *rules: dict[str, Any]) -> None:
    """Rules for the next ad-hoc calls."""
    path = "/data/core/activation/disflowprovider/adhocrun"
    sim.world.faults.replace(
        {"rules": [{"method": "POST", "path": path, "times": 1, **rule} for rule in rules]}
    )


class Furnisher:
    """Talks to `furnish.py`, which works in the stack's database."""

    def __init__(self, stack: Stack) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("furnish.py"))],
            cwd=ROOT, env={**stack.environment, "DEMO": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, **order: Any) -> Any:
        """One order, one answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        # What is logged stands between the answers.
        for line in self.process.stdout:
            if line.startswith("["):
                return json.loads(line)
        raise AssertionError(self.process.stderr.read() if self.process.stderr else "furnish.py ended")

    def pairs(self, **order: Any) -> list[Pair]:
        return [Pair(**pair) for pair in self.ask(**order)]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def staged(stack: Stack) -> Iterator[Stage]:
    """Start everything and furnish it."""
    with (
        Simulator(port=0, seed=11, dataflows=4, audiences=20, speed=SPEED) as busy,
        Simulator(port=0, seed=12, dataflows=4, audiences=20, speed=SPEED) as quiet,
    ):
        # Interrupted test processes end no fixture: the stack must end by itself.
        for sim in (busy, quiet):
            sim.world.sandboxes["prod"].quiet = QUIET
        stack.start("--demo=fresh", "--with-parent").until_ready()
        sim = Remote(f"http://127.0.0.1:{stack.simulator_port}")
        sim.speed()
        assert eventually(lambda: stack.get("/readyz") == 200), stack.output
        furnisher = Furnisher(stack)
        try:
            stage = Stage(stack, sim, busy, quiet, furnisher)
            stage.pairs = [
                *furnisher.pairs(people=PASSWORD),
                *furnisher.pairs(place="busy", address=busy.url),
                *furnisher.pairs(place="shop", address=quiet.url, fields={"production": True}),
                *furnisher.pairs(place="bare", address=quiet.url, bare=True),
            ]
            yield stage
        finally:
            furnisher.close()
