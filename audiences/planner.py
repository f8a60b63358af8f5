"""Fresh figures for PostgreSQL's planner.

It learns how full a table is from its own housekeeping, which comes by about once a minute. After the first sync of
thousands of rows it would take the tables for empty until then, and plan a page's question so that it takes minutes.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model

# Fewer new rows change no plan.
WORTH_IT = 1000


def count_anew(tables: Iterable[type[Model]]) -> None:
    """Let the database count these tables now; others than PostgreSQL need no telling. May run in a transaction."""
    if connection.vendor != "postgresql":
        return
    names = ", ".join(connection.ops.quote_name(table._meta.db_table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {names}")
