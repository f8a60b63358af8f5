"""A sender's sign of life: while it is in its call, its lease is renewed; when it dies, the lease ends soon.

A call may take minutes (token, POST, both again after a 401, slow bodies), so no fixed lease is both safe and
short: one that ends under a living sender would send what it sends a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=settings.SENDER_LEASE)
RENEW_EVERY = LEASE / 3


@contextmanager
def kept(renew: Callable[[], object], name: str, *, every: timedelta = RENEW_EVERY) -> Iterator[None]:
    """Call `renew` again and again while the block runs, until it answers that nothing is left to renew."""
    over = Event()
    Thread(target=_renew, args=(renew, name, over, every), daemon=True, name=f"lease-{name}").start()
    try:
        yield
    finally:
        over.set()


def _renew(renew: Callable[[], object], name: str, over: Event, every: timedelta) -> None:
    while not over.wait(every.total_seconds()):
        try:
            if not renew():
                return
        except DatabaseError as error:
            # It may be back before the lease ends: one failure must not end a living sender's lease.
            log.warning("A sender's lease could not be renewed.", lease=name, error=type(error).__name__)
        finally:
            connection.close()
