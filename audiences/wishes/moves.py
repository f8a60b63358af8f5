"""The one place where a wish's state changes, with its event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from audiences.models import User, Wish, WishEvent
from audiences.wishes import states

log = structlog.get_logger(__name__)
# What nobody hoped for, though it was to be expected.
UNWELCOME = frozenset({*states.NEEDS_YOU, states.UNCONFIRMED})


class IllegalMove(AssertionError):
    """An edge the state machine does not have: our bug, never the platform's."""


def mine(wish: Wish) -> Q:
    """The row as the caller knows it: a worker that lost its lease is not the one that took it up last."""
    return Q(pk=wish.pk, state=wish.state, attempts=wish.attempts)


def move(
    wish: Wish,
    to: str,
    *,
    what: str,
    now: datetime,
    actor: User | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Move a wish from the state it is known to be in; False when somebody else moved it before.

    One that is over keeps no secrets.
    """
    if to not in states.EDGES[wish.state]:
        raise IllegalMove(f"{wish.state} → {to}")
    fields = {"state": to, "state_since": now, **({} if to in states.OPEN else {"sealed": ""}), **fields}
    with transaction.atomic():
        if not Wish.objects.filter(mine(wish)).update(**fields):
            return False
        event = {"from": wish.state, "to": to, **(data or {})}
        WishEvent.objects.create(wish=wish, at=now, actor=actor, what=what, data=event)
        transaction.on_commit(partial(_note, wish.pk, wish.what, what, to))
    for name, value in fields.items():
        setattr(wish, name, value)
    return True


def _note(pk: int, kind: str, what: str, to: str) -> None:
    speak = log.warning if to in UNWELCOME else log.info
    speak("A wish moved.", wish=pk, kind=kind, what=what, state=to)
