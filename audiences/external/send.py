"""Sends queued operations: claim, commit, one call, record the answer. Any number may run at once."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db.models import F, Q, QuerySet
from structlog.contextvars import bound_contextvars

from audiences.clients import client_for
from audiences.clock import Clock, ticking
from audiences.clock import now as database_now
from audiences.external.answers import record
from audiences.external.moves import move
from audiences.lease import LEASE, kept
from audiences.models import ExternalAudience, ExternalOperation, Workspace
from platforms.adobe import AdobeClient
from platforms.errors import NotSent, OutcomeUnknown, PlatformError
from platforms.external import ExternalChange, ExternalField, ExternalSource, ExternalSpec, Taken

K, S = ExternalOperation.Kind, ExternalOperation.State


def send_due(workspace: Workspace, *, clock: Clock | None = None) -> int:
    """Send what is queued and due; returns how many were sent."""
    clock, sent = clock or ticking(), 0
    while (operation := claim(workspace, clock())) is not None:
        sent += 1
        with bound_contextvars(operation=operation.pk, external=operation.external_id):
            with kept(partial(_renew, operation), f"operation-{operation.pk}"):
                answer = send(workspace, operation)
            record(operation, answer, now=clock())
    return sent


def _mine(operation: ExternalOperation) -> QuerySet[ExternalOperation]:
    """The row, as long as this very attempt is ours."""
    return ExternalOperation.objects.filter(pk=operation.pk, state=S.SENDING, attempts=operation.attempts)


def _renew(operation: ExternalOperation) -> int:
    return _mine(operation).update(lease_until=database_now() + LEASE)


def claim(workspace: Workspace, now: datetime) -> ExternalOperation | None:
    """Take the oldest due operation. After this it is `sending` and the caller's until the lease ends."""
    due = ExternalOperation.objects.filter(workspace=workspace, state=S.QUEUED, deadline__gt=now)
    due = due.filter(Q(not_before=None) | Q(not_before__lte=now)).order_by("pk")
    for operation in due.select_related("external", "workspace"):
        taken = move(
            operation, S.SENDING, what="sent", now=now, lease_until=now + LEASE, sending_at=None,
            attempts=F("attempts") + 1,
        )  # fmt: skip
        if taken:
            operation.refresh_from_db(fields=["attempts"])
            return operation
    return None


def send(workspace: Workspace, operation: ExternalOperation) -> Taken | PlatformError:
    """Make the operation's one call. Whatever happens before the call itself is "not sent"."""
    try:
        client = client_for(workspace)
    except OutcomeUnknown as error:
        return NotSent(error.summary, verbatim=error.verbatim)
    except PlatformError as error:
        return error
    try:
        return _call(client, operation)
    except PlatformError as error:
        if isinstance(error, OutcomeUnknown) and operation.sending_at is None:
            # An unknown outcome of what went before says nothing about a call that was never made.
            return NotSent(error.summary, verbatim=error.verbatim, status=error.status)
        return error


def _call(client: AdobeClient, operation: ExternalOperation) -> Taken:
    last = partial(note_sending, client, operation)
    external = operation.external
    key = external.external_id or ""
    if operation.kind == K.CREATE:
        return client.externals.create(spec_of(external), last=last)
    since, until = operation.data_from, operation.data_until
    if operation.kind == K.INGEST and since is not None:
        return client.externals.ingest(key, _seconds(since), _seconds(until) if until else None, last=last)
    if operation.kind == K.UPDATE:
        return client.externals.update(key, change_of(operation), last=last)
    if operation.kind == K.EXTEND:
        return client.externals.extend(key, last=last)
    return client.externals.delete(key, last=last)


def note_sending(client: AdobeClient, operation: ExternalOperation) -> None:
    """Write down, at the last moment before the call, that it is made: by the platform's clock.

    A sender that was frozen past its lease learns here that the operation is no longer its own. While nothing
    is written here nothing was sent, and never will be.
    """
    now = client.platform_now() or database_now()
    first = operation.posted_at or now
    if not _mine(operation).update(sending_at=now, posted_at=first):
        raise NotSent("The operation's lease ended before its call was made.")
    operation.sending_at, operation.posted_at = now, first


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def spec_of(external: ExternalAudience) -> ExternalSpec:
    """What the platform is asked to create."""
    return ExternalSpec(
        name=external.name,
        description=external.description,
        fields=tuple(
            ExternalField(one["name"], one["type"], one.get("identity") or None, tuple(one.get("labels", ())))
            for one in external.fields
        ),
        source=ExternalSource(
            path=external.path,
            kind=external.kind,
            cloud=external.cloud,
            connection=external.connection,
            public_key=external.public_key,
            signing_key=external.signing_key,
        ),
        ttl_days=external.ttl_days,
        namespace=external.namespace,
        labels=tuple(external.labels),
        tags=tuple(external.tags),
    )


def change_of(operation: ExternalOperation) -> ExternalChange:
    """What an update replaces."""
    change = operation.change
    labels, by_field = change.get("labels"), change.get("field_labels")
    return ExternalChange(
        description=change.get("description"),
        ttl_days=change.get("ttl_days"),
        labels=None if labels is None else tuple(labels),
        field_labels=None if by_field is None else tuple((name, tuple(v)) for name, v in by_field.items()),
    )
