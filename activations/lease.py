"""A sender's sign of life: while it is in its call, its job's lease is renewed; when it dies, it ends soon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from activations.models import Job
from audiences import clock

log = structlog.get_logger(__name__)

# A call may take minutes (token, POST, both again after a 401, slow bodies), so no fixed lease is both
# safe and short: one that ends under a living sender would send its deliveries a second time.
LEASE = timedelta(seconds=settings.SENDER_LEASE)
RENEW_EVERY = LEASE / 3


@contextmanager
def renewed(job: Job, *, every: timedelta = RENEW_EVERY) -> Iterator[None]:
    """Keep `job`'s lease from ending while the block runs."""
    over = Event()
    Thread(target=_renew, args=(job.pk, over, every), daemon=True, name=f"lease-{job.pk}").start()
    try:
        yield
    finally:
        over.set()


def _renew(job_id: int, over: Event, every: timedelta) -> None:
    while not over.wait(every.total_seconds()):
        try:
            rows = Job.objects.filter(pk=job_id, outcome=Job.Outcome.SENDING)
            if not rows.update(lease_until=clock.now() + LEASE):
                return
        except DatabaseError as error:
            # It may be back before the lease ends: one failure must not end a living sender's lease.
            log.warning("A sender's lease could not be renewed.", job=job_id, error=type(error).__name__)
        finally:
            connection.close()
