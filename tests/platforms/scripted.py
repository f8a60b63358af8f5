"""A tiny real HTTP server that answers as told: for answers no honest stand-in gives."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN = {"access_token": "eyJhbGciOiJub25lIn0.first-token", "token_type": "bearer", "expires_in": 86399}


@dataclass
class Request:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    connection: object

    def json(self) -> object:
        return json.loads(self.body)

    def ask(self, name: str) -> str | None:
        return dict(self.query).get(name)


@dataclass
class Reply:
    """`trick` is what goes wrong: reset (no answer), close, silence, or cut (half the body)."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    trick: str = ""
    delay: float = 0.0

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps({} if self.body is None else self.body).encode()


Answering = Callable[[Request], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is what many tests are about."""


class Scripted:
    """`on(method, path, reply, …)`: replies are used one after the other, the last one for ever.

    A reply may be a function of the request. Unknown paths answer 404 in Flow Service's shape.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._routes: dict[tuple[str, str], list[Reply | Answering]] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.on("POST", "/ims/token/v3", Reply(body=TOKEN))

    def on(self, method: str, path: str, *replies: Reply | Answering) -> None:
        self._routes[(method, path)] = list(replies)

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            replies = self._routes.get((request.method, request.path))
            if not replies:
                return Reply(404, {"errorMessage": f"nothing at {request.path}"})
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply(request) if callable(reply) else reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # one write per answer: two would wait 40 ms for each other
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                pass

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                address = urlsplit(self.path)
                request = Request(
                    self.command,
                    address.path,
                    parse_qsl(address.query, keep_blank_values=True),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                    self.client_address,
                )
                self._reply(scripted._next(request))

            do_GET = do_POST = do_PATCH = _serve

            def _reply(self, reply: Reply) -> None:
                time.sleep(reply.delay)
                self.close_connection = bool(reply.trick)
                if reply.trick == "reset":
                    off = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
                if reply.trick in ("reset", "close"):
                    return
                content = reply.content
                self.send_response(reply.status)
                for name, value in {"x-request-id": "req-1", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if reply.trick == "cut" else content)

        return Handler
