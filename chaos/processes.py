"""Processes of a stack that may be killed, frozen and started again, each by its own id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from bench.ground import ENDS_WITHIN, NotReady
from config.environment import BASE_DIR
from config.supervisor.tether import tethered


def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is true; raises NotReady saying what was waited for."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise NotReady(f"Waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.05)


def tell(pid: int, what: signal.Signals) -> None:
    """Send a signal to one process; it may have ended already."""
    with suppress(ProcessLookupError):
        os.kill(pid, what)


class Process:
    """One program, started by this process's main thread (the tether ties it to that thread)."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name, self.command, self.env, self.log = name, command, env, log
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        """Start it; one that runs already is left alone."""
        if self.alive:
            return self
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(  # noqa: S603 - our own command lines, no shell
                tethered(self.command),
                cwd=BASE_DIR,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        return self

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def tell(self, what: signal.Signals) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(what)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.tell(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()

    def end(self) -> None:
        """Ask it to end, then kill it. A frozen one is thawed first: it could not hear."""
        self.tell(signal.SIGCONT)
        self.tell(signal.SIGTERM)
        if self.child is None:
            return
        try:
            self.child.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
