"""`/readyz`: whether database, broker, beat and worker do their part, asked all at once and within 3 s."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import JsonResponse

BEAT_KEY = "config:beat-tick"
WORKER_KEY = "config:worker-seen"
PULSE_KEY = "config:worker-pulse"
# Beat publishes every 2 s and the worker's heartbeat comes every 5 s; this much silence is a failure.
LONGEST_SILENCE = 30.0
DEADLINE = 2.5


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the stack answered, in one sentence."""

    ok: bool
    says: str


def note(key: str) -> None:
    """Write down that the part behind `key` lives now. Read by every web process, so in the shared cache."""
    cache.set(key, time.time(), timeout=None)


def database() -> Part:
    """Ask the database for nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
    return Part(True, "The database answers.")


def broker() -> Part:
    """Open a channel to Celery's broker, once, without its patient retries."""
    from config.celery import app

    with app.connection_for_write(connect_timeout=1) as link:
        link.ensure_connection(max_retries=1, interval_start=0)
        channel: Any = link.channel()
        channel.close()
    return Part(True, "The broker answers.")


def beat() -> Part:
    """When beat last published a tick."""
    return heard(BEAT_KEY, "Beat ticked", "Beat has not ticked")


def worker() -> Part:
    """When a worker last ran the heartbeat task; of a silent beat there is none, then its bare pulse counts."""
    working = heard(WORKER_KEY, "A worker was seen", "No worker was seen")
    if working.ok or beat().ok:
        return working
    pulse = heard(PULSE_KEY, "Beat gives it nothing to do; a worker was connected", "No worker was connected")
    return pulse if pulse.ok else working


def heard(key: str, lives: str, silent: str) -> Part:
    """Judge the age of a part's last sign of life."""
    seen = cache.get(key)
    if seen is None:
        return Part(False, f"{silent} yet.")
    age = max(0.0, time.time() - seen)
    if age > LONGEST_SILENCE:
        return Part(False, f"{silent} for {age:.0f} s.")
    return Part(True, f"{lives} {age:.0f} s ago.")


PARTS: dict[str, Callable[[], Part]] = {
    "database": database,
    "broker": broker,
    "beat": beat,
    "worker": worker,
}


def ask() -> dict[str, Part]:
    """Ask every part at the same time; who fails or is late is not ok. Errors are named by class only."""
    pool = ThreadPoolExecutor(len(PARTS), thread_name_prefix="readiness")
    answers = {name: pool.submit(question) for name, question in PARTS.items()}
    wait(answers.values(), timeout=DEADLINE)
    pool.shutdown(wait=False, cancel_futures=True)
    found: dict[str, Part] = {}
    for name, answer in answers.items():
        if not answer.done():
            found[name] = Part(False, f"The {name} did not answer within {DEADLINE} s.")
        elif error := answer.exception():
            found[name] = Part(False, f"The {name} could not be asked ({type(error).__name__}).")
        else:
            found[name] = answer.result()
    return found


def ready() -> JsonResponse:
    """The answer of `/readyz`: 200 when all parts are ok, else 503 naming those that are not."""
    parts = ask()
    failing = [name for name, part in parts.items() if not part.ok]
    return JsonResponse(
        {
            "ready": not failing,
            "failing": failing,
            "parts": {name: {"ok": part.ok, "says": part.says} for name, part in parts.items()},
        },
        status=503 if failing else 200,
        headers={"Cache-Control": "no-store"},
    )
