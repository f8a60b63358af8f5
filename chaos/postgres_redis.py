"""The production stack: PostgreSQL, Redis, two workers and two beats, each a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import ground
from chaos.island import Island, island
from chaos.processes import Process, until

PG = Path("/usr/lib/postgresql/15/bin")
PATIENCE = 60.0
MODULES = {
    "worker": "config.worker",
    "worker2": "config.worker",
    "beat": "config.beat",
    "beat2": "config.beat",
}


def missing() -> str:
    """What this machine lacks for the stack, in words; empty when it has everything."""
    lacks = [] if (PG / "initdb").exists() else ["PostgreSQL 15 (apt: postgresql-15)"]
    lacks += [] if shutil.which("redis-server") else ["Redis (apt: redis-server)"]
    return " and ".join(lacks)


class Postgres:
    """A server of our own in a scratch folder. It refuses to run as root, so there it is user postgres."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "pg"
        (self.port,) = ground.spare_ports(1)

    def _run(self, program: str, *words: str) -> None:
        become = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        )
        subprocess.run(  # noqa: S603 - our own command lines, no shell
            [*become, str(PG / program), "-D", str(self.data), *words],
            cwd="/", check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _control(self, *words: str) -> None:
        options = f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self.data / "log"), "-o", options, *words)

    def start(self) -> None:
        self.data.parent.chmod(0o755)
        self.data.mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self._control("start")

    def restart(self) -> None:
        """As a crash: no connection is asked to end, recovery replays the log."""
        self._control("-m", "immediate", "restart")

    def stop(self) -> None:
        self._run("pg_ctl", "-m", "immediate", "stop")

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"


class Services:
    """All processes of the production stack but the web servers, whose verbs the harness calls itself."""

    name = "services"
    parts = ("worker", "worker2", "beat", "beat2", "broker")

    def __init__(
        self, folder: Path, postgres: Postgres, broker: Process, port: int, env: dict[str, str]
    ) -> None:
        self.folder, self.postgres, self.env = folder, postgres, env
        self.redis_port = port
        self.processes = {
            name: Process(name, [sys.executable, "-m", module], env, folder / f"{name}.out")
            for name, module in MODULES.items()
        }
        self.processes["broker"] = broker
        self.island: Island | None = None

    def kill(self, part: str) -> None:
        self.processes[part].kill()

    def freeze(self, part: str) -> None:
        self.processes[part].tell(signal.SIGSTOP)

    def thaw(self, part: str) -> None:
        self.processes[part].tell(signal.SIGCONT)

    def double(self, part: str) -> None:
        """There are two of each already."""
        self.processes[f"{part}2"].start()

    def revive(self) -> None:
        """Start again whatever was killed, the broker first."""
        self.processes["broker"].start()
        until(lambda: ground.listens(self.redis_port), PATIENCE, "Redis listens")
        for process in self.processes.values():
            process.tell(signal.SIGCONT)
            process.start()

    def settle_on(self, place: Island) -> None:
        """A third worker, on a host whose cable can be cut."""
        self.island = place
        command = place.inside([sys.executable, "-m", "config.worker"])
        self.processes["worker3"] = Process("worker3", command, self.env, self.folder / "worker3.out").start()

    def cut_off(self) -> bool:
        """Cut the third worker's cable; False where there is none."""
        if self.island is not None:
            self.island.cut()
        return self.island is not None

    def mend(self) -> None:
        if self.island is not None:
            self.island.mend()

    def flush(self) -> None:
        import redis

        if ground.listens(self.redis_port):
            redis.Redis(port=self.redis_port).flushall()

    def restart_database(self) -> None:
        self.postgres.restart()


@contextmanager
def services(settings: dict[str, str], simulator_port: int) -> Iterator[Services]:
    """Start everything in a scratch folder; gone with everything in it afterwards."""
    with ground.scratch() as folder:
        postgres = Postgres(folder)
        postgres.start()
        (port,) = ground.spare_ports(1)
        words = [
            "redis-server",
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(folder),
            "--save",
            "",
        ]
        broker = Process("broker", [*words, "--appendonly", "no"], os.environ, folder / "redis.out").start()
        urls = {"DATABASE_URL": postgres.url, "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        env = ground.environment(folder, **urls, **ground.keys(), CELERY_SKIP_CHECKS="1", **settings)
        stack = Services(folder, postgres, broker, port, env)
        try:
            until(lambda: ground.listens(port), PATIENCE, "Redis listens")
            migrate = [
                sys.executable,
                "manage.py",
                "migrate",
                "--no-input",
                "--verbosity",
                "0",
                "--skip-checks",
            ]
            subprocess.run(migrate, cwd=ground.BASE_DIR, env=env, check=True)  # noqa: S603 - no shell
            stack.revive()
            with island(folder, env, [postgres.port, port, simulator_port]) as place:
                if place is not None:
                    stack.settle_on(place)
                yield stack
        finally:
            for process in reversed(stack.processes.values()):
                process.end()
            postgres.stop()
