"""A real `manage.py up` on spare ports in a folder of its own, for the tests of the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from bench.ground import spare_ports
from tests.environment import ROOT

# Seconds; stacks of test processes beside each other start at the same moment.
STARTS_WITHIN = 90
# The stack must make or find these itself, whatever the test run uses.
OWN = ("REDIS_URL", "DATABASE_URL", "SECRET_KEY", "FIELD_KEYS", "DEMO", "DJANGO_SETTINGS_MODULE")


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Stack:
    """One start of the stack; `family` remembers every process ever seen below it."""

    def __init__(self, folder: Path, log: Path, **changes: str) -> None:
        self.folder, self.log = folder, log
        self.port, self.simulator_port = spare_ports(2)
        kept = {name: value for name, value in os.environ.items() if name not in OWN}
        self.environment = {
            **kept,
            "VAR_DIR": str(folder),
            "PORT": str(self.port),
            "SIM_PORT": str(self.simulator_port),
            **changes,
        }
        self.family: dict[int, psutil.Process] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str, before: tuple[str, ...] = ()) -> Stack:
        """Start `manage.py up`, by default without the demo, and return at once."""
        command = [*before, sys.executable, str(ROOT / "manage.py"), "up", *words]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=out, stderr=out, start_new_session=True
            )
        return self

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def refusal(self, *words: str) -> str:
        """Start, expect an end with exit code 1, and return what was said."""
        self.start(*words)
        assert self.process is not None
        assert self.process.wait(20) == 1, self.output
        return self.output

    def until_ready(self) -> Stack:
        """Wait for the first page and every process."""
        assert self.process is not None
        ended = self.process.poll
        assert eventually(lambda: "ready after" in self.output or ended() is not None, STARTS_WITHIN), (
            self.output
        )
        assert ended() is None, self.output
        self.look()
        return self

    def look(self) -> list[psutil.Process]:
        """Every process of the stack that lives now."""
        try:
            found = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            found = []
        self.family |= {process.pid: process for process in found}
        return found

    def find(self, word: str) -> psutil.Process | None:
        """The first process of the stack whose command line has the word."""
        for process in self.look():
            with suppress(psutil.Error):
                if word in " ".join(process.cmdline()) and "tether" not in process.cmdline():
                    return process
        return None

    def orphans(self) -> list[psutil.Process]:
        """Processes of the stack that still live."""
        return [
            process
            for process in self.family.values()
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]

    def get(self, path: str) -> int:
        """Status of a page, 0 when nobody answers."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).status_code
        except httpx.HTTPError:
            return 0

    def stop(self, how: signal.Signals = signal.SIGTERM, patience: float = 10) -> float:
        """Send the signal, wait for the end and return how long it took."""
        assert self.process is not None
        self.look()
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(patience)
        return time.monotonic() - began

    def clean(self) -> None:
        """End whatever a failed test left."""
        if self.process is not None and self.process.poll() is None:
            self.look()
            self.process.kill()
            self.process.wait()
        for process in self.orphans():
            process.kill()
