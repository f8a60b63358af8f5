"""The one place where a delivery's state changes, with its event and its activation's new version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F

from activations import states
from activations.models import Activation, Delivery, Event, Hold, Job
from activations.naming import ids
from audiences.models import User
from audiences.wishes.states import AT_PLATFORM

log = structlog.get_logger(__name__)


class IllegalMove(AssertionError):
    """An edge the state machine does not have: our bug, never the platform's."""


def move(
    deliveries: Iterable[Delivery],
    to: str,
    *,
    what: str,
    now: datetime,
    actor: User | None = None,
    job: Job | None = None,
    data: Mapping[str, Any] | None = None,
    each: Mapping[int, Mapping[str, Any]] | None = None,
    **fields: Any,
) -> list[Delivery]:
    """Move deliveries from the state they are known to be in, and return those that really moved.

    A delivery that has moved since it was read, even away and back again, stays untouched: that is how
    two dispatchers, watchers or people cannot both act on it. `fields` are set on all, `each` per pk.
    One `Event` per delivery that moved, named `what`; one new version per activation touched.
    """
    wanted = list(deliveries)
    for delivery in wanted:
        if to not in states.EDGES[delivery.state]:
            raise IllegalMove(f"{delivery.state} → {to}")
    with transaction.atomic():
        moved = _still_there(wanted)
        if not moved:
            return []
        _write(moved, {"state": to, "state_since": now, **fields}, each or {})
        _tell(moved, to, what, now, actor=actor, job=job, data=data or {})
        _release_holds(moved, to)
        transaction.on_commit(partial(_note, moved, to, what, job))
    for delivery in moved:
        delivery.state = to
        delivery.state_since = now
    return moved


# What nobody hoped for, though it was to be expected.
UNWELCOME = frozenset({states.BLOCKED, states.FAILED, states.REFUSED, states.STOPPED, states.UNCONFIRMED})


def _note(moved: list[Delivery], to: str, what: str, job: Job | None) -> None:
    speak = log.warning if to in UNWELCOME or what in ("not_sent", "never_sent") else log.info
    known = {"job": job.pk} if job is not None else {}
    speak("Deliveries moved.", what=what, state=to, **known, **ids(moved))


def lock(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Lock these deliveries, then their activations, each in one order: whoever makes several moves in a
    transaction calls this first, so that two of them never wait for each other. Returns those that have not
    moved since they were read."""
    rows = list(deliveries)
    still = _still_there(rows)
    _lock_activations(rows)
    return still


def _lock_activations(deliveries: Sequence[Delivery]) -> None:
    touched = {delivery.activation_id for delivery in deliveries}
    rows = Activation.objects.filter(pk__in=touched).order_by("pk")
    # No key: an event of another transaction may refer to the row meanwhile.
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _still_there(wanted: Sequence[Delivery]) -> list[Delivery]:
    """Lock and keep the deliveries whose row still has the state the caller saw, since the moment they saw.

    The state alone would not tell one that went, was lost and is queued again from one that never left.
    """
    rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in wanted]).order_by("pk")
    seen = rows.select_for_update(no_key=True).values_list("pk", "state", "state_since")
    now = {pk: (state, since) for pk, state, since in seen}
    return [one for one in wanted if now.get(one.pk) == (one.state, one.state_since)]


def _write(moved: list[Delivery], same: dict[str, Any], each: Mapping[int, Mapping[str, Any]]) -> None:
    """Write the rows, locked and known to be in the states they had."""
    _write_each({delivery.pk: each[delivery.pk] for delivery in moved if each.get(delivery.pk)})
    seen = {delivery.state for delivery in moved}
    rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in moved], state__in=seen)
    rows.update(**same)
    for delivery in moved:
        for name, value in {**each.get(delivery.pk, {}), **same}.items():
            if name not in ("state", "state_since") and not hasattr(value, "resolve_expression"):
                setattr(delivery, name, value)


def _write_each(each: Mapping[int, Mapping[str, Any]]) -> None:
    """One prepared UPDATE run once per row. `bulk_update` would spell every value of every row into one
    CASE and hold SQLite's only write lock ten times as long (docs/benchmarks.md)."""
    by_names: dict[tuple[str, ...], list[int]] = {}
    for pk, fields in each.items():
        by_names.setdefault(tuple(sorted(fields)), []).append(pk)
    quote = connection.ops.quote_name
    for names, pks in by_names.items():
        columns = [field for field in Delivery._meta.concrete_fields if field.name in names]
        values = ", ".join(f"{quote(str(field.column))} = %s" for field in columns)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {quote(Delivery._meta.db_table)} SET {values} WHERE id = %s",  # noqa: S608
                [[*(c.get_db_prep_save(each[pk][c.name], connection) for c in columns), pk] for pk in pks],
            )


def _tell(
    moved: list[Delivery],
    to: str,
    what: str,
    now: datetime,
    *,
    actor: User | None,
    job: Job | None,
    data: Mapping[str, Any],
) -> None:
    Event.objects.bulk_create(
        Event(
            workspace_id=delivery.workspace_id,
            activation_id=delivery.activation_id,
            delivery=delivery,
            job=job,
            at=now,
            actor=actor,
            what=what,
            data={"from": delivery.state, "to": to, **data},
        )
        for delivery in moved
    )
    _lock_activations(moved)
    touched = {delivery.activation_id for delivery in moved}
    Activation.objects.filter(pk__in=touched).update(version=F("version") + 1)


def _release_holds(moved: list[Delivery], to: str) -> None:
    """Let go of audiences whose last delivery at the platform is over."""
    if to in states.AT_PLATFORM:
        return
    keys: dict[int, set[str]] = defaultdict(set)
    for delivery in moved:
        if delivery.state in states.AT_PLATFORM:
            keys[delivery.workspace_id].add(delivery.audience.platform_id)
    for place, those in keys.items():
        release(place, those)


def release(workspace_id: int, keys: Iterable[str]) -> int:
    """Delete the holds on `keys`, and on the whole workspace, that no delivery at the platform, and no wish that
    may have begun a resync there, needs any more; returns how many."""
    holds = Hold.objects.filter(workspace_id=workspace_id, key__in=[*keys, Hold.WHOLE_WORKSPACE])
    needed = Delivery.objects.filter(
        workspace_id=workspace_id, state__in=states.AT_PLATFORM, job__isnull=False
    ).values_list("job_id", "audience__platform_id")
    still = set(needed.filter(job__in=holds.values("job")))
    still |= {(job, Hold.WHOLE_WORKSPACE) for job, _audience in still}
    asked = set(holds.filter(wish__state__in=AT_PLATFORM).values_list("pk", flat=True))
    gone = [hold.pk for hold in holds if hold.pk not in asked and (hold.job_id, hold.key) not in still]
    return Hold.objects.filter(pk__in=gone).delete()[0]
