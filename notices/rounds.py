"""A round of errands: claim what is due, carry a few beside each other, write down how each went.

One round at a time keeps notices to one of a worker's threads; beyond that nothing depends on it, for a claim is
one conditional UPDATE. A try whose worker died is tried again under the same id, so a webhook's receiver can tell.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from audiences import clock
from audiences.told import as_line
from audiences.told import said as _
from notices.carry import Answer, carry
from notices.models import Channel, Errand, Notice
from notices.parcels import Parcel, pack

log = structlog.get_logger(__name__)
PARALLEL = 3
# Longer than any try: mail servers have several patiences in a row, couriers are cut off long before.
LEASE = timedelta(minutes=2)
# A round ends in time for the broker (its visibility timeout is 300 s); the next tick goes on.
ROUND = 60.0
BACKOFF = tuple(timedelta(seconds=s) for s in (30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600))
PATIENCE = timedelta(hours=8)
# As long as the field is.
SAID = 500


def carry_due() -> int:
    """Carry everything that is due; returns how many tries were made."""
    free_the_lost(clock.now())
    if Errand.objects.under_way(clock.now()).exists():
        return 0
    began, tries = time.monotonic(), 0
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="courier") as pool:
        out: dict[Future[Answer], Errand] = {}
        while True:
            if time.monotonic() - began < ROUND:
                for errand in claim(PARALLEL - len(out), clock.now()):
                    if (parcel := ready(errand, clock.now())) is not None:
                        out[pool.submit(_try, parcel, clock.now())] = errand
            if not out:
                return tries
            for done in wait(out, timeout=1, return_when=FIRST_COMPLETED).done:
                record(out.pop(done), done.result(), clock.now())
                tries += 1


def free_the_lost(now: datetime) -> None:
    """Whose carrier died waits again: whether it arrived is unknown, and a notice twice is better than none."""
    lost = Errand.objects.filter(state=Errand.State.CARRYING, lease_until__lte=now)
    if count := lost.update(state=Errand.State.WAITING, next_at=now, lease_until=None):
        log.warning("Errands lost their carrier.", errands=count)


def claim(most: int, now: datetime) -> list[Errand]:
    """Up to `most` errands of different channels that nobody else carries, each now ours."""
    if most <= 0:
        return []
    busy = Errand.objects.under_way(now).values("channel")
    due = Errand.objects.due(now).exclude(channel__in=busy).values_list("pk", "channel")
    mine: dict[int, int] = {}
    for pk, channel in due[: 20 * most]:
        if len(mine) == most:
            break
        if channel not in mine and _take(pk, now):
            mine[channel] = pk
    rows = Errand.objects.filter(pk__in=mine.values())
    return list(
        rows.select_related(
            "channel__workspace",
            "channel__owner",
            "channel__created_by",
            "channel__of_set",
            "notice__workspace",
            "notice__activation__workspace",
        )
    )


def _take(pk: int, now: datetime) -> bool:
    free = Errand.objects.filter(pk=pk, state=Errand.State.WAITING)
    taken = free.update(state=Errand.State.CARRYING, lease_until=now + LEASE, attempts=F("attempts") + 1)
    return bool(taken)


def ready(errand: Errand, now: datetime) -> Parcel | None:
    """The errand packed; None when it may not go, which is then written down."""
    if not _may_still_know(errand):
        mine = Errand.objects.filter(pk=errand.pk, state=Errand.State.CARRYING, attempts=errand.attempts)
        said = as_line(_("Who it stands for may no longer look at this workspace."), SAID)
        mine.update(state=Errand.State.DROPPED, over_at=now, lease_until=None, next_at=None, said=said)
        return None
    try:
        return pack(errand)
    except ValueError:
        unopened = _("Its stored secret cannot be opened with any of FIELD_KEYS.")
        record(errand, Answer(False, unopened, permanent=True), now)
        return None


def _may_still_know(errand: Errand) -> bool:
    """Retries may take a day: a person may have left the workspace, or the house, meanwhile."""
    channel, notice = errand.channel, errand.notice
    who = channel.stands_for
    if who is None:
        # A set's channel whose adder is gone stands for nobody any more.
        return channel.of_set_id is None
    if notice is None:
        return who.is_active
    return Notice.objects.visible_to(who).filter(pk=notice.pk).exists()


def _try(parcel: Parcel, now: datetime) -> Answer:
    """One try, in a thread that asks the database nothing."""
    try:
        return carry(parcel, now)
    except Exception as error:  # noqa: BLE001  the thread's border; its text may hold the address
        log.error("An errand failed by our own fault.", errand=parcel.key, error=type(error).__name__)
        return Answer(False, _("Our own fault (%(error)s); see the log.") % {"error": type(error).__name__})


def record(errand: Errand, answer: Answer, now: datetime) -> None:
    """Write down how a try went. Tests are tried once; notices again and again, ever more patiently."""
    fields: dict[str, Any] = {
        "lease_until": None,
        "status": answer.status,
        "said": as_line(answer.said, SAID),
    }
    over = answer.ok or answer.permanent or errand.is_test or errand.attempts > len(BACKOFF)
    if over:
        state = Errand.State.DONE if answer.ok else Errand.State.FAILED
        fields |= {"state": state, "over_at": now, "next_at": None}
    else:
        fields |= {"state": Errand.State.WAITING, "next_at": now + pause(errand.attempts, answer)}
    with transaction.atomic():
        mine = Errand.objects.filter(pk=errand.pk, state=Errand.State.CARRYING, attempts=errand.attempts)
        if not mine.update(**fields):
            return
        _tell_channel(errand, answer, fields["next_at"], now)
    speak = log.info if answer.ok else log.warning
    speak(
        "A notice was carried.", errand=errand.pk, channel=errand.channel_id, kind=errand.channel.kind, ok=answer.ok,
        status=answer.status, attempt=errand.attempts, over=over,
    )  # fmt: skip


def pause(attempts: int, answer: Answer) -> timedelta:
    """How long until the next try; a receiver may ask for more patience, within reason."""
    asked = min(timedelta(seconds=answer.wait or 0), PATIENCE)
    return max(BACKOFF[min(attempts, len(BACKOFF)) - 1], asked)


def _tell_channel(errand: Errand, answer: Answer, next_at: datetime | None, now: datetime) -> None:
    """One that fails is left alone by all its errands for a while; one that works again has the rest at once."""
    channel = Channel.objects.filter(pk=errand.channel_id)
    if answer.ok:
        channel.filter(failures__gt=0).update(failures=0, next_at=None)
        waiting = Errand.objects.filter(channel=errand.channel_id, state=Errand.State.WAITING)
        waiting.filter(next_at__gt=now).update(next_at=now)
    elif not errand.is_test:
        channel.update(failures=F("failures") + 1, next_at=next_at)
