"""Scratch ground: folders that go away, spare ports, processes that end with us. A running demo is untouched."""

from __future__ import annotations

import base64
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from config.environment import BASE_DIR, VARIABLES
from config.supervisor.broker import Broker
from config.supervisor.tether import tethered

PATIENCE = 60.0
PASSWORD = "only-for-figures-1"  # noqa: S105  of a stack on loopback that ends with its measure
ENDS_WITHIN = 8.0
# The system takes the ports of outgoing connections from above these.
BELOW_OUTGOING = range(10_240, 32_000)


class NotReady(RuntimeError):
    """Something we started did not come up in time; the text has its last words."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A private folder for one VAR_DIR. Short, because a Unix socket's path may not be longer than 100 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="aodb-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spare_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 nobody listens on, and no connection is given between this look and their use."""
    found: list[int] = []
    for port in random.SystemRandom().sample(BELOW_OUTGOING, len(BELOW_OUTGOING)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of the product's but this folder and `more`."""
    ours = {variable.name for variable in VARIABLES} | {"DJANGO_SETTINGS_MODULE", "TETHERED"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "VAR_DIR": str(folder), "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1", **more}


def keys() -> dict[str, str]:
    """Keys for a stack that no supervisor makes them for, in demo mode so that loopback platforms are allowed."""
    field_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(40), "FIELD_KEYS": field_key, "DEMO": "1"}


@contextmanager
def running(command: list[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs while the block does; it is asked to end, then killed, by its own id."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command lines, no shell
            tethered(command), cwd=BASE_DIR, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """An embedded Valkey in `folder`; gives its REDIS_URL."""
    embedded = Broker.in_folder(folder / "valkey")
    with running(embedded.prepare(), os.environ, folder / "valkey.out"):
        if not embedded.wait():
            raise NotReady("The embedded Valkey did not answer.")
        yield embedded.url


@contextmanager
def simulator(folder: Path, **options: float) -> Iterator[str]:
    """A simulator in a process of its own; gives its address. Options as on its command line."""
    (port,) = spare_ports(1)
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    log = folder / "simulator.out"
    command = [sys.executable, "-m", "simulator", "--port", str(port), *words]
    with running(command, os.environ, log) as process:
        wait_for(lambda: listens(port), process, log)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def stack(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """The embedded demo stack; gives the supervisor, the site's address and the simulator's."""
    port, sim = spare_ports(2)
    env = environment(folder, PORT=str(port), SIM_PORT=str(sim), DEMO_PASSWORD=PASSWORD)
    log = folder.with_suffix(".out")
    try:
        with running([sys.executable, "manage.py", "up", "--demo=fresh"], env, log) as process:
            wait_for(lambda: b"ready after" in log.read_bytes(), process, log)
            yield process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sim}"
    finally:
        log.unlink(missing_ok=True)


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until `ready`; raises NotReady with the last words when the process ends or takes too long."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise NotReady(log.read_text(errors="replace")[-2000:])
        time.sleep(0.05)
