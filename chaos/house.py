"""The product as a person or a script uses it: through the verbs, and through `manage.py activate`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import ground
from config.supervisor.tether import tethered

Pair = tuple[str, str]
PATIENCE = 60.0


class NoAnswer(RuntimeError):
    """The product did not take a question in time."""


class House:
    """Questions to `chaos.inside`; one that fails (the database is away) is asked again for a minute."""

    def __init__(self, child: subprocess.Popen[str], env: Mapping[str, str], folder: Path) -> None:
        self.child, self.env, self.folder = child, env, folder

    def ask(self, verb: str, *, patience: float = PATIENCE, **given: Any) -> Any:
        end = time.monotonic() + patience
        while True:
            said = self._once(verb, given)
            if "answer" in said:
                return said["answer"]
            if time.monotonic() > end:
                raise NoAnswer(f"{verb}: {said['error']}")
            time.sleep(0.3)

    def _once(self, verb: str, given: dict[str, Any]) -> dict[str, Any]:
        if self.child.stdin is None or self.child.stdout is None:
            raise NoAnswer("No pipe.")
        self.child.stdin.write(json.dumps({"verb": verb, "with": given}) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise NoAnswer(f"The process that asks has ended: see {self.folder / 'inside.out'}")
        return dict(json.loads(line))

    def activate(self, slug: str, pairs: Sequence[Pair], token: str) -> Command:
        """`manage.py activate --pairs`, running beside us."""
        listed = self.folder / f"pairs-{slug}-{token}.tsv"
        listed.write_text("".join(f"{dataflow}\t{audience}\n" for dataflow, audience in pairs))
        words = ["activate", "--workspace", slug, "--pairs", str(listed), "--press", token, "--json"]
        child = subprocess.Popen(  # noqa: S603 - our own command, no shell
            tethered([sys.executable, "manage.py", *words]), cwd=ground.BASE_DIR, env=dict(self.env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return Command(child, token, tuple(pairs))


class Command:
    """One run of `manage.py activate`."""

    def __init__(self, child: subprocess.Popen[str], token: str, pairs: tuple[Pair, ...]) -> None:
        self.child, self.token, self.pairs = child, token, pairs

    def answer(self) -> dict[str, Any] | None:
        """The JSON it printed; None when it ended without one (killed, database away)."""
        try:
            said, _ = self.child.communicate(timeout=PATIENCE)
            return dict(json.loads(said.strip().splitlines()[-1]))
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()
        except (ValueError, IndexError):
            pass
        return None


@contextmanager
def house(env: Mapping[str, str], folder: Path) -> Iterator[House]:
    """The process beside the stack that asks."""
    with (folder / "inside.out").open("a") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own module, no shell
            tethered([sys.executable, "-m", "chaos.inside"]), cwd=ground.BASE_DIR, env=dict(env),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    try:
        yield House(child, env, folder)
    finally:
        child.kill()
        child.communicate()
