"""Where a workspace's paces are kept: in Redis, in rows of the database while Redis is away, at worst in here.

All of a workspace's processes find the same state, told by the same clock: the store's own, because theirs
may differ. It is written with compare-and-swap, so nobody waits for a lock that a dead process holds. When
Redis comes back, or forgets, a pace begins anew: that costs one more burst, never a duplicate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import Error, connection
from django.db.models.functions import Now
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from audiences.models import Pace, Workspace
from platforms.pace import Memory, Pacer, Policy, Share, State, Store, one_share
from platforms.segment.gateway import Operation, PaceOf

log = structlog.get_logger(__name__)
Given = TypeVar("Given")
Step = Callable[[State | None, float], tuple[State, Given]]

# A pace nobody asked for in so long is fresh anyway.
KEPT = 3600
# While a store does not answer, it is asked again only this often: a call must not wait for it each time.
LEFT_ALONE = 5.0
# Losing a race this often in a row would take hundreds of callers at the very same moment.
TRIES = 100

READ = "local t = redis.call('TIME') return {t[1], t[2], redis.call('GET', KEYS[1])}"
SWAP = (
    "if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end "
    "redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1"
)


class StoreAway(Exception):
    """This store cannot keep a pace just now."""


class InRedis:
    """One string a pace. Two round trips a call."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._key = key
        self._read = redis.register_script(READ)
        self._swap = redis.register_script(SWAP)

    def change(self, step: Step[Given]) -> Given:
        """Raises StoreAway when Redis does not answer."""
        try:
            for _ in range(TRIES):
                seconds, micros, kept = self._read(keys=[self._key])
                old = (kept or b"").decode("utf-8", "replace")
                now = int(seconds) + int(micros) / 1e6
                state, given = step(State.read(old), now)
                if self._swap(keys=[self._key], args=[old, state.written(), KEPT]):
                    return given
        except (RedisError, OSError) as error:
            raise StoreAway(type(error).__name__) from error
        raise StoreAway("too many at once")


class InDatabase:
    """A row a pace, and the database's clock. `group` names an operation that is counted apart."""

    def __init__(self, workspace_id: int, group: str = "") -> None:
        self._workspace = workspace_id
        self._group = group
        self._rows = Pace.objects.filter(workspace=workspace_id, group=group)

    def change(self, step: Step[Given]) -> Given:
        """Raises StoreAway when the database does not answer, or knows no such workspace."""
        # A thread of a pool would keep a connection that nobody closes.
        ours = connection.connection is None
        try:
            return self._change(step)
        except Error as error:
            raise StoreAway(type(error).__name__) from error
        finally:
            if ours and not connection.in_atomic_block:
                connection.close()

    def _change(self, step: Step[Given]) -> Given:
        for _ in range(TRIES):
            found: tuple[str, datetime] | None = self._rows.values_list("state", Now()).first()
            if found is None:
                self._begin()
                continue
            old, now = found
            state, given = step(State.read(old), now.timestamp())
            if self._rows.filter(state=old).update(state=state.written()):
                return given
        raise StoreAway("too many at once")

    def _begin(self) -> None:
        if not Workspace.objects.filter(pk=self._workspace).exists():
            raise StoreAway("no such workspace")
        row = Pace(workspace_id=self._workspace, group=self._group)
        Pace.objects.bulk_create([row], ignore_conflicts=True)


class FirstThatAnswers:
    """The first store that answers; one that did not is left alone for a while. The last always answers."""

    def __init__(
        self, stores: Sequence[Store], last: Store, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stores = stores
        self._last = last
        self._clock = clock
        self._away: dict[int, float] = {}

    def change(self, step: Step[Given]) -> Given:
        for place, store in enumerate(self._stores):
            if self._away.get(place, 0.0) > self._clock():
                continue
            try:
                return store.change(step)
            except StoreAway as error:
                self._away[place] = self._clock() + LEFT_ALONE
                log.warning("A shared pace is out of reach.", store=type(store).__name__, error=str(error))
        return self._last.change(step)


@cache
def _redis() -> Redis:
    """One pool of connections a process. A Redis that hangs is given up soon, and not tried again: redis-py's
    own three tries would cost a call seconds."""
    options: dict[str, Any] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": 0.5,
        "retry": Retry(NoBackoff(), 0),
    }
    return Redis.from_url(settings.REDIS_URL, **options)


def policy() -> Policy:
    return Policy(rate=float(settings.PACE))


def pace_of(workspace: Workspace) -> Pacer:
    """The workspace's pace, the same in every process."""
    return Pacer(_shared(workspace), policy())


def pace_of_operation(workspace: Workspace) -> PaceOf:
    """The paces of Segment's operations with a documented limit, the same in every process."""

    @cache
    def of(operation: Operation) -> Pacer | None:
        if not operation.per_minute:
            return None
        store = _shared(workspace, operation.group)
        return Pacer(store, one_share(operation.per_minute), share=Share.READ)

    return of


def _shared(workspace: Workspace, group: str = "") -> Store:
    key = f"pace:{workspace.pk}:{group}" if group else f"pace:{workspace.pk}"
    return FirstThatAnswers([InRedis(_redis(), key), InDatabase(workspace.pk, group)], Memory())
