"""`manage.py up` with real processes: what starts, what is refused, what comes back, what is left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from tests.config.stack import Stack, eventually
from tests.environment import ROOT

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only"),
]
Stacks = Callable[..., Stack]


def test_demo_works(stacks: Stacks) -> None:
    stack = stacks(DEMO_PASSWORD="a-long-demo-password").start("--demo").until_ready()
    assert stack.get("/healthz") == 200
    assert eventually(lambda: stack.get("/readyz") == 200), stack.output
    assert f"http://127.0.0.1:{stack.port}/" in stack.output
    for word in ("marketer", "admin", "a-long-demo-password"):
        assert word in stack.output
    assert stack.stop() < 5
    assert not stack.orphans()
    assert "Traceback" not in stack.output


def test_random_demo_password_is_printed_and_kept(stacks: Stacks) -> None:
    first = stacks().start("--demo").until_ready()
    first.stop()
    logins = [line for line in first.output.splitlines() if "Sign in as" in line]
    assert len(logins) == 2
    again = stacks().start("--demo").until_ready()
    assert [line for line in again.output.splitlines() if "Sign in as" in line] == logins


def test_second_start_on_the_same_folder_is_refused(standing: Stack, stacks: Stacks) -> None:
    said = stacks(VAR_DIR=str(standing.folder)).refusal()
    assert said.count("\n") == 1
    assert "Another stack already runs" in said
    assert standing.get("/healthz") == 200
    assert (standing.folder / "stack.env").exists()


@pytest.mark.parametrize("name", ["PORT", "SIM_PORT"])
def test_busy_port_is_named_before_anything_starts(stacks: Stacks, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = stacks(**{name: str(port)})
        said = stack.refusal("--demo")
    assert said == f"Cannot start: Port {port} is busy: stop what uses it, or set {name}.\n"
    assert not (stack.folder / "secrets.env").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"BIND": "0.0.0.0"}, "BIND=0.0.0.0 is public"),
        ({"PORT": "http"}, "Environment variable PORT is malformed"),
        ({"PORT": "70000"}, "Environment variable PORT is malformed"),
        ({"SECURE": "ture"}, "Environment variable SECURE is malformed"),
        ({"BIND": "not an address"}, "see PORT"),
    ],
)
def test_bad_environment_is_refused_in_one_line(stacks: Stacks, changes: dict[str, str], said: str) -> None:
    words = ["--demo"] if changes.get("BIND") == "0.0.0.0" else []
    answer = stacks(**changes).refusal(*words)
    assert said in answer
    assert answer.count("\n") == 1


def test_failing_migration_is_shown_and_ends_everything(stacks: Stacks) -> None:
    stack = stacks(DATABASE_URL="sqlite:////no/such/folder/db.sqlite3")
    said = stack.refusal()
    assert "migrate   |" in said
    assert said.rstrip().endswith("its words are above.")
    assert not stack.orphans()


def test_files_are_private_and_keys_are_made_once(stacks: Stacks) -> None:
    stack = stacks().start().until_ready()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in stack.folder.iterdir()}
    assert stat.S_IMODE(stack.folder.stat().st_mode) == 0o700
    assert (modes["secrets.env"], modes["stack.env"], modes["db.sqlite3"]) == (0o600, 0o600, 0o600)
    assert stat.S_IMODE((stack.folder / "valkey" / "valkey.sock").stat().st_mode) == 0o700
    keys = (stack.folder / "secrets.env").read_text()
    stack.stop()
    assert not (stack.folder / "stack.env").exists()
    again = stacks().start().until_ready()
    assert (again.folder / "secrets.env").read_text() == keys


def test_command_beside_the_stack_finds_database_and_broker(standing: Stack) -> None:
    ask = "from django.conf import settings as s; print(s.REDIS_URL, s.DATABASES['default']['NAME'])"
    environment = {
        name: value for name, value in standing.environment.items() if name not in ("PORT", "SIM_PORT")
    }
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", ask]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [
        f"unix://{standing.folder}/valkey/valkey.sock",
        str(standing.folder / "db.sqlite3"),
    ]


def test_long_folder_uses_a_port_with_a_password(stacks: Stacks) -> None:
    stack = stacks("v" * 120).start().until_ready()
    assert eventually(lambda: stack.get("/readyz") == 200), stack.output
    url = (stack.folder / "stack.env").read_text().split("REDIS_URL=")[1].splitlines()[0]
    password = url.split(":")[2].partition("@")[0]
    assert len(password) >= 32
    assert all(password not in " ".join(process.cmdline()) for process in stack.look())
    assert password not in stack.output


def test_killed_children_come_back(stack: Stack) -> None:
    for word in ("granian", "config.worker", "config.beat", "valkey-server"):
        assert eventually(lambda: stack.get("/readyz") == 200, 40), stack.output
        killed = stack.find(word)
        assert killed is not None
        killed.kill()
        assert eventually(lambda killed=killed, word=word: stack.find(word) not in (None, killed)), (
            stack.output
        )
    assert eventually(lambda: stack.get("/readyz") == 200, 40), stack.output
    assert stack.output.count("was ended by SIGKILL; again in 1 s") == 4
    assert stack.stop() < 5
    assert not stack.orphans()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stops_within_five_seconds_and_leaves_nobody(stack: Stack, how: signal.Signals) -> None:
    assert stack.stop(how) < 5
    assert stack.process is not None
    assert stack.process.returncode == 0
    assert not stack.orphans()


def test_stops_while_it_starts(stacks: Stacks) -> None:
    stack = stacks().start()
    assert eventually(lambda: len(stack.look()) >= 2)
    assert stack.stop() < 5
    assert not stack.orphans()


def test_killed_supervisor_leaves_nobody(stack: Stack) -> None:
    assert len(stack.look()) >= 5
    stack.stop(signal.SIGKILL)
    assert eventually(lambda: not stack.orphans(), 3), stack.orphans()


def test_start_after_a_kill_works(stack: Stack, stacks: Stacks) -> None:
    stack.stop(signal.SIGKILL)
    assert eventually(lambda: not stack.orphans(), 3)
    assert eventually(lambda: stacks().start().until_ready().get("/healthz") == 200)


def test_tied_stack_ends_with_its_starter(stacks: Stacks) -> None:
    # A shell that waits, as make does; `exit` keeps it from becoming the command itself.
    stack = stacks().start("--with-parent", before=("/bin/sh", "-c", '"$@"; exit $?', "sh")).until_ready()
    assert len(stack.look()) >= 6
    os.kill(stack.pid, signal.SIGKILL)
    assert eventually(lambda: not stack.orphans(), 6), stack.orphans()


def test_stack_uses_given_services(stacks: Stacks) -> None:
    stack = stacks(REDIS_URL=os.environ["REDIS_URL"]).start().until_ready()
    assert not any("valkey-server" in " ".join(child.cmdline()) for child in stack.look())
    assert eventually(lambda: stack.get("/readyz") == 200), stack.output


def test_supervisor_is_small(standing: Stack) -> None:
    assert psutil.Process(standing.pid).memory_info().rss < 25 * 2**20
