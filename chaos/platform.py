"""The simulator as the harness sees it: its process, its control plane, and the truth it tells afterwards."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bench import ground, vendor
from chaos.plan import SPEED
from chaos.processes import Process, until

RUNS = "/data/foundation/flowservice/runs"
ENDINGS = {"failed": "failed", "partialsuccess": "partly", "success": "succeeded"}
PER_READ = 100


class Platform:
    """The control plane. Faults of several troubles are in force side by side, by the trouble's name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.client = httpx.Client(base_url=url, timeout=30)
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.foreign: dict[str, float] = {}
        self.speed = SPEED

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return dict(self.client.put(path, json=body).raise_for_status().json())

    def reset(self, seed: int, audiences: int, dataflows: int, speed: float) -> None:
        """Begin again. The clock is set to itself, so that the Date header follows it from now on."""
        self.rules, self.foreign, self.speed = {}, {}, speed
        body = {"seed": seed, "audiences": audiences, "dataflows": dataflows}
        self.client.post("/_sim/reset", json=body).raise_for_status()
        self.jump(timedelta(0))
        self._put("/_sim/clock", {"speed": speed})

    def strike(self, name: str, rules: list[dict[str, Any]]) -> None:
        """Let these faults happen until `heal(name)`."""
        self.rules[name] = rules
        self._write()

    def heal(self, name: str | None = None) -> None:
        """End the faults of one trouble, or of all."""
        self.rules = {} if name is None else {key: kept for key, kept in self.rules.items() if key != name}
        self._write()

    def _write(self) -> None:
        self._put("/_sim/faults", {"rules": [rule for rules in self.rules.values() for rule in rules]})

    def jump(self, by: timedelta) -> None:
        """Move the platform's clock."""
        now = datetime.fromisoformat(self.client.get("/_sim/clock").json()["now"])
        self._put("/_sim/clock", {"now": (now + by).isoformat()})

    def foreign_run(self, dataflow: str, audience: str, kind: str, seconds: float) -> None:
        """A run that somebody else (or the schedule) starts; kept with when it will be over by our clock."""
        body = {"dataflow": dataflow, "audience": audience, "kind": kind, "duration_s": seconds}
        made = self.client.post("/_sim/runs", json=body).raise_for_status().json()
        self.foreign[made["run"]] = time.time() + seconds / self.speed

    def exports(self) -> list[dict[str, str]]:
        """Every export it accepted from us, in order."""
        return list(self.client.get("/_sim/ledger", params={"since": 10**9}).json()["exports"])

    def posts(self) -> int:
        """How many ad-hoc calls arrived."""
        return sum(call["path"] == vendor.ADHOCRUN for call in vendor.calls(self.url))

    def truth(self, runs: list[str]) -> dict[str, str]:
        """How each run ended, as a delivery's state; one that goes on is `running`, an unknown one absent."""
        found: dict[str, str] = {}
        with vendor.plain(self.url) as client:
            for start in range(0, len(runs), PER_READ):
                wanted = f"id=={','.join(runs[start : start + PER_READ])}"
                answer = client.get(RUNS, params={"property": wanted, "limit": str(PER_READ)})
                found |= {one["id"]: ending(one) for one in answer.raise_for_status().json()["items"]}
        return found


def ending(run: dict[str, Any]) -> str:
    """What the run's own document says, read without any of the product's code."""
    metrics = run.get("metrics", {})
    state = ENDINGS.get(metrics.get("statusSummary", {}).get("status", "").lower(), "running")
    if state == "succeeded" and metrics["recordSummary"].get("outputRecordCount") == 0:
        return "empty"
    return state


@contextmanager
def platform(folder: Path) -> Iterator[Platform]:
    """A simulator of the harness's own, in a process of its own."""
    (port,) = ground.spare_ports(1)
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    process = Process("simulator", command, ground.environment(folder), folder / "simulator.out").start()
    try:
        until(lambda: ground.listens(port), 30, "the simulator listens")
        yield Platform(f"http://127.0.0.1:{port}")
    finally:
        process.end()
