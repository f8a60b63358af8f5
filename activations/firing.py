"""Firing: what is due of a schedule is claimed and pressed, once, however many beats tick and workers run.

The claim is one conditional UPDATE of `fire_at`, in the same transaction as the press: who dies in between has
neither claimed nor pressed, and who comes second finds nothing due. The press token is made from schedule and
moment, so that even a moment that came up twice would find the activation it already made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from activations.actions import CannotRequest, request
from activations.models import Activation, Firing, Schedule
from activations.models.schedules import MISSED, PRESSED, REFUSED, SKIPPED
from activations.places import judge
from activations.preflight import Verdict
from activations.schedules import EVERY_MINUTE, Kind, ends_at
from activations.sets import mappings_in, may_change
from activations.soon import soon
from audiences import clock
from audiences.models import Mapping

log = structlog.get_logger(__name__)
# After a long outage no more moments than these are recorded one by one.
RECORDED = 100


def due(now: datetime) -> QuerySet[Schedule]:
    """The schedules of which a moment has come."""
    return Schedule.objects.coming().filter(fire_at__lte=now)


def fire(schedule_id: int, *, now: datetime | None = None) -> Firing | None:
    """Do what is due of a schedule, in one transaction; returns what became of it, None where nothing was due.

    A moment that is later than the schedule tolerates is recorded as missed and not pressed; of several that
    came meanwhile only the last is.
    """
    now = now or clock.now()
    schedule = due(now).filter(pk=schedule_id).select_related("of_set", "by").first()
    if schedule is None or schedule.fire_at is None:
        return None
    act = _look if schedule.kind == Kind.SOON else _fire
    with transaction.atomic():
        return act(schedule, schedule.fire_at, now)


def token(schedule: Schedule, moment: datetime) -> str:
    """The press of this moment."""
    return f"schedule:{schedule.pk}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _claim(schedule: Schedule, then: datetime | None) -> bool:
    """Move on to the next moment; False when another has done so, or it was paused or changed meanwhile."""
    mine = Schedule.objects.filter(pk=schedule.pk, fire_at=schedule.fire_at, paused_at=None)
    return bool(mine.update(fire_at=then))


def _fire(schedule: Schedule, first: datetime, now: datetime) -> Firing | None:
    moments = [first, *schedule.rule.between(first, now)]
    if not _claim(schedule, schedule.rule.after(now)):
        return None
    *lost, last = moments
    if now - last <= schedule.tolerance:
        _miss(schedule, lost, now)
        return _press(schedule, last, now)
    _miss(schedule, moments, now)
    return schedule.firings.filter(due_at=last).first()


def _look(schedule: Schedule, moment: datetime, now: datetime) -> Firing | None:
    """As soon as allowed: press when nothing that is still mapped is blocked any more; else look again, also while
    nothing of it is mapped."""
    ends, allowed = ends_at(schedule), soon(schedule.of_set, now).may
    if not allowed and (ends is None or now < ends):
        _claim(schedule, now + EVERY_MINUTE)
        return None
    if not _claim(schedule, None):
        return None
    if allowed:
        return _press(schedule, moment, now)
    return _record(schedule, moment, now, REFUSED, why="never_allowed")


def _miss(schedule: Schedule, moments: Iterable[datetime], now: datetime) -> None:
    lost = [Firing(schedule=schedule, due_at=one, at=now, outcome=MISSED) for one in moments][-RECORDED:]
    Firing.objects.bulk_create(lost, ignore_conflicts=True)
    if lost:
        log.warning("Moments of a schedule were missed.", schedule=schedule.pk, moments=len(lost))


def _press(schedule: Schedule, moment: datetime, now: datetime) -> Firing | None:
    """Press what goes of the set. Raises `CannotRequest` where another press was in the way: then nothing was
    claimed either, and the next tick tries again."""
    if schedule.firings.filter(due_at=moment).exists():
        return None
    if schedule.by is None or not may_change(schedule.by, schedule.of_set):
        return _record(schedule, moment, now, REFUSED, why="may_not_press")
    going = chosen = mappings_in(schedule.of_set)
    if schedule.waits == Schedule.Waits.SKIP:
        found = _judged(chosen, now)
        going = [mapping for mapping in chosen if found[mapping.pk].will_go != "waits"]
    left_out = len(chosen) - len(going)
    if not going:
        return _record(schedule, moment, now, SKIPPED, left_out=left_out)
    try:
        made = _request(schedule, going, moment)
    except CannotRequest as why:
        if why.code == "pressed_elsewhere":
            raise
        return _record(schedule, moment, now, REFUSED, why=why.code, left_out=left_out)
    return _record(schedule, moment, now, PRESSED, left_out=left_out, press=made.press)


def _request(schedule: Schedule, going: list[Mapping], moment: datetime) -> Activation:
    skips = schedule.waits == Schedule.Waits.SKIP
    return request(
        going[0].workspace, going, by=schedule.by, press=token(schedule, moment), of_set=schedule.of_set,
        source=Activation.Source.SCHEDULE, name=schedule.of_set.name,
        on_export=Activation.OnExport.STOP if skips else Activation.OnExport.WAIT,
    )  # fmt: skip


def _record(
    schedule: Schedule,
    moment: datetime,
    now: datetime,
    outcome: str,
    *,
    why: str = "",
    left_out: int = 0,
    press: str = "",
) -> Firing:
    made = Firing.objects.create(
        schedule=schedule, due_at=moment, at=now, outcome=outcome, why=why, left_out=left_out, press=press
    )
    said = log.info if press else log.warning
    said("A schedule fired.", schedule=schedule.pk, outcome=outcome, why=why)
    return made


def _judged(mappings: list[Mapping], now: datetime) -> dict[int, Verdict]:
    return judge(mappings[0].workspace, mappings, now=now) if mappings else {}
