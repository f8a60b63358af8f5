"""Firing: what is due of a schedule is claimed and pressed, once, however many beats tick and workers run.

The claim is one conditional UPDATE of `fire_at`, in the same transaction as the press: who dies in between has
neither claimed nor pressed, and who comes second finds nothing due. The press token is made from schedule and
moment, so that even a moment that came up twice would find the activation it already made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from activations.actions import CannotRequest, request
from activations.facts import verdicts
from activations.models import Activation, Firing, Schedule
from activations.models.schedules import MISSED, PRESSED, REFUSED, SKIPPED
from activations.schedules import EVERY_MINUTE, Kind, ends_at
from activations.sets import may_change
from audiences import clock
from audiences.models import Mapping, Workspace

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
    """As soon as allowed: press when nothing that is still mapped is blocked any more; else look again."""
    ends, allowed = ends_at(schedule), _is_allowed(schedule, now)
    if not allowed and (ends is None or now < ends):
        _claim(schedule, now + EVERY_MINUTE)
        return None
    if not _claim(schedule, None):
        return None
    if allowed:
        return _press(schedule, moment, now)
    return _record(schedule, moment, now, Outcome(), why="never_allowed")


def _is_allowed(schedule: Schedule, now: datetime) -> bool:
    for workspace, mappings in _by_workspace(schedule).items():
        present = [mapping for mapping in mappings if mapping.vanished_at is None]
        if any(verdict.will_go == "blocked" for verdict in verdicts(workspace, present, now=now).values()):
            return False
    return True


def _miss(schedule: Schedule, moments: Iterable[datetime], now: datetime) -> None:
    lost = [Firing(schedule=schedule, due_at=one, at=now, outcome=MISSED) for one in moments][-RECORDED:]
    Firing.objects.bulk_create(lost, ignore_conflicts=True)
    if lost:
        log.warning("Moments of a schedule were missed.", schedule=schedule.pk, moments=len(lost))


@dataclass
class Outcome:
    """What came of a press so far."""

    made: list[Activation] = field(default_factory=list)
    left_out: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def word(self) -> str:
        if self.made:
            return PRESSED
        return SKIPPED if self.left_out and not self.refusals else REFUSED


def _press(schedule: Schedule, moment: datetime, now: datetime) -> Firing | None:
    if schedule.firings.filter(due_at=moment).exists():
        return None
    outcome = Outcome()
    if schedule.by is None or not may_change(schedule.by, schedule.of_set):
        return _record(schedule, moment, now, outcome, why="may_not_press")
    for workspace, mappings in _by_workspace(schedule).items():
        going = mappings
        if schedule.waits == Schedule.Waits.SKIP:
            going = _without_waiting(workspace, mappings, now)
            outcome.left_out += len(mappings) - len(going)
        if going:
            _request(schedule, workspace, going, moment, outcome)
    return _record(schedule, moment, now, outcome)


def _without_waiting(workspace: Workspace, mappings: list[Mapping], now: datetime) -> list[Mapping]:
    found = verdicts(workspace, mappings, now=now)
    return [mapping for mapping in mappings if found[mapping.pk].will_go != "waits"]


def _request(
    schedule: Schedule, workspace: Workspace, going: list[Mapping], moment: datetime, outcome: Outcome
) -> None:
    """Press. Raises `CannotRequest` where another press was in the way: then nothing was claimed either, and
    the next tick tries again."""
    skips = schedule.waits == Schedule.Waits.SKIP
    try:
        made = request(
            workspace, going, by=schedule.by, press=token(schedule, moment), of_set=schedule.of_set,
            source=Activation.Source.SCHEDULE, name=schedule.of_set.name,
            on_export=Activation.OnExport.STOP if skips else Activation.OnExport.WAIT,
        )  # fmt: skip
    except CannotRequest as why:
        if why.code == "pressed_elsewhere":
            raise
        outcome.refusals.append(why.code)
    else:
        outcome.made.append(made)


def _record(
    schedule: Schedule, moment: datetime, now: datetime, outcome: Outcome, *, why: str = ""
) -> Firing:
    made = Firing.objects.create(
        schedule=schedule, due_at=moment, at=now, outcome=outcome.word, left_out=outcome.left_out,
        why=why or next(iter(outcome.refusals), ""), press=token(schedule, moment) if outcome.made else "",
    )  # fmt: skip
    said = log.info if outcome.made else log.warning
    said("A schedule fired.", schedule=schedule.pk, outcome=made.outcome, why=made.why)
    return made


def _by_workspace(schedule: Schedule) -> dict[Workspace, list[Mapping]]:
    """The set's mappings, those that vanished too: they are blocked, and so named and not dropped."""
    rows = Mapping.objects.filter(sets=schedule.of_set_id)
    found: dict[Workspace, list[Mapping]] = {}
    for mapping in rows.select_related("workspace", "dataflow__destination", "audience").order_by("pk"):
        found.setdefault(mapping.workspace, []).append(mapping)
    return found
