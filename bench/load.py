"""A bounded load on 127.0.0.1: `wrk` where it is installed, else a small client of our own."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

CONNECTIONS = 8
LONGEST = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """Answers a second, and how many answers were no success."""

    per_second: float
    bad: int


def client_name() -> str:
    """Which client makes the load."""
    return "wrk" if shutil.which("wrk") else "bench's own client, which takes more of the machine than wrk"


def serve(url: str, cookie: str, seconds: float) -> Served:
    """Ask `url` over and over on eight kept connections for some seconds."""
    if urlsplit(url).hostname != "127.0.0.1" or not 0 < seconds <= LONGEST:
        raise ValueError("Only this machine, and not for long.")
    return _wrk(url, cookie, seconds) if shutil.which("wrk") else _own(url, cookie, seconds)


def _wrk(url: str, cookie: str, seconds: float) -> Served:
    words = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-H", f"Cookie: {cookie}", url]
    said = subprocess.run(["wrk", *words], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
    rate = re.search(r"Requests/sec:\s*([\d.]+)", said)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Served(float(rate[1]) if rate else 0.0, int(bad[1]) if bad else 0)


def _own(url: str, cookie: str, seconds: float) -> Served:
    counts: list[tuple[int, int]] = []
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=lambda: counts.append(_ask(url, cookie, end))) for _ in range(CONNECTIONS)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    return Served(sum(done for done, _ in counts) / took, sum(bad for _, bad in counts))


def _ask(url: str, cookie: str, end: float) -> tuple[int, int]:
    """One connection's answers and how many of them were no success."""
    parts, done, bad = urlsplit(url), 0, 0
    link = HTTPConnection("127.0.0.1", parts.port or 80, timeout=10)
    while time.monotonic() < end:
        link.request("GET", f"{parts.path}?{parts.query}", headers={"Cookie": cookie})
        answer = link.getresponse()
        answer.read()
        done, bad = done + 1, bad + (answer.status >= 300)
    link.close()
    return done, bad
