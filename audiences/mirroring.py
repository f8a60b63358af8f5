"""Copies rows of the platform into a table: new ones inserted, changed ones updated, others left alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from audiences.models import Workspace
from audiences.models.catalog import Mirrored

Row = TypeVar("Row", bound=Mirrored)
BATCH = 500


@dataclass(slots=True)
class Written:
    """Rows written by a sync."""

    created: int = 0
    updated: int = 0
    vanished: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            self.created + other.created, self.updated + other.updated, self.vanished + other.vanished
        )

    @property
    def total(self) -> int:
        return self.created + self.updated + self.vanished


def mirror(
    model: type[Row],
    workspace: Workspace,
    rows: Mapping[str, Mapping[str, Any]],
    *,
    now: datetime,
    complete: bool = True,
    where: models.Q | None = None,
    outdated: Callable[[Row, Mapping[str, Any]], bool] | None = None,
) -> tuple[dict[str, Row], Written]:
    """Make the workspace's rows of `model` equal `rows` (fields per platform id).

    `complete` says that `rows` is everything there is (within `where`), so that what is missing vanished.
    `outdated` tells what was read before the row was last written, and is left out. Returns the rows by
    platform id, with pks, and how many were written. Runs inside the caller's transaction.
    """
    existing = model._default_manager.filter(workspace=workspace)
    if where is not None:
        existing = existing.filter(where)
    if not complete:
        # Part of a table that others write at the same moment (a watcher and a sync, say): locked in one
        # order, so that neither waits for the other.
        existing = existing.filter(platform_id__in=list(rows)).order_by("pk").select_for_update(no_key=True)
    known: dict[str, Row] = {row.platform_id: row for row in existing}
    names = sorted({name for fields in rows.values() for name in fields})
    rows = _fitting(model, names, rows)
    if outdated is not None:
        rows = {key: row for key, row in rows.items() if key not in known or not outdated(known[key], row)}
    changed = [row for key, row in known.items() if key in rows and _apply(row, rows[key])]
    fresh = [
        model(workspace=workspace, platform_id=key, **fields)
        for key, fields in (rows.items() if complete else sorted(rows.items()))
        if key not in known
    ]
    gone = (
        [row for key, row in known.items() if key not in rows and row.vanished_at is None] if complete else []
    )
    for row in gone:
        row.vanished_at = now
    model._default_manager.bulk_update(changed, [*names, "vanished_at"], batch_size=BATCH)
    model._default_manager.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=not complete)
    model._default_manager.filter(pk__in=[row.pk for row in gone]).update(vanished_at=now)
    if fresh and not complete:
        # Rows that someone else was first to insert are left as he wrote them; the next look updates them.
        stored = model._default_manager.filter(
            workspace=workspace, platform_id__in=[r.platform_id for r in fresh]
        )
        fresh = list(stored if where is None else stored.filter(where))
    known.update({row.platform_id: row for row in fresh})
    return known, Written(len(fresh), len(changed), len(gone))


def _fitting(
    model: type[Row], names: Collection[str], rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The rows with texts cut to their columns: one endless name must not keep all others from the mirror."""
    fields = [(name, model._meta.get_field(name)) for name in names]
    longest = {name: f.max_length for name, f in fields if isinstance(f, models.CharField) and f.max_length}
    return {
        key: {
            name: value[: longest[name]] if name in longest and isinstance(value, str) else value
            for name, value in row.items()
        }
        for key, row in rows.items()
    }


def _apply(row: Mirrored, fields: Mapping[str, Any]) -> bool:
    """Set what differs; True when anything did."""
    differs = row.vanished_at is not None
    row.vanished_at = None
    for name, value in fields.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            differs = True
    return differs
