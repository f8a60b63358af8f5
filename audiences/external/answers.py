"""What every answer to an operation's call means, and what an operation that succeeded changes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from audiences.columns import audience_fields
from audiences.external.moves import event, move
from audiences.mirroring import mirror
from audiences.models import Audience, ExternalAudience, ExternalOperation, Workspace
from platforms import types
from platforms.errors import Conflict, CredentialsRefused, NotFound, NotSent, PlatformError, Refused
from platforms.types import Taken

K, S = ExternalOperation.Kind, ExternalOperation.State

UNCONFIRMED_LIMIT = timedelta(seconds=settings.UNCONFIRMED_LIMIT)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
FIRST_CHECK = timedelta(seconds=2)
SOON = timedelta(seconds=2)
NOT_THERE = "100940-404"

# The vendor's property → the form's field that fills it. The most telling first.
FIELDS = (
    ("ttlInDays", "ttl_days"),
    ("baseConnectionId", "connection"),
    ("cloudType", "cloud"),
    ("publicKeyId", "public_key"),
    ("signVerificationKeyId", "signing_key"),
    ("encryption", "public_key"),
    ("namespace", "namespace"),
    ("description", "description"),
    ("tags", "tags"),
    ("path", "path"),
    ("fields", "columns"),
    ("identityNs", "columns"),
    ("labels", "labels"),
    ("dataFilterStartTime", "data_from"),
    ("dataFilterEndTime", "data_until"),
    ("type", "kind"),
    ("name", "name"),
)  # fmt: skip


def field_named(verbatim: str) -> str:
    """The form's field that a refusal names by the vendor's property, "" for none."""
    found = [
        (match.start(), field) for word, field in FIELDS if (match := re.search(rf"\b{word}\b", verbatim))
    ]
    return min(found)[1] if found else ""


def record(operation: ExternalOperation, answer: Taken | PlatformError, *, now: datetime) -> None:
    """Write down what the call's answer means. An operation taken from us meanwhile stays as it is."""
    if isinstance(answer, Taken):
        _taken(operation, answer, now)
    elif isinstance(answer, NotSent):
        _again(operation, answer, now)
    elif isinstance(answer, Refused):
        _refused(operation, answer, now)
    else:
        unconfirmed(operation, answer, now)


def _taken(operation: ExternalOperation, answer: Taken, now: datetime) -> None:
    known: dict[str, Any] = {
        "status": answer.status,
        "request_id": answer.request_id[:255],
        "reason": "",
        "verbatim": "",
    }
    if operation.kind in (K.CREATE, K.INGEST):
        follow(operation, answer.key, what="accepted", now=now, **known)
    else:
        succeed(operation, what="accepted", now=now, **known)


def follow(operation: ExternalOperation, key: str, *, what: str, now: datetime, **fields: Any) -> bool:
    """The platform began it as `key`: watch it to its end."""
    return move(
        operation, S.RUNNING, what=what, now=now, platform_id=key[:255], checks=0,
        next_check_at=now + FIRST_CHECK, deadline=now + operation.workspace.watch_limit, **fields,
    )  # fmt: skip


def _again(operation: ExternalOperation, error: NotSent, now: datetime) -> None:
    pause = min(FIRST_WAIT * 2 ** min(max(operation.attempts - 1, 0), 10), LONGEST_WAIT)
    if error.retry_after is not None:
        pause = max(pause, timedelta(seconds=error.retry_after))
    # Nothing was processed: only an earlier call of unknown outcome counts as posted.
    posted = operation.posted_at if operation.reposted else None
    move(
        operation, S.QUEUED, what="not_sent", now=now, not_before=now + pause, posted_at=posted,
        data={"reason": error.code}, **_said(error),
    )  # fmt: skip


def _refused(operation: ExternalOperation, error: Refused, now: datetime) -> None:
    gone = isinstance(error, NotFound) and NOT_THERE in error.vendor_code
    if gone and operation.kind == K.DELETE:
        succeed(operation, what="gone", now=now, **_said(error))
    elif operation.reposted or (isinstance(error, Conflict) and operation.kind == K.CREATE):
        # The first call of two may have been taken; and a duplicate is somewhere: look before saying no.
        unconfirmed(operation, error, now)
    else:
        refuse(operation, now=now, gone=gone, **_said(error))


def refuse(operation: ExternalOperation, *, now: datetime, gone: bool = False, **fields: Any) -> bool:
    """The platform said no: nothing happened."""
    audience: dict[str, Any] = {}
    if operation.kind == K.CREATE:
        audience = {"live": False}
    elif gone:
        audience = {"live": False, "deleted_at": now}
    return move(
        operation, S.REFUSED, what="refused", now=now, audience=audience, next_check_at=None, **fields
    )


def unconfirmed(operation: ExternalOperation, error: PlatformError, now: datetime) -> bool:
    """We do not know whether the platform took it: look."""
    return move(
        operation, S.UNCONFIRMED, what="unconfirmed", now=now, checks=0, next_check_at=now + SOON,
        deadline=now + UNCONFIRMED_LIMIT, data={"reason": reason_of(operation, error)}, **_said(error, operation),
    )  # fmt: skip


def reason_of(operation: ExternalOperation, error: PlatformError) -> str:
    if isinstance(error, Conflict) and operation.kind == K.CREATE:
        return "duplicate"
    if isinstance(error, CredentialsRefused):
        return f"{error.code}:{error.field}"
    return error.code


def _said(error: PlatformError, operation: ExternalOperation | None = None) -> dict[str, Any]:
    code = reason_of(operation, error) if operation else error.code
    if operation is None and isinstance(error, CredentialsRefused):
        code = f"{error.code}:{error.field}"
    named = "" if isinstance(error, CredentialsRefused | NotSent) else field_named(error.verbatim)
    return {
        "reason": code[:60],
        "verbatim": error.verbatim,
        "field": named,
        "status": error.status,
        "request_id": error.request_id[:255],
    }


def succeed(
    operation: ExternalOperation, *, what: str, now: datetime, ended: datetime | None = None, **fields: Any
) -> bool:
    """It is done: say so, and change the audience as the operation did.

    `ended` is the moment by the platform's own clock, by which its daily evaluation counts.
    """
    changed = _changed(operation, operation.external, ended or now)
    moved = move(operation, S.SUCCEEDED, what=what, now=now, audience=changed, next_check_at=None, **fields)
    if moved and operation.kind == K.DELETE:
        operation.external.mirrored().update(vanished_at=now)
    return moved


def _changed(operation: ExternalOperation, external: ExternalAudience, now: datetime) -> dict[str, Any]:
    if operation.kind == K.DELETE:
        return {"live": False, "deleted_at": now}
    if operation.kind == K.INGEST:
        until = now + timedelta(days=external.ttl_days)
        if operation.seen and external.expires_at is not None:
            # It may be an extension's, which has lengthened the time already.
            until = max(until, external.expires_at)
        return {"ingested_at": now, "expires_at": until}
    if operation.kind == K.EXTEND:
        # The last good data is ingested again; its run appears in the list.
        days = timedelta(days=external.ttl_days)
        return {"expires_at": (external.expires_at or now) + days, "runs_due_at": now}
    if operation.kind == K.UPDATE:
        return _updated(operation.change, external)
    return {}


def _updated(change: dict[str, Any], external: ExternalAudience) -> dict[str, Any]:
    found: dict[str, Any] = {n: change[n] for n in ("description", "ttl_days", "labels") if n in change}
    by_field = change.get("field_labels", {})
    if by_field:
        found["fields"] = [
            {**one, "labels": by_field[one["name"]]} if one["name"] in by_field else one
            for one in external.fields
        ]
    return found


def created(
    operation: ExternalOperation, external_id: str, listed: types.Audience | None, *, what: str, now: datetime, **audience: Any
) -> bool:  # fmt: skip
    """The audience exists: its ids are known, and the mirror shows it."""
    with transaction.atomic():
        if listed is not None:
            show(operation.workspace, listed, now)
        return move(
            operation, S.SUCCEEDED, what=what, now=now, next_check_at=None, word=operation.word, reason="",
            verbatim="", field="", audience={"external_id": external_id[:255], **audience},
        )  # fmt: skip


def show(workspace: Workspace, listed: types.Audience, now: datetime) -> None:
    """Put one audience into the mirror without waiting for the next sync."""
    mirror(Audience, workspace, {listed.id: audience_fields(listed)}, now=now, complete=False)


def vanished(external: ExternalAudience, *, now: datetime) -> None:
    """The platform no longer has it, and it was not deleted from here."""
    event(external, "vanished", now=now, live=False, deleted_at=now, runs_due_at=None)
    external.mirrored().update(vanished_at=now)
