"""The wiring's own tasks: signs of life that `/readyz` reads, a worker's and beat's told apart."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from celery.signals import beat_embedded_init, beat_init, before_task_publish, heartbeat_sent

from config import readiness

# Seconds between two notes of the same process; beat publishes and a worker's heart beats as often or oftener.
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


_noted: dict[str, float] = {}


def note_tick(**_: Any) -> None:
    """Note that beat lives. A cache that is away must not keep beat from publishing."""
    _note_now_and_then(readiness.BEAT_KEY)


@heartbeat_sent.connect
def note_pulse(**_: Any) -> None:
    """Note that a worker is connected to the broker, whether or not there is work."""
    _note_now_and_then(readiness.PULSE_KEY)


def _note_now_and_then(key: str) -> None:
    now = time.monotonic()
    if now - _noted.get(key, -NOTE_EVERY) >= NOTE_EVERY:
        _noted[key] = now
        readiness.note(key)
