"""Keeps a process from reaching what notices have no business with: this machine and the networks of the house.

Addresses of channels are typed by people, so a name may lead anywhere, also to another place at the second look.
Therefore what is judged is the address that a socket really connects to, whichever library does it: an audit hook
cannot be taken off again, and it sees redirects, proxies and answers of a name server alike. Plain Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
STARTS = frozenset(
    {
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "os.forkpty",
        "pty.spawn",
    }
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
NAT64 = ip_network("64:ff9b::/96")


class NotAllowed(OSError):
    """The address is none that notices may go to. An OSError, as a connection that failed would be."""


def plain(address: str) -> IPv4Address | IPv6Address:
    """The address that is really meant: IPv4 may come wrapped in IPv6. Raises ValueError for a name."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found
    if found in NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found


def is_allowed(address: str, networks: Iterable[str]) -> bool:
    """Whether a notice may go to this IP address: a public one, or one of the named networks."""
    try:
        found = plain(address)
    except ValueError:
        # A name at this point would be looked up behind our back.
        return False
    named = [ip_network(network.strip()) for network in networks]
    if any(found in network for network in named if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


class Guard:
    """Stands for the rest of the process's life. `refused` holds what was kept from being reached."""

    def __init__(self, networks: Iterable[str]) -> None:
        self.networks = tuple(networks)
        self.refused: list[str] = []

    def stand(self) -> None:
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event in CONNECTS:
            self._judge(args[1])
        elif event in STARTS:
            raise NotAllowed("Notices start no programs.")
        elif event == "open" and isinstance(args[2], int) and args[2] & WRITES:
            raise NotAllowed("Notices write no files.")

    def _judge(self, target: Any) -> None:
        # None: a datagram on a socket that is connected, and was judged then.
        if target is None:
            return
        host = str(target[0]) if isinstance(target, tuple) and target else "a socket of this machine"
        if not is_allowed(host, self.networks):
            self.refused.append(host)
            raise NotAllowed(f"{host} is not an address that notices may go to.")
