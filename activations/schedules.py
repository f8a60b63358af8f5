"""The verbs of schedules: save, pause, resume, remove; and what is wrong with one that could never fire."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from activations import rules
from activations.models import ActivationSet, Schedule
from activations.sets import CannotChange, tell
from audiences import clock
from audiences.models import User

Kind = Schedule.Kind
# Further ahead nobody plans a press; a year of five digits is a slip of the finger.
FURTHEST = timedelta(days=5 * 366)
LOOKS_FOR = timedelta(days=7)
TOLERANCES = (timedelta(minutes=1), timedelta(hours=12))
EVERY_MINUTE = timedelta(minutes=1)


def wrong(schedule: Schedule, now: datetime) -> dict[str, str]:
    """What keeps a schedule from ever firing, or makes it fire as nobody can mean it: a sentence per field."""
    found: dict[str, str] = {}
    today = now.astimezone(ZoneInfo(schedule.zone)).date()
    if schedule.at.second or schedule.at.microsecond:
        found["at"] = _("A schedule fires on the minute, at most once a day: leave out the seconds.")
    if not TOLERANCES[0] <= schedule.tolerance <= TOLERANCES[1]:
        found["tolerance"] = _("Between 1 and 720 minutes.")
    if schedule.kind == Kind.ONCE:
        found |= _wrong_day(schedule, today, now)
    elif schedule.kind == Kind.WEEKLY and not schedule.rule.can_fire:
        found["weekdays"] = _("Choose at least one day of the week, or it never fires.")
    elif schedule.kind == Kind.MONTHLY and not schedule.rule.can_fire:
        found["month_day"] = _("A month has the days 1 to 31, so it would never fire.")
    if schedule.until and schedule.kind != Kind.ONCE and not found:
        found |= _wrong_end(schedule, schedule.until, today, now)
    return found


def _wrong_day(schedule: Schedule, today: date, now: datetime) -> dict[str, str]:
    if schedule.day is None:
        return {"day": _("Choose the day, or it never fires.")}
    if schedule.day > today + FURTHEST:
        return {"day": _("That is more than five years ahead.")}
    if schedule.rule.after(now) is None:
        field = "at" if schedule.day == today else "day"
        return {
            field: _("This moment is past in %(zone)s, so it would never fire.") % {"zone": schedule.zone}
        }
    return {}


def _wrong_end(schedule: Schedule, until: date, today: date, now: datetime) -> dict[str, str]:
    if until < today:
        return {"until": _("This day is past, so it would never fire.")}
    if schedule.kind != Kind.SOON and schedule.rule.after(now) is None:
        return {"until": _("It ends before it would fire for the first time.")}
    return {}


def _refuse_twin(of_set: ActivationSet, schedule: Schedule) -> None:
    """The set goes once per moment: the same schedule twice would send it twice, or be in its own way."""
    moment = ("kind", "zone", "at", "day", "weekdays", "month_day")
    same = {name: getattr(schedule, name) for name in moment}
    if of_set.schedules.filter(**same, fire_at__isnull=False).exclude(pk=schedule.pk).exists():
        field = "kind" if schedule.kind == Kind.SOON else "at"
        raise CannotChange(
            _("The set has this very schedule already. Go back to change that one."), field=field
        )


def moved_from(schedule: Schedule) -> str:
    """The local time of a schedule's next moment where that day does not have it: "02:30"; else ""."""
    if schedule.kind == Kind.SOON or schedule.fire_at is None:
        return ""
    zone = ZoneInfo(schedule.zone)
    local = datetime.combine(schedule.fire_at.astimezone(zone).date(), schedule.at)
    return "" if rules.exists(local, zone) else f"{schedule.at:%H:%M}"


def save(of_set: ActivationSet, schedule: Schedule, *, by: User | None) -> Schedule:
    """Add a schedule, or change the one with its pk; from now on it presses in the name of `by`.

    Raises `CannotChange` with a field when it could never fire or the set has the same one, and for one that is over.
    """
    new = schedule.pk is None
    with transaction.atomic():
        if not new:
            _refuse_over(Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk))
        # Read after the row is held: a moment that fires meanwhile is then past, and not fired again.
        now = clock.now()
        for field, sentence in wrong(schedule, now).items():
            raise CannotChange(sentence, field=field)
        _refuse_twin(of_set, schedule)
        schedule.of_set, schedule.by = of_set, by
        if schedule.kind == Kind.SOON:
            schedule.waits = Schedule.Waits.ARM
            schedule.until = schedule.until or (now + LOOKS_FOR).astimezone(ZoneInfo(schedule.zone)).date()
        schedule.fire_at = _first(schedule, now)
        schedule.save()
        tell(of_set, "schedule_added" if new else "schedule_changed", by, schedule=schedule.pk)
    return schedule


def pause(schedule: Schedule, *, by: User | None) -> bool:
    """Fire no more until it is resumed; what has fired stays. False when it was paused or over."""
    now = clock.now()
    with transaction.atomic():
        rows = Schedule.objects.filter(pk=schedule.pk, paused_at=None, fire_at__isnull=False)
        if not rows.update(paused_at=now, paused_by=by):
            return False
        tell(schedule.of_set, "schedule_paused", by, schedule=schedule.pk)
    return True


def resume(schedule: Schedule, *, by: User | None) -> bool:
    """Fire again, from the next moment on: those of the pause are not made up for. False when it was not paused.

    Raises `CannotChange` when no moment comes any more.
    """
    with transaction.atomic():
        held = Schedule.objects.select_for_update(no_key=True).get(pk=schedule.pk)
        if held.paused_at is None:
            return False
        fire_at = _first(held, clock.now())
        if fire_at is None:
            raise CannotChange(_("Its last moment is past, so it would never fire. Add another schedule."))
        Schedule.objects.filter(pk=held.pk).update(paused_at=None, paused_by=None, fire_at=fire_at)
        tell(schedule.of_set, "schedule_resumed", by, schedule=schedule.pk)
    return True


def remove(schedule: Schedule, *, by: User | None) -> None:
    """Away with it and the record of its moments; what it activated stays."""
    with transaction.atomic():
        tell(schedule.of_set, "schedule_removed", by, schedule=schedule.pk)
        schedule.delete()


def ends_at(schedule: Schedule) -> datetime | None:
    """When "as soon as allowed" gives up: the end of its last day in its zone."""
    if schedule.until is None:
        return None
    return rules.moment_of(schedule.until + rules.DAY, datetime.min.time(), ZoneInfo(schedule.zone))


def _first(schedule: Schedule, now: datetime) -> datetime | None:
    if schedule.kind != Kind.SOON:
        return schedule.rule.after(now)
    ends = ends_at(schedule)
    return now if ends is None or now < ends else None


def _refuse_over(held: Schedule) -> None:
    if held.is_over:
        raise CannotChange(_("This schedule is over. Add another one instead."))


def fields_of(schedule: Schedule) -> dict[str, Any]:
    """What a form is filled with."""
    names = ("kind", "zone", "at", "day", "weekdays", "month_day", "until", "waits")
    minutes = int(schedule.tolerance.total_seconds() // 60)
    return {**{name: getattr(schedule, name) for name in names}, "tolerance": minutes}
