"""The wiring's own tasks: signs of life that `/readyz` reads, a worker's and beat's told apart."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from celery.signals import beat_embedded_init, beat_init, before_task_publish

from config import readiness

# Seconds between two notes of the same beat; it publishes more often than that.
NOTE_EVERY = 2.0


@shared_task(name="config.tasks.heartbeat")
def heartbeat() -> None:
    """A worker that runs this lives."""
    readiness.note(readiness.WORKER_KEY)


@beat_init.connect
@beat_embedded_init.connect
def listen_in_beat(**_: Any) -> None:
    """In the beat process only: every published tick is beat's own sign of life, worker or no worker."""
    before_task_publish.connect(note_tick, weak=False)


_noted = 0.0


def note_tick(**_: Any) -> None:
    """Note that beat lives. A cache that is away must not keep beat from publishing."""
    global _noted  # noqa: PLW0603 - one beat per process
    now = time.monotonic()
    if now - _noted >= NOTE_EVERY:
        _noted = now
        readiness.note(readiness.BEAT_KEY)
