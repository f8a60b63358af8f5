"""PostgreSQL and Redis for the journeys when the run was given them (`make test-services`).

The journeys are the only tests in which web, worker, beat and two people use the same database at once, so
they are worth most on the services that production has: they get a database of their own, made and dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from tests.environment import GIVEN, PROCESS, of_our_own

DATABASE = f"activate_journeys_{PROCESS}"


@contextmanager
def own_services() -> Iterator[dict[str, str]]:
    """Environment of the stack: nothing on an embedded run, else a fresh database and an empty Redis."""
    database = os.environ.get("DATABASE_URL", "")
    if not database.startswith("postgres"):
        yield {}
        return
    import psycopg
    import redis

    mine = of_our_own(os.environ[GIVEN], journeys=True)
    store = redis.Redis.from_url(mine)
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
        store.flushdb()
        try:
            yield {
                "DATABASE_URL": urlunsplit(urlsplit(database)._replace(path=f"/{DATABASE}")),
                "REDIS_URL": mine,
            }
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            store.flushdb()
