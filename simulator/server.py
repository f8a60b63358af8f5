"""The real HTTP server, and a handle to run one inside a test."""

import contextlib
import ipaddress
import socket
import sys
import threading
from http.server import ThreadingHTTPServer
from types import TracebackType

from simulator.connection import Connection
from simulator.world import Sizes, World


class NotLoopback(ValueError):
    """Somebody asked the stand-in to listen to the outside; its control plane has no password."""


class Listener(ThreadingHTTPServer):
    """One thread per connection; a connection left open never holds the process back."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], world: World, latency_s: float) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.world = world
        self.latency_s = latency_s
        self.closing = threading.Event()
        self.lines: set[socket.socket] = set()
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        """Bind without the reverse DNS look-up of the standard library."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is not news; a mistake of ours is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Simulator:
    """The simulator in a thread of this process: `with Simulator(seed=7) as sim: sim.url, sim.world`."""

    def __init__(
        self,
        *,
        seed: int = 7,
        audiences: int = 120,
        dataflows: int = 12,
        speed: float = 1.0,
        latency_ms: float = 0.0,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        check_loopback(host)
        self.world = World(Sizes(seed, audiences, dataflows), speed)
        self.listener = Listener((host, port), self.world, latency_ms / 1000)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.listener.server_port}"
        self._thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> "Simulator":
        """Begin to serve; the port is already bound."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and close the port and every line still open."""
        self.listener.closing.set()
        if self._thread.is_alive():
            self.listener.shutdown()
            self._thread.join()
        self.listener.server_close()
        for line in list(self.listener.lines):
            with contextlib.suppress(OSError):  # the other side may have closed it already
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Simulator":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def check_loopback(host: str) -> None:
    """Only this machine may talk to a stand-in."""
    try:
        good = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        good = False
    if not good:
        raise NotLoopback(f"The simulator listens on loopback only, not on {host}.")
