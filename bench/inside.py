"""Runs a function within Django in a process of its own, on a scratch database and broker, and brings back
what it returns. A process of its own, because Django knows one database and one set of settings a process.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import ground


class Failed(RuntimeError):
    """The function ended badly; the text has its last words."""


def ask(part: str, function: str, **arguments: Any) -> Any:
    """Call `bench.<part>.<function>(folder, **arguments)` within Django; arguments and answer are plain JSON."""
    with ground.scratch() as folder, ground.broker(folder) as redis_url:
        env = ground.environment(folder, REDIS_URL=redis_url, MALLOC_ARENA_MAX="2", **ground.keys())
        answer = folder / "answer.json"
        words = [part, function, json.dumps(arguments), str(answer)]
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "bench.inside", *words],
            cwd=ground.BASE_DIR, env=env, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(done.stderr[-3000:])
        return json.loads(answer.read_text())


def main(part: str, function: str, arguments: str, answer: str) -> None:
    """The process: set Django up, migrate, call, write the answer down."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    found = getattr(importlib.import_module(f"bench.{part}"), function)
    path = Path(answer)
    path.write_text(json.dumps(found(path.parent, **json.loads(arguments))))


if __name__ == "__main__":
    main(*sys.argv[1:])
