"""A real server between the client and the simulator that changes answers on their way: for shapes that no
honest stand-in gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Change = Callable[[str, str, dict[str, Any]], None]
HANDED_ON = ("Authorization", "Content-Type", "Accept", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")


class Tampering:
    """`change(method, path, answer)` may alter every 200's JSON in place."""

    def __init__(self, behind: str) -> None:
        self.behind, self.change, self.url = behind, nothing, ""

    def when(self, method: str, path: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the answers of one path alone."""

        def only(asked: str, where: str, answer: dict[str, Any]) -> None:
            if (asked, where) == (method, path):
                change(answer)

        self.change: Change = only


def nothing(_method: str, _path: str, _answer: dict[str, Any]) -> None:
    """Every answer as it is."""


@contextmanager
def tampering(behind: str) -> Iterator[Tampering]:
    """The server, on a port of its own, in front of the simulator at `behind`."""
    between = Tampering(behind)
    client = httpx.Client(base_url=behind, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            self.hand_on()

        def do_POST(self) -> None:
            self.hand_on()

        def hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: self.headers[name] for name in HANDED_ON if name in self.headers}
            got = client.request(self.command, self.path, content=body, headers=headers)
            content = got.content
            if got.status_code == 200:
                said = got.json()
                between.change(self.command, self.path.partition("?")[0], said)
                content = json.dumps(said).encode()
            self.send_response(got.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    between.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield between
    finally:
        server.shutdown()
        server.server_close()
        client.close()
