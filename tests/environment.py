"""The environment of a test run, set before Django's settings load (`-p tests.environment`).

Everything lives in a fresh temporary VAR_DIR, so a demo that runs beside the tests is never touched.
`DATABASE_URL` and `REDIS_URL` of the caller are respected (`make test-services`); without them SQLite and
an embedded Valkey are used, which end with this process.

Test processes beside each other (`-n`) share nothing: each has its own folder, and its own database of a given
server. pytest-django names the test database after the process.
"""

from __future__ import annotations

import atexit
import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from config.supervisor.broker import Broker  # noqa: E402
from config.supervisor.tether import tethered  # noqa: E402

# Tests flush the database they use: never the one that a real stack keeps its work in.
# Redis has the databases 0 to 15; a process takes two, from the end.
REDIS_DATABASES = 16
# Which of the test processes beside each other this is, from 0.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# The caller's own REDIS_URL, for the processes that this one starts to test beside it.
GIVEN = "TESTS_REDIS_URL"


def of_our_own(url: str, *, journeys: bool = False) -> str:
    """The same Redis server, but a database that only this process's tests use; the journeys have another."""
    number = REDIS_DATABASES - 1 - 2 * PROCESS - journeys
    if number < 1:
        raise RuntimeError("One Redis server has room for 7 test processes beside each other (-n 7).")
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def start_broker(folder: Path) -> str:
    """Start an embedded server that ends with this process; return its URL."""
    broker = Broker.in_folder(folder)
    server = subprocess.Popen(tethered(broker.prepare()))
    atexit.register(server.wait)
    atexit.register(server.kill)
    if not broker.wait():
        raise RuntimeError(
            "The embedded Valkey for the tests did not answer; set REDIS_URL to another server."
        )
    return broker.url


def prepare() -> None:
    """Point every variable that settings read at this run's own folder and keys."""
    # Short on purpose: a Unix socket's path may not be longer than about 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="aod-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    given = os.environ.setdefault(GIVEN, os.environ.get("REDIS_URL", ""))
    os.environ |= {
        "VAR_DIR": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(40),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DEMO": "1",
        "REDIS_URL": of_our_own(given) if given else start_broker(folder / "valkey"),
    }
    for name in (
        "DEBUG",
        "SECURE",
        "BEHIND_PROXY",
        "TIME_ZONE",
        "SITE_LANGUAGE",
        "ALLOWED_HOSTS",
        "BROKER_URL",
        "DEMO_PASSWORD",
    ):
        os.environ.pop(name, None)


prepare()
