"""What time it is for leases and due times: the database's clock, which all hosts share.

A moment that one host writes is compared by whichever host comes by; were it each host's own clock, one that
is an hour ahead would take every living sender for dead. SQLite lives on one host, whose clock it has.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

Clock = Callable[[], datetime]


def now() -> datetime:
    """This moment; on PostgreSQL one short question, which is the price of many hosts."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        # Not now(): within a transaction that stands still.
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def ticking() -> Clock:
    """A clock for one task: it asks once, and then counts the seconds that pass on this host."""
    began, first = time.monotonic(), now()
    return lambda: first + timedelta(seconds=time.monotonic() - began)
