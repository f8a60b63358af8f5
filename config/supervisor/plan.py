"""What the stack is made of: its settings, read and checked, and the command line of each process."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.environment import BASE_DIR, VARIABLES, read, var_dir
from config.supervisor.ground import Refused

DEMO_DATAFLOWS = 12
DEMO_AUDIENCES = 120
DEMOS = ("lived-in", "fresh", "empty")
# What commands beside a running stack need to find the same database and broker.
SHARED_VARIABLES = ("DATABASE_URL", "BROKER_URL", "PORT", "SIM_PORT", "BIND")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the stack is to be started: the checked environment plus `--demo`: "" or one of DEMOS."""

    folder: Path
    demo: str
    bind: str
    port: int
    simulator_port: int
    redis_url: str | None
    web_workers: int

    @classmethod
    def from_environment(cls, *, demo: str) -> Plan:
        """Read every variable, so that a malformed one stops the start here. Raises Refused."""
        try:
            values = {variable.name: read(variable.name) for variable in VARIABLES}
        except ImproperlyConfigured as error:
            raise Refused(str(error)) from error
        for name, most in (
            ("PORT", 65535),
            ("SIM_PORT", 65535),
            ("WEB_WORKERS", 64),
            ("WORKER_THREADS", 256),
        ):
            if not 1 <= values[name] <= most:
                raise Refused(f"Environment variable {name} is malformed: {values[name]} is not in 1…{most}.")
        plan = cls(
            folder=var_dir(),
            demo=demo or (DEMOS[0] if values["DEMO"] else ""),
            bind=values["BIND"],
            port=values["PORT"],
            simulator_port=values["SIM_PORT"],
            redis_url=values["REDIS_URL"] or None,
            web_workers=values["WEB_WORKERS"],
        )
        if plan.demo and not plan.on_loopback:
            raise Refused(
                f"Demo mode has known logins and stays on this machine: BIND={plan.bind} is public."
            )
        return plan

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the web server."""
        return self.bind in ("localhost", "::1") or self.bind.startswith("127.")

    @property
    def address(self) -> str:
        """Where people open the dashboard."""
        host = f"[{self.bind}]" if ":" in self.bind else self.bind
        return f"http://{host}:{self.port}/"

    def shared(self, redis_url: str) -> dict[str, str]:
        """The environment that every process of the stack and every command beside it has in common."""
        given = {name: os.environ[name] for name in SHARED_VARIABLES if os.environ.get(name)}
        return {**given, "REDIS_URL": redis_url, "DEMO": str(int(bool(self.demo)))}

    def environment(self, redis_url: str) -> dict[str, str]:
        """The environment of the children."""
        return {
            **os.environ,
            **self.shared(redis_url),
            "VAR_DIR": str(self.folder),
            "SITE_URL": os.environ.get("SITE_URL") or self.address,
            "PYTHONUNBUFFERED": "1",
            "TETHERED": "1",
            # Checks load every page's code; they belong to tests and `make check`, not to each process.
            "CELERY_SKIP_CHECKS": "1",
            # glibc keeps an arena per thread; two are enough here and save tens of megabytes.
            "MALLOC_ARENA_MAX": "2",
        }

    def manage(self, *words: str) -> list[str]:
        """A Django command."""
        return [sys.executable, str(BASE_DIR / "manage.py"), *words]

    def demo_command(self) -> list[str]:
        """What makes the demo workspaces, their logins and, as asked for, a past."""
        more = {"lived-in": ["--past"], "empty": ["--empty"]}.get(self.demo, [])
        return self.manage("demo", "--skip-checks", *more)

    def simulator(self) -> list[str]:
        """The stand-in for the platforms."""
        sizes = ["--dataflows", str(DEMO_DATAFLOWS), "--audiences", str(DEMO_AUDIENCES)]
        return [sys.executable, "-m", "simulator", "--port", str(self.simulator_port), *sizes]

    def web(self) -> list[str]:
        """The web server."""
        options = {
            "--interface": "wsgi",
            "--host": self.bind,
            "--port": str(self.port),
            "--workers": str(self.web_workers),
            "--blocking-threads": "2",
            "--workers-kill-timeout": "2",
            "--log-level": "warning",
        }
        pairs = [word for pair in options.items() for word in pair]
        return [
            sys.executable,
            "-m",
            "granian",
            *pairs,
            "--no-ws",
            "--respawn-failed-workers",
            "config.wsgi:application",
        ]

    def worker(self) -> list[str]:
        """The Celery worker."""
        return [sys.executable, "-m", "config.worker"]

    def beat(self) -> list[str]:
        """The Celery beat."""
        return [sys.executable, "-m", "config.beat"]
