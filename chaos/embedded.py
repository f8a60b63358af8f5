"""The embedded stack: `manage.py up` with SQLite and its own Valkey, whose supervisor restarts what we kill."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench import ground
from chaos.processes import Process, tell, until

# What is on the command line of each of the supervisor's children.
WORDS = {"worker": "config.worker", "beat": "config.beat", "web": "granian", "broker": "valkey-server"}
PATIENCE = 60.0


class Embedded:
    """A running `manage.py up`; a second worker and beat may run beside it."""

    name = "embedded"
    parts = ("worker", "beat", "web", "broker")

    def __init__(self, folder: Path, supervisor: Process, env: dict[str, str]) -> None:
        self.folder, self.supervisor, self.env = folder, supervisor, env
        beside = {"worker2": "config.worker", "beat2": "config.beat"}
        self.beside = {
            name: Process(name, [sys.executable, "-m", module], env, folder / f"{name}.out")
            for name, module in beside.items()
        }

    def find(self, part: str) -> psutil.Process | None:
        """The process that does this part now."""
        if part in self.beside:
            child = self.beside[part].child
            return psutil.Process(child.pid) if child is not None and child.poll() is None else None
        for process in psutil.Process(self._pid).children():
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            if WORDS[part] in " ".join(words) and not any("tether" in word for word in words):
                return process
        return None

    @property
    def _pid(self) -> int:
        if self.supervisor.child is None:
            raise ground.NotReady("The supervisor does not run.")
        return self.supervisor.child.pid

    def kill(self, part: str) -> None:
        """kill -9; the supervisor starts it again by itself."""
        if part in self.beside:
            self.beside[part].kill()
        elif process := self.find(part):
            tell(process.pid, signal.SIGKILL)

    def freeze(self, part: str) -> None:
        if process := self.find(part):
            tell(process.pid, signal.SIGSTOP)

    def thaw(self, part: str) -> None:
        if process := self.find(part):
            tell(process.pid, signal.SIGCONT)

    def double(self, part: str) -> None:
        """Start a second process of this kind."""
        self.beside[f"{part}2"].start()

    def revive(self) -> None:
        """Wait until the supervisor has every part running; the second ones end."""
        for process in self.beside.values():
            process.end()
        for part in self.parts:
            self.thaw(part)
            until(lambda part=part: self.find(part) is not None, PATIENCE, f"{part} runs again")  # type: ignore[misc]

    def flush(self) -> None:
        """Nothing of the broker's memory survives."""
        import redis

        note = (self.folder / "stack.env").read_text()
        url = next(line for line in note.splitlines() if line.startswith("REDIS_URL=")).partition("=")[2]
        redis.Redis.from_url(url).flushall()

    def cut_off(self) -> bool:
        """One machine: there is no cable."""
        return False

    def mend(self) -> None:
        """Nothing was cut."""

    def restart_database(self) -> None:
        """SQLite has no server to restart."""


@contextmanager
def embedded(settings: dict[str, str]) -> Iterator[Embedded]:
    """Start it in a scratch folder; gone with everything in it afterwards."""
    with ground.scratch() as folder:
        port, sim = ground.spare_ports(2)
        env = ground.environment(folder, PORT=str(port), SIM_PORT=str(sim), DEMO="1", **settings)
        log = folder / "up.out"
        supervisor = Process("up", [sys.executable, "manage.py", "up"], env, log)
        stack = Embedded(folder, supervisor.start(), env)
        try:
            until(
                lambda: b"ready after" in log.read_bytes(), PATIENCE, f"the stack is ready: {log.read_text()}"
            )
            yield stack
        finally:
            for process in stack.beside.values():
                process.end()
            supervisor.end()
