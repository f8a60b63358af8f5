"""One HTTP connection: reads requests, lets the faults strike, writes answers."""

import socket
import struct
import time
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from simulator.desk import serve, serve_control
from simulator.faults import Strike
from simulator.ledger import Call
from simulator.segment import desk as segment
from simulator.segment import refusals
from simulator.wire import Answer, Ask, answer, dumps

if TYPE_CHECKING:
    from simulator.server import Listener

MOST_BYTES = 10_000_000
LONGEST_SILENCE = 120.0
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
MESSAGES = {
    429: "Too many requests",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}


class Connection(BaseHTTPRequestHandler):
    """Serves the requests of one connection in turn."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"

    def setup(self) -> None:
        super().setup()
        self.server.lines.add(self.connection)

    def finish(self) -> None:
        self.server.lines.discard(self.connection)
        super().finish()

    def _take(self) -> None:
        """One request: read, strike, serve, write."""
        ask = self._read()
        if ask is None:
            return
        if ask.path.startswith("/_sim/"):
            self._write(serve_control(self.server.world, ask), ask)
            return
        world = self.server.world
        shown = urlsplit(self.path)
        call = world.ledger.called(Call(world.now(), ask.method, ask.path, shown.query))
        strike = world.faults.strike(ask.method, ask.path)
        if self.server.latency_s + strike.delay_s:
            time.sleep(self.server.latency_s + strike.delay_s)
        self._struck(ask, strike, call)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _take

    def _struck(self, ask: Ask, strike: Strike, call: Call) -> None:
        """Serve the request as the rule says, or plainly without one."""
        ask.fault = strike.rule
        fault = strike.rule.fault if strike.rule else ""
        if fault == "reset_before":
            self._reset()
            return
        if strike.rule is not None and fault in ("status", "html"):
            found = _made_up(ask.path, fault, strike.rule.status or 502, strike.rule.retry_after)
        else:
            found = serve(self.server.world, ask)
        if fault == "reset_after":
            self._reset()
            return
        if fault == "silence_after":
            self._stay_silent()
            return
        if fault == "truncate":
            found.body = found.body[: len(found.body) // 2]
        call.status = found.status
        self._write(found, ask)

    def _read(self) -> Ask | None:
        """The request, or None after answering one that cannot be read."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._refuse(411, "Length required")
            return None
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self._refuse(413, "Payload too large")
            return None
        body = self.rfile.read(int(length))
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        given = headers.get("x-request-id", "").strip()
        return Ask(
            method=self.command,
            path=unquote(url.path),
            query=parse_qsl(url.query, keep_blank_values=True),
            headers=headers,
            body=body,
            request_id=given if given.isprintable() and given else uuid4().hex,
        )

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        ask = Ask(self.command, self.path, (), {}, b"", uuid4().hex)
        self._write(answer({"message": message}, status), ask)

    def _write(self, found: Answer, ask: Ask) -> None:
        """Head and body in one packet where they fit."""
        lines = [
            f"HTTP/1.1 {found.status} {responses.get(found.status, 'Unknown')}",
            f"Date: {formatdate(self.server.world.header_time(), usegmt=True)}",
            f"Content-Type: {found.content_type}",
            f"Content-Length: {len(found.body)}",
            f"x-request-id: {ask.request_id}",
            *(f"{name}: {value}" for name, value in found.headers.items()),
        ]
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        self.wfile.write(head if ask.method == "HEAD" else head + found.body)

    def _reset(self) -> None:
        """Close with RST: lingering for zero seconds throws away what is unsent."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def _stay_silent(self) -> None:
        """Say nothing until the client gives up, the server closes or two minutes have passed."""
        self.close_connection = True
        until = time.monotonic() + LONGEST_SILENCE
        self.connection.settimeout(0.25)
        while time.monotonic() < until and not self.server.closing.is_set():
            try:
                if not self.connection.recv(1024):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def log_message(self, format: str, *args: Any) -> None:
        """The ledger is the log."""


def _made_up(path: str, fault: str, status: int, retry_after: float | None) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    if fault == "html":
        return Answer(status, HTML, headers, "text/html;charset=UTF-8")
    text = MESSAGES.get(status, responses.get(status, "Error"))
    if segment.serves(path):
        return refusals.made_up(status, text, retry_after)
    return Answer(status, dumps({"error_code": f"{status}000", "message": text}), headers)
