"""A worker host of its own: a network namespace with one cable to us, which can be cut and mended.

Cut means silence, as in real life: no reset, no refusal, connections that hang. Linux, root and iproute2 only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from chaos.processes import Process, until

WIDTH = "30"
LOOPBACK = "127.0.0.1"


def ip(*words: str) -> None:
    """One `ip` command. Raises CalledProcessError."""
    subprocess.run(["ip", *words], check=True, capture_output=True)  # noqa: S603, S607 - our words, no shell


def permitted() -> bool:
    """Whether this machine lets us make a network namespace."""
    if os.getuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"aod-try-{os.getpid()}"
    try:
        ip("netns", "add", name)
        ip("netns", "del", name)
    except subprocess.CalledProcessError:
        return False
    return True


class Island:
    """The namespace, its cable, and the relays by which its loopback reaches ours."""

    def __init__(self, folder: Path, env: Mapping[str, str], ports: list[int]) -> None:
        self.name = f"aod-{os.getpid()}"
        self.cable = f"aod{os.getpid() % 100_000}"
        # Harnesses beside each other have cables of their own.
        third, fourth = os.getpid() // 64 % 256, os.getpid() % 64 * 4
        self.near, self.far = f"10.213.{third}.{fourth + 1}", f"10.213.{third}.{fourth + 2}"
        words = [str(port) for port in ports]
        relay = [sys.executable, "-m", "chaos.relay"]
        self.relays = [
            Process("near relay", [*relay, self.near, LOOPBACK, *words], env, folder / "relay.out"),
            Process(
                "far relay", self.inside([*relay, LOOPBACK, self.near, *words]), env, folder / "relay.out"
            ),
        ]

    def inside(self, command: list[str]) -> list[str]:
        """The same command, within the namespace."""
        return ["ip", "netns", "exec", self.name, *command]

    def build(self) -> None:
        ip("netns", "add", self.name)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("addr", "add", f"{self.near}/{WIDTH}", "dev", self.cable)
        ip("-n", self.name, "addr", "add", f"{self.far}/{WIDTH}", "dev", "eth0")
        for place in (["-n", self.name, "link", "set", "lo"], ["-n", self.name, "link", "set", "eth0"]):
            ip(*place, "up")
        self.mend()
        for relay in self.relays:
            relay.start()
        until(lambda: all(relay.alive for relay in self.relays), 5, "the relays run")

    def cut(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        ip("link", "set", self.cable, "down")

    def mend(self) -> None:
        ip("link", "set", self.cable, "up")

    def remove(self) -> None:
        for relay in self.relays:
            relay.end()
        for words in (["link", "del", self.cable], ["netns", "del", self.name]):
            with suppress(subprocess.CalledProcessError):
                ip(*words)


@contextmanager
def island(folder: Path, env: Mapping[str, str], ports: list[int]) -> Iterator[Island | None]:
    """The island, or None where it is not permitted. `ports` of our loopback are reachable from its own."""
    if not permitted():
        yield None
        return
    place = Island(folder, env, ports)
    try:
        place.build()
        yield place
    finally:
        place.remove()
