"""The lease of a job: renewed while its sender is in its call."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

from activations.models import Job
from audiences import clock
from audiences.lease import LEASE, RENEW_EVERY, kept

__all__ = ["LEASE", "renewed"]


def renewed(job: Job, *, every: timedelta = RENEW_EVERY) -> AbstractContextManager[None]:
    """Keep `job`'s lease from ending while the block runs."""
    rows = Job.objects.filter(pk=job.pk, outcome=Job.Outcome.SENDING)
    return kept(lambda: rows.update(lease_until=clock.now() + LEASE), f"job-{job.pk}", every=every)
