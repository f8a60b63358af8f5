"""The story of `manage.py up`: ground, broker, migrate, simulator, demo, web, worker, beat, and the end."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

from config.supervisor import ground
from config.supervisor.broker import Broker
from config.supervisor.ground import Refused
from config.supervisor.plan import DEMOS, Plan
from config.supervisor.processes import Crew, say
from config.supervisor.tether import die_with

PATIENCE = 30.0
# What `manage.py demo` prints for people, among the lines it logs.
FOR_PEOPLE = ("Sign in as", "To enter:")
# Together under five seconds, even when a worker's thread hangs in a call to a platform.
ENDING = [(["web", "beat", "worker"], 3.0), (["simulator"], 0.7), (["valkey"], 1.0)]


def main(arguments: list[str]) -> int:
    """Run the stack until it is told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start the whole stack and watch it.")
    parser.add_argument(
        "--demo", nargs="?", const="lived-in", choices=DEMOS,
        help="with simulator, demo workspaces and demo logins: lived-in (the default), fresh (nothing was ever "
        "pressed) or empty (no workspace: the first steps are yours)",
    )  # fmt: skip
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when the starting process dies (Linux)"
    )
    options = parser.parse_args(arguments)
    if options.with_parent:
        die_with(os.getppid(), signal.SIGTERM)
    try:
        return run(Plan.from_environment(demo=options.demo or ""))
    except Refused as refusal:
        print(f"Cannot start: {refusal}", file=sys.stderr)
        return 1


def run(plan: Plan) -> int:
    """Start everything of the plan on locked ground, tend it, end it."""
    os.umask(0o077)  # database, broker data and keys are nobody else's
    with ExitStack() as kept:
        kept.enter_context(ground.lock(plan.folder))
        check_ports(plan)
        ground.make_secrets(plan.folder, demo=bool(plan.demo))
        broker = None if plan.redis_url else Broker.in_folder(plan.folder / "valkey")
        redis_url = broker.url if broker else str(plan.redis_url)
        note = plan.folder / "stack.env"
        ground.write_environment(note, plan.shared(redis_url))
        kept.callback(note.unlink, missing_ok=True)
        crew = Crew(plan.environment(redis_url))
        crew.listen()
        kept.callback(crew.stop, ENDING)
        start(plan, crew, broker)
        while not crew.stopping:
            crew.tend(3600)
        say("up", "stopping")
    return 0


def check_ports(plan: Plan) -> None:
    """See that the ports are free before anything is started. Raises Refused."""
    with ExitStack() as held:
        held.enter_context(ground.hold_port("PORT", plan.bind, plan.port))
        if plan.demo:
            held.enter_context(ground.hold_port("SIM_PORT", "127.0.0.1", plan.simulator_port))


def start(plan: Plan, crew: Crew, broker: Broker | None) -> None:
    """Start the processes in order, each when what it needs is there. Raises Refused."""
    began = time.monotonic()
    if broker:
        crew.start("valkey", broker.prepare())
    if plan.demo:
        crew.start("simulator", plan.simulator())
    if broker:
        wait(crew, "valkey", broker.answers)
    once(crew, "migrate", plan.manage("migrate", "--no-input", "--verbosity", "0", "--skip-checks"))
    logins: list[str] = []
    if plan.demo:
        wait(crew, "simulator", lambda: answers("127.0.0.1", plan.simulator_port))
        logins = [
            line for line in once(crew, "demo", plan.demo_command()) if line.strip().startswith(FOR_PEOPLE)
        ]
    crew.start("web", plan.web())
    crew.start("worker", plan.worker())
    crew.start("beat", plan.beat())
    wait(crew, "web", lambda: answers(plan.bind, plan.port))
    if crew.stopping:
        return
    say("up", f"ready after {time.monotonic() - began:.1f} s; Ctrl-C stops everything")
    say("", f"\n  Activate on-demand: {plan.address}")
    for line in logins or ["First login: python manage.py createsuperuser"]:
        say("", f"  {line.strip()}")
    say("", "")


def once(crew: Crew, name: str, command: list[str]) -> list[str]:
    """Run a command to its end and return its output; shows it and raises Refused when the command fails."""
    lines: list[str] = []
    code = crew.run(name, command, lines.append)
    if code and not crew.stopping:
        for line in lines:
            say(name, line)
        raise Refused(f"`manage.py {name}` failed; its words are above.")
    return lines


def wait(crew: Crew, name: str, ready: Callable[[], bool]) -> None:
    """Tend the crew until one of it answers. Raises Refused when it does not in time."""
    end = time.monotonic() + PATIENCE
    while not crew.stopping and not ready():
        if time.monotonic() > end:
            raise Refused(f"{name} did not answer within {PATIENCE:.0f} s.")
        crew.tend(0.05)


def answers(host: str, port: int) -> bool:
    """Whether something speaks HTTP there. By hand, because http.client would bring TLS into this process."""
    try:
        with socket.create_connection((host, port), timeout=2) as link:
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return link.recv(16).startswith(b"HTTP/1.")
    except OSError:
        return False
