"""Fulfils wishes: take one up, commit, read, ask the platform once, write down what came of it.

Any number may run at once. Everything here would also be right if it ran twice at the same moment.
"""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from django.db import transaction
from django.db.models import QuerySet

from audiences.clients import Client, client_for, segment_client_for
from audiences.clock import Clock, ticking
from audiences.clock import now as database_now
from audiences.lease import LEASE, kept
from audiences.models import Wish, Workspace
from audiences.models.wishes import WishQuerySet
from audiences.wishes import flows, jobs, segment, states
from audiences.wishes.moves import mine, move
from audiences.wishes.outcomes import Already, Denied, Granted, Meanwhile, NotYet, Settle
from platforms.errors import (
    Conflict,
    CredentialsRefused,
    NotSent,
    OutcomeUnknown,
    PlatformError,
    Refused,
)
from platforms.segment import SegmentClient

# The pauses between two tries, by how many there were; the last one repeats.
PAUSES = (1, 2, 5, 15, 30, 60)
IN_TRANSITION = 15.0
FIELD = 255
# Flow Service's words (FSE): busy with another change, or the state is already as wanted.
BUSY, SO_ALREADY = "1421-400", "1422-400"
ASKED_AGAIN = 3
ABOUT = (
    "workspace",
    "dataflow__destination",
    "dataflow__audience",
    "audience",
    "mapping",
    "destination",
    "job",
)


def fulfil_all(workspace: Workspace, *, clock: Clock | None = None) -> int:
    """Fulfil what is due in a workspace, one wish after the other; returns how many were taken up."""
    clock, taken = clock or ticking(), 0
    sweep(workspace, clock())
    while (wish := claim(Wish.objects.plain(), workspace, clock())) is not None:
        with leased(wish):
            fulfil(wish, clock=clock)
        taken += 1
    return taken


def leased(wish: Wish) -> AbstractContextManager[None]:
    """Keeps a wish that was taken up for its worker, as long as that lives."""
    mine_now = Wish.objects.filter(mine(wish))
    return kept(partial(_renew, mine_now), f"wish-{wish.pk}")


def _renew(mine_now: QuerySet[Wish]) -> int:
    return mine_now.update(lease_until=database_now() + LEASE)


def claim(wishes: WishQuerySet, workspace: Workspace, now: datetime) -> Wish | None:
    """Take up the oldest due one of these, unless its dataflow is being changed by another; None when none is due."""
    busy = Wish.objects.filter(workspace=workspace, state=states.SENDING, dataflow__isnull=False)
    due = wishes.filter(
        workspace=workspace, state__in=states.WAITING, next_at__lte=now, deadline__gt=now
    ).exclude(dataflow__in=busy.values("dataflow"))
    for wish in due.select_related(*ABOUT).order_by("pk")[:20]:
        fields: dict[str, Any] = {"lease_until": now + LEASE, "attempts": wish.attempts + 1}
        if move(wish, states.SENDING, what="taken_up", now=now, **fields):
            return wish
    return None


class Beginning(Protocol):
    """What a wish with more to it asks and leaves: one with whose call a resync begins."""

    def may_be_sent(self) -> None:
        """Asked when nothing but the sending is left. Raises NotYet or Denied; then nothing was sent."""

    def has_begun(self, granted: Granted | None) -> None:
        """It is done, in the same transaction. None: an earlier call turned out to have done it."""


class Sending:
    """Writes down, at the last moment before the call, that it is made: by the platform's clock.

    A worker that was frozen past its lease learns here that the wish is no longer its own.
    """

    def __init__(self, client: Client, wish: Wish, beginning: Beginning | None = None) -> None:
        self.client = client
        self.wish = wish
        self.beginning = beginning
        self.made = False

    def __call__(self, etag: str = "") -> None:
        if self.beginning is not None:
            self.beginning.may_be_sent()
        at = self.client.platform_now() or database_now()
        if not Wish.objects.filter(mine(self.wish)).update(sent_at=at, sent_etag=etag):
            raise NotSent("The wish's lease ended before its call was made.")
        self.wish.sent_at, self.wish.sent_etag = at, etag
        self.made = True


def fulfil(wish: Wish, *, clock: Clock | None = None, beginning: Beginning | None = None) -> None:
    """Ask the platform for a wish that was taken up, and write down what came of it."""
    clock = clock or ticking()
    sending: Sending | None = None
    try:
        sending = Sending(client_of(wish), wish, beginning)
        granted = perform(sending)
    except Already as found:
        done(wish, found.settle, sending, clock(), what="found_so")
    except Meanwhile as error:
        move(wish, states.CHANGED, what="changed_meanwhile", now=clock(), found=error.found)
    except NotYet as error:
        again(wish, clock(), error.reason, wait=error.wait)
    except Denied as error:
        refuse(wish, error.error, clock(), error.reason, found=error.found)
    except PlatformError as error:
        failed(wish, error, clock(), made=sending is not None and sending.made)
    else:
        told = {"status": granted.status, "request_id": granted.request_id}
        done(wish, granted.settle, sending, clock(), what="done", granted=granted, **told)


def client_of(wish: Wish) -> Client:
    """The client of the wish's platform. Raises `Refused` where the workspace cannot be asked."""
    return segment_client_for(wish.workspace) if wish.workspace.is_segment else client_for(wish.workspace)


def perform(sending: Sending) -> Granted:
    """Read, see whether the wish still makes sense, and ask for it once: each platform in its own way.

    Raises what a room raises: Already, Denied, Meanwhile, NotYet, or the PlatformError of a call.
    """
    wish, client = sending.wish, sending.client
    if isinstance(client, SegmentClient):
        return segment.perform(client, wish, sending)
    if wish.what in jobs.WHATS:
        return jobs.perform(client, wish, sending)
    return flows.perform(client, wish, sending)


def done(
    wish: Wish,
    settle: Settle | None,
    sending: Sending | None,
    now: datetime,
    *,
    what: str,
    granted: Granted | None = None,
    **told: Any,
) -> None:
    """The platform agreed: the wish and the mirror say so together."""
    at = (sending.client.platform_now() if sending is not None else None) or now
    with transaction.atomic():
        if not move(wish, states.DONE, what=what, now=now, reason="", verbatim="", **told):
            return
        if settle is not None:
            settle(at)
        if sending is not None and sending.beginning is not None:
            sending.beginning.has_begun(granted)


def failed(wish: Wish, error: PlatformError, now: datetime, *, made: bool) -> None:
    """What an error means: the type says what is known of the effect (platforms/errors.py)."""
    told = said_by(error)
    if isinstance(error, OutcomeUnknown) and made:
        # Whether it was done is read before anything is tried again: `perform` begins with that.
        wish.doubtful = True
        again(wish, now, error.code, what="unconfirmed", **told)
    elif isinstance(error, Conflict | NotSent | OutcomeUnknown):
        # Nothing happened. It is read and resolved anew, then tried again.
        again(wish, now, error.code, wait=getattr(error, "retry_after", None), **told)
    elif error.vendor_code == BUSY or (error.vendor_code == SO_ALREADY and wish.attempts < ASKED_AGAIN):
        again(wish, now, "dataflow_busy", wait=IN_TRANSITION, **told)
    elif isinstance(error, Refused):
        refuse(wish, error, now, error.code)
    else:
        raise error


def refuse(wish: Wish, error: Refused, now: datetime, reason: str, **fields: Any) -> None:
    """The platform said no. Its own name for the input at fault is kept, so that a form can show it there."""
    field = str(getattr(error, "field", ""))[:FIELD]
    data = {"reason": reason, **({"field": field} if field else {})}
    code = f"{reason}:{field}" if isinstance(error, CredentialsRefused) else reason
    move(
        wish, states.REFUSED, what="refused", now=now, data=data, reason=code, field=field,
        **said_by(error), **fields,
    )  # fmt: skip


def said_by(error: PlatformError) -> dict[str, Any]:
    """What the platform said, as a wish keeps it."""
    return {"verbatim": error.verbatim, "status": error.status, "request_id": error.request_id}


def again(
    wish: Wish, now: datetime, reason: str, *, what: str = "not_yet", wait: float | None = None, **told: Any
) -> None:
    """Let it wait for another try. While an earlier call's outcome is unknown, so is the wish's."""
    pause = timedelta(seconds=wait) if wait is not None else _pause(wish)
    move(
        wish, states.UNCONFIRMED if wish.doubtful else states.QUEUED, what=what, now=now,
        data={"reason": reason}, next_at=now + pause, doubtful=wish.doubtful, reason=reason, **told,
    )  # fmt: skip


def _pause(wish: Wish) -> timedelta:
    seconds = PAUSES[min(wish.attempts, len(PAUSES)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311


def sweep(workspace: Workspace, now: datetime) -> None:
    """Free what dead workers left behind, and give up what could not be done in its time."""
    here = Wish.objects.filter(workspace=workspace)
    for wish in here.filter(state=states.SENDING, lease_until__lt=now):
        wish.doubtful = wish.doubtful or wish.sent_at is not None
        again(wish, now, "worker_lost", what="worker_lost", wait=0)
    for wish in here.filter(state__in=states.WAITING, deadline__lte=now):
        to, reason = (states.LOST, "no_trace") if wish.doubtful else (states.REFUSED, "never_sent")
        move(wish, to, what="given_up", now=now, reason=reason)
