"""`python -m chaos.relay FROM TO PORT…`: passes TCP connections on, from ports of one address to the same ports
of another. Two of them bridge a network namespace whose loopback is its own.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Bytes one way until either side ends; then both do."""
    with suppress(OSError):
        while got := source.recv(65_536):
            sink.sendall(got)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def carry(link: socket.socket, address: tuple[str, int]) -> None:
    """One connection, both ways."""
    try:
        far = socket.create_connection(address, timeout=5)
    except OSError:
        link.close()
        return
    far.settimeout(None)
    back = threading.Thread(target=pump, args=(far, link), daemon=True)
    back.start()
    pump(link, far)
    back.join()
    link.close()
    far.close()


def serve(listener: socket.socket, address: tuple[str, int]) -> None:
    while True:
        link, _ = listener.accept()
        threading.Thread(target=carry, args=(link, address), daemon=True).start()


def main(here: str, there: str, *ports: str) -> None:
    """Relay until killed."""
    threads = []
    for port in map(int, ports):
        listener = socket.create_server((here, port), backlog=64)
        threads.append(threading.Thread(target=serve, args=(listener, (there, port))))
        threads[-1].start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
