"""The environment of a test run, set before Django's settings load (`-p tests.environment`).

Everything lives in a fresh temporary VAR_DIR, so a demo that runs beside the tests is never touched.
`DATABASE_URL` and `REDIS_URL` of the caller are respected (`make test-services`); without them SQLite and
an embedded Valkey are used, which end with this process.
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
TEST_REDIS_DATABASE = 13


def of_our_own(url: str) -> str:
    """The same Redis server, but a database that only tests use."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{TEST_REDIS_DATABASE}"))


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
    given = os.environ.get("REDIS_URL")
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
        "ALLOWED_HOSTS",
        "BROKER_URL",
        "DEMO_PASSWORD",
    ):
        os.environ.pop(name, None)


prepare()
