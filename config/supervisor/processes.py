"""Runs the stack's children from one thread: starts, output line by line, restarts, the ordered end.

One thread, because the tie to the parent (`tether`) is a tie to the thread that started the child.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from config.supervisor.tether import tethered

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
# A child that lived this long has recovered: its next crash starts again at the first delay.
RECOVERED_AFTER = 60.0
LONGEST_LINE = 64 * 1024
NAME_WIDTH = 9


def say(name: str, line: str) -> None:
    """Print one line under a process's name; a reader that went away must not end the stack."""
    try:
        print(f"{name:<{NAME_WIDTH}} | {line}" if name else line, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open for the rest of the process


@dataclass
class Child:
    """One program and, while it runs, its process. `delay` is what the next restart waits."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    show: Callable[[str], None]
    process: subprocess.Popen[bytes] | None = None
    output: int = -1
    delay: float = FIRST_DELAY
    started: float = 0.0
    restart_at: float | None = None
    rest: bytes = b""

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.started, self.restart_at = time.monotonic(), None
        self.output, ours = os.pipe()
        os.set_blocking(self.output, False)
        self.process = subprocess.Popen(  # noqa: S603 - command lines of `plan`, no shell
            tethered(self.command),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=ours,
            stderr=ours,
            start_new_session=True,
        )
        os.close(ours)

    def read(self) -> int:
        """Show the lines that have come; return the bytes read, 0 at the end of output, -1 for none now."""
        try:
            got = os.read(self.output, LONGEST_LINE)
        except BlockingIOError:
            return -1
        *lines, self.rest = (self.rest + got).split(b"\n")
        if self.rest and (not got or len(self.rest) > LONGEST_LINE):
            lines, self.rest = [*lines, self.rest], b""
        for line in lines:
            self.show(line.decode(errors="replace").rstrip())
        return len(got)

    def signal(self, what: signal.Signals) -> None:
        """Send a signal to the program, or with SIGKILL to everything it started as well."""
        if self.process is None:
            return
        try:
            if what == signal.SIGKILL:
                os.killpg(self.process.pid, what)
            else:
                self.process.send_signal(what)
        except ProcessLookupError:
            pass

    def schedule_restart(self) -> float:
        """Decide when the program starts again after a crash; return the seconds until then."""
        now = time.monotonic()
        if now - self.started >= RECOVERED_AFTER:
            self.delay = FIRST_DELAY
        wait, self.delay = self.delay, min(self.delay * 2, LONGEST_DELAY)
        self.restart_at = now + wait
        return wait


def ending(code: int) -> str:
    """How a process ended, in words."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


@dataclass
class Crew:
    """All children, tended together. `stopping` is set by SIGTERM, SIGINT or SIGHUP."""

    environment: Mapping[str, str]
    stopping: bool = False
    children: dict[str, Child] = field(default_factory=dict)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def listen(self) -> None:
        """Take over the signals; from here on they wake the loop instead of ending the supervisor."""
        awake, wake = os.pipe()
        for end in (awake, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.selector.register(awake, selectors.EVENT_READ)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: setattr(self, "stopping", True))
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def start(self, name: str, command: list[str], show: Callable[[str], None] | None = None) -> Child:
        """Start a program that is kept running."""
        child = Child(name, command, self.environment, show or (lambda line: say(name, line)))
        self.children[name] = child
        self._launch(child)
        return child

    def run(self, name: str, command: list[str], show: Callable[[str], None] | None = None) -> int:
        """Run a program once while tending the others; return its exit code (-15 when we were told to stop)."""
        child = Child(name, command, self.environment, show or (lambda line: say(name, line)))
        self._launch(child)
        while (code := self._ended(child)) is None:
            self.tend(0.5)
            if self.stopping:
                child.signal(signal.SIGKILL)
        return -signal.SIGTERM if self.stopping else code

    def tend(self, seconds: float) -> None:
        """Wait up to `seconds` for something to happen; show output, notice ends, start what is due again."""
        due = [child.restart_at for child in self.children.values() if child.restart_at is not None]
        until = min([seconds, *(max(0.0, at - time.monotonic()) for at in due)])
        for key, _ in self.selector.select(until):
            if isinstance(key.data, Child):
                if key.data.read() == 0:
                    self.selector.unregister(key.fileobj)
            else:
                os.read(key.fd, 4096)
        if self.stopping:
            return
        for child in self.children.values():
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._launch(child)
            elif child.restart_at is None and (code := self._ended(child)) is not None:
                say("up", f"{child.name} {ending(code)}; again in {child.schedule_restart():.0f} s")

    def stop(self, waves: list[tuple[list[str], float]]) -> None:
        """End the children in waves: TERM in order, then KILL for who is left after the wave's seconds."""
        self.stopping = True
        for names, seconds in waves:
            wave = [self.children[name] for name in names if name in self.children]
            end = time.monotonic() + seconds
            for child in wave:
                child.restart_at = None
                child.signal(signal.SIGTERM)
            while time.monotonic() < end and not all(self._ended(child) is not None for child in wave):
                self.tend(0.05)
            for child in wave:
                child.signal(signal.SIGKILL)
                if child.process is not None:
                    child.process.wait()

    def _launch(self, child: Child) -> None:
        child.start()
        self.selector.register(child.output, selectors.EVENT_READ, child)

    def _ended(self, child: Child) -> int | None:
        """Exit code of a child that has ended, after its last words and its own children's end; else None."""
        if child.process is None:
            return 0
        code = child.process.poll()
        if code is None:
            return None
        # What a killed program leaves behind (a web worker holding the port) must not outlive it.
        child.signal(signal.SIGKILL)
        while child.read() > 0:
            pass
        if child.output in self.selector.get_map():
            self.selector.unregister(child.output)
        os.close(child.output)
        child.process = None
        return code
