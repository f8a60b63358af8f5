"""The one place where an operation's state changes, with its event and its audience's new version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from audiences.models import ExternalAudience, ExternalEvent, ExternalOperation, User

log = structlog.get_logger(__name__)

S = ExternalOperation.State

EDGES: dict[str, frozenset[str]] = {
    # To `stopped` only after an earlier call of unknown outcome: then "never sent" would be a guess.
    S.QUEUED: frozenset({S.SENDING, S.CANCELED, S.STOPPED}),
    S.SENDING: frozenset({S.RUNNING, S.SUCCEEDED, S.REFUSED, S.QUEUED, S.UNCONFIRMED}),
    S.UNCONFIRMED: frozenset({S.RUNNING, S.SUCCEEDED, S.QUEUED, S.REFUSED, S.STOPPED}),
    S.RUNNING: frozenset({S.SUCCEEDED, S.FAILED, S.STOPPED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.REFUSED: frozenset(),
    S.CANCELED: frozenset(),
    S.STOPPED: frozenset({S.RUNNING, S.UNCONFIRMED}),
}
UNWELCOME = frozenset({S.FAILED, S.REFUSED, S.STOPPED, S.UNCONFIRMED})


class IllegalMove(AssertionError):
    """An edge the state machine does not have: our bug, never the platform's."""


def move(
    operation: ExternalOperation,
    to: str,
    *,
    what: str,
    now: datetime,
    actor: User | None = None,
    where: Q | None = None,
    audience: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Move an operation from the state it is known to be in; False when someone else was first.

    `where` is what else must still hold of the row; `fields` are set on the operation, `audience` on its
    external audience. One event named `what`, one new version.
    """
    if to not in EDGES[operation.state]:
        raise IllegalMove(f"{operation.state} → {to}")
    before = operation.state
    final = to not in ExternalOperation.OPEN
    changes = {"state": to, "state_since": now, "finished_at": now if final else None, **fields}
    with transaction.atomic():
        rows = ExternalOperation.objects.filter(pk=operation.pk, state=before)
        if before == S.SENDING:
            # A sender that was taken for dead must not speak for the attempt that came after its own.
            rows = rows.filter(attempts=operation.attempts)
        if not (rows.filter(where) if where is not None else rows).update(**changes):
            return False
        event(operation.external, what, now=now, actor=actor, operation=operation,
              data={"from": before, "to": to, **(data or {})}, **(audience or {}))  # fmt: skip
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):  # an expression's value is the database's to know
            setattr(operation, name, value)
    speak = log.warning if to in UNWELCOME else log.info
    speak(
        "An operation on an external audience moved.", external=operation.external_id, kind=operation.kind,
        operation=operation.pk, what=what, state=to,
    )  # fmt: skip
    return True


def event(
    external: ExternalAudience,
    what: str,
    *,
    now: datetime,
    actor: User | None = None,
    operation: ExternalOperation | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Write down what happened, set `fields` on the audience, and give it a new version."""
    with transaction.atomic():
        ExternalAudience.objects.filter(pk=external.pk).update(version=F("version") + 1, **fields)
        ExternalEvent.objects.create(
            workspace_id=external.workspace_id, external=external, operation=operation, at=now, actor=actor,
            what=what, data=dict(data or {}),
        )  # fmt: skip
    for name, value in fields.items():
        setattr(external, name, value)
