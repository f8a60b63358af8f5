"""A webhook's other end, over real HTTP on loopback: it hears everything, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NETWORK = "127.0.0.1/32"


@dataclass
class Heard:
    """One request that reached the receiver."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A webhook's other end. `answers` are taken in turn, then 204; "hang" says nothing until the test is over."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    over: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.receiver.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        answer = self.receiver.answers.pop(0) if self.receiver.answers else 204
        if answer == "hang":
            self.receiver.over.wait(30)
            return
        said = self.receiver.body.encode()
        self.send_response(int(answer))
        for name, value in self.receiver.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver on a spare port; `NETWORK` must be named to be reached."""
    found = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"receiver": found}))
    found.url = f"http://127.0.0.1:{server.server_port}/hook/very-secret-path"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.over.set()
    server.shutdown()
    server.server_close()
    thread.join()
