"""Schedules that nobody fires, and those that never press though they fire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from activations.doctor.finding import Finding
from activations.models import ActivationSet, Chosen, Firing, Schedule
from activations.models.schedules import OUTCOMES, PRESSED
from activations.sets import may_change
from audiences.models import Workspace

# The tick comes on the minute; what is overdue by more than this, nobody came for.
OVERDUE = timedelta(minutes=3)
# So many moments in a row without a press are no accident.
FRUITLESS = 3
TICK = "Run: celery --app config call activations.tasks.schedule_tick"
NO_TICK = (
    "Beat does not tick, or no worker takes its tasks; what is later than it tolerates is recorded as missed."
)


def schedules(workspaces: Iterable[Workspace], now: datetime) -> Iterator[Finding]:
    """Every finding about the schedules of these workspaces' sets, and of sets that hold nothing any more. One that
    spans workspaces is told of once."""
    inside = Chosen.objects.filter(of_set=OuterRef("of_set"))
    here = Exists(inside.filter(mapping__workspace__in=[one.pk for one in workspaces]))
    rows = Schedule.objects.coming().filter(here | ~Exists(inside)).select_related("of_set", "by")
    for schedule in rows:
        yield from _about(schedule, now)


def _about(schedule: Schedule, now: datetime) -> Iterator[Finding]:
    named = f"The schedule {schedule.pk} ({schedule.get_kind_display()}) of the set “{schedule.of_set}”"
    slug = _slug(schedule.of_set)
    if schedule.fire_at is not None and schedule.fire_at < now - OVERDUE:
        yield Finding(
            "schedule_overdue", f"{named} was due and did not fire.", NO_TICK, TICK, schedule.fire_at, slug
        )
    if not slug:
        yield Finding(
            "schedule_of_nothing", f"{named} can never press: the set holds nothing any more.",
            "Its mappings belonged to a place that a workspace no longer points at.",
            "Delete the schedule and the set in the administration, and save the choice anew.", None, slug,
        )  # fmt: skip
        return
    if schedule.by is None or not may_change(schedule.by, schedule.of_set):
        who = f"{schedule.by} may" if schedule.by else "the person who saved it is gone and may"
        yield Finding(
            "schedule_without_right", f"{named} can never press.",
            f"It presses in the name of who saved it last, and {who} no longer press in every workspace of the set.",
            "Somebody who may press there opens the schedule on the set's page and saves it: from then on it is theirs.",
            None, slug,
        )  # fmt: skip
        return
    yield from _fruitless(schedule, named, slug)


def _fruitless(schedule: Schedule, named: str, slug: str) -> Iterator[Finding]:
    last = list(_lately(schedule)[:FRUITLESS])
    if len(last) < FRUITLESS or any(firing.outcome == PRESSED for firing in last):
        return
    words = "; ".join(
        f"{firing.due_at:%Y-%m-%d %H:%M} UTC {OUTCOMES[firing.outcome].word}".lower()
        + (f" ({firing.why})" if firing.why else "")
        for firing in last
    )
    yield Finding(
        "schedule_fruitless", f"{named} fires and never presses: nothing came of its last {FRUITLESS} moments.",
        f"{words}.", "Open the set's page: “Will it go?” says what keeps each delivery; change it, the time or the schedule.",
        last[-1].due_at, slug,
    )  # fmt: skip


def _lately(schedule: Schedule) -> QuerySet[Firing]:
    return schedule.firings.order_by("-due_at", "-pk")


def _slug(of_set: ActivationSet) -> str:
    """The workspace of its first mapping; "" for a set that holds nothing."""
    first = of_set.chosen.order_by("pk").values_list("mapping__workspace__slug", flat=True).first()
    return first or ""
