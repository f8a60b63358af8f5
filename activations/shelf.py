"""What the pages of sets show, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations.going import Row, counts, rows_of
from activations.models import Activation, ActivationSet, Chosen, Firing, Schedule, SetChange
from activations.schedules import Kind, moved_from
from activations.setforms import WEEKDAYS
from activations.summary import Summary, summaries
from audiences import speech
from audiences.models import Mapping, User, Workspace
from audiences.shown import Shown

SHOWN_FIRES = 5
SHOWN_ACTIVATIONS = 10
SHOWN_CHANGES = 20
NAMES_IN_A_CHANGE = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a moment of a schedule, with the activations it made."""

    firing: Firing
    zone: str
    made: Sequence[tuple[Activation, Summary]] = ()

    @property
    def words(self) -> str:
        """One sentence about what is not told by the activation itself; "" where there is nothing to add."""
        said = [why_words(self.firing)]
        if self.firing.left_out and self.made:
            said.append(
                ngettext(
                    "%(n)s had to wait and was skipped.",
                    "%(n)s had to wait and were skipped.",
                    self.firing.left_out,
                )
                % {"n": speech.number(self.firing.left_out)}
            )
        return " ".join(filter(None, said))


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule as a page shows it."""

    schedule: Schedule
    words: str
    fires: Sequence[datetime]
    last: Outcome | None
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A set in a list."""

    of_set: ActivationSet
    size: int
    places: Sequence[Workspace]
    next: Schedule | None
    last: Outcome | None


@dataclass(frozen=True, slots=True)
class Place:
    """The mappings of a set in one workspace, judged now; `shown` are those of this page."""

    workspace: Workspace
    rows: Sequence[Row]
    shown: Sequence[Row]

    @property
    def counts(self) -> list[tuple[Shown, int]]:
        return [(shown, n) for shown, n in counts(self.rows) if n]

    @property
    def vanished(self) -> list[Mapping]:
        return [row.mapping for row in self.rows if row.mapping.vanished_at is not None]


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a set's story, with the mappings it names as far as the viewer may see them."""

    change: SetChange
    words: str
    named: Sequence[Mapping] = field(default=())
    unnamed: int = 0


def held(sets: Sequence[ActivationSet], user: User) -> list[Held]:
    """These sets with what is next and what was last."""
    pks = [one.pk for one in sets]
    sizes: dict[int, dict[int, int]] = {pk: {} for pk in pks}
    rows = Chosen.objects.filter(of_set__in=pks).order_by()
    for pk, place, n in rows.values_list("of_set", "mapping__workspace").annotate(n=Count("pk")):
        sizes[pk][place] = n
    places = Workspace.objects.in_bulk({place for one in sizes.values() for place in one})
    coming: dict[int, Schedule] = {}
    for schedule in Schedule.objects.coming().filter(of_set__in=pks):
        coming.setdefault(schedule.of_set_id, schedule)
    last: dict[int, Outcome] = {}
    for schedule, outcome in _last_outcomes(Schedule.objects.filter(of_set__in=pks), user).items():
        known = last.get(schedule.of_set_id)
        if known is None or known.firing.due_at < outcome.firing.due_at:
            last[schedule.of_set_id] = outcome
    return [
        Held(
            one, sum(sizes[one.pk].values()), sorted((places[pk] for pk in sizes[one.pk]), key=str),
            coming.get(one.pk), last.get(one.pk),
        )
        for one in sets
    ]  # fmt: skip


def rows(of_set: ActivationSet, home: Workspace) -> list[Row]:
    """The set's mappings in the order of the page, each judged now: vanished ones too, so that they are named."""
    found = Mapping.objects.filter(sets=of_set).select_related(
        "workspace", "dataflow__destination", "audience"
    )
    ordered = found.order_by("workspace__name", "dataflow__name", "dataflow_id", "audience__name", "pk")
    return rows_of(home, ordered)


def places(rows: Sequence[Row], shown: Sequence[Row]) -> list[Place]:
    """The rows by workspace, with those of this page."""
    found: dict[Workspace, list[Row]] = {}
    for row in rows:
        found.setdefault(row.mapping.workspace, []).append(row)
    here = {row.mapping.pk for row in shown}
    return [
        Place(workspace, part, [row for row in part if row.mapping.pk in here])
        for workspace, part in found.items()
    ]


def lines(of_set: ActivationSet, user: User) -> list[Line]:
    """The set's schedules, those that come next first and those that are over last."""
    schedules = of_set.schedules.select_related("of_set", "by", "paused_by")
    now, last = timezone.now(), _last_outcomes(schedules, user)
    found = [line_of(schedule, now, last.get(schedule)) for schedule in schedules]
    far = datetime.max.replace(tzinfo=ZoneInfo("UTC"))
    return sorted(found, key=lambda line: (line.schedule.is_over, line.schedule.fire_at or far))


def line_of(schedule: Schedule, now: datetime, last: Outcome | None = None) -> Line:
    fires: list[datetime] = []
    if schedule.kind != Kind.SOON and not schedule.is_over and schedule.paused_at is None:
        fires = schedule.rule.next(now, SHOWN_FIRES)
    return Line(schedule, words(schedule), fires, last, moved_from(schedule))


def coming(workspace: Workspace, user: User, count: int = SHOWN_FIRES) -> list[Schedule]:
    """The schedules that fire next among the sets of this workspace."""
    sets = ActivationSet.objects.visible_to(user).touching(workspace)
    return list(Schedule.objects.coming().filter(of_set__in=sets).select_related("of_set")[:count])


def activations(of_set: ActivationSet, user: User) -> list[tuple[Activation, Summary]]:
    """The latest activations of the set."""
    rows = Activation.objects.visible_to(user).filter(of_set=of_set)
    return _summed(rows.select_related("workspace", "requested_by")[:SHOWN_ACTIVATIONS])


def changes(of_set: ActivationSet, user: User) -> list[Change]:
    """The latest lines of the set's story."""
    rows = list(of_set.changes.select_related("by")[:SHOWN_CHANGES])
    wanted = {pk for row in rows for pk in row.data.get("mappings", [])[:NAMES_IN_A_CHANGE]}
    seen = Mapping.objects.filter(workspace__in=Workspace.objects.visible_to(user), pk__in=wanted)
    named = {one.pk: one for one in seen.select_related("audience", "dataflow")}
    found = []
    for row in rows:
        pks = row.data.get("mappings", [])
        those = [named[pk] for pk in pks[:NAMES_IN_A_CHANGE] if pk in named]
        found.append(Change(row, change_words(row), those, len(pks) - len(those)))
    return found


def _last_outcomes(schedules: QuerySet[Schedule], user: User) -> dict[Schedule, Outcome]:
    """What became of the latest moment of each, with what it activated; those that never fired are left out."""
    own = Firing.objects.filter(schedule=OuterRef("pk")).order_by("-due_at", "-pk")
    latest = schedules.annotate(latest=Subquery(own.values("pk")[:1])).values("latest")
    found = outcomes(Firing.objects.filter(pk__in=latest).select_related("schedule"), user)
    return {one.firing.schedule: one for one in found}


def outcomes(firings: Iterable[Firing], user: User) -> list[Outcome]:
    """What became of these moments, in their order. They come with `schedule` selected."""
    listed = list(firings)
    made: dict[str, list[tuple[Activation, Summary]]] = {}
    presses = {one.press for one in listed if one.press}
    rows = Activation.objects.visible_to(user).filter(press__in=presses, of_set__isnull=False)
    for activation, summary in _summed(rows.select_related("workspace")):
        made.setdefault(activation.press, []).append((activation, summary))
    return [Outcome(one, one.schedule.zone, made.get(one.press, ())) for one in listed]


def _summed(rows: Iterable[Activation]) -> list[tuple[Activation, Summary]]:
    listed = list(rows)
    counted = summaries(row.pk for row in listed)
    return [(row, counted[row.pk]) for row in listed]


def words(schedule: Schedule) -> str:
    """ "Every Monday and Friday at 09:00, Europe/Berlin"."""
    if schedule.kind == Kind.SOON:
        return _("As soon as allowed")
    said = {
        "time": f"{schedule.at:%H:%M}",
        "zone": schedule.zone,
        "day": date_format(schedule.day, "DATE_FORMAT") if schedule.day else "",
        "days": _listed([str(word) for value, word in WEEKDAYS if int(value) in schedule.weekdays]),
        "n": schedule.month_day,
    }
    sentence = {
        Kind.ONCE: _("Once, on %(day)s at %(time)s, %(zone)s"),
        Kind.DAILY: _("Every day at %(time)s, %(zone)s"),
        Kind.WEEKLY: _("Every %(days)s at %(time)s, %(zone)s"),
        Kind.MONTHLY: _("On day %(n)s of every month at %(time)s, %(zone)s"),
    }[Kind(schedule.kind)]
    return sentence % said


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def why_words(firing: Firing) -> str:
    """Why a moment made no activation, in one sentence; "" where it made one."""
    if firing.outcome == "missed":
        return _("Nothing ran at its moment, nor within the minutes it may be late.")
    if firing.outcome == "skipped":
        return _("Everything in it had to wait, and this schedule skips what has to wait.")
    return {
        "may_not_press": _(
            "Who saved the schedule may no longer press there. Somebody who may must save it again."
        ),
        "never_allowed": _("Something in the set was blocked until the last day, so it gave up."),
        "nothing_can_go": _("Nothing in the set could go: the set's page says why."),
    }.get(firing.why, "")


def change_words(row: SetChange) -> str:
    """What a line of the story says, without who and when."""
    count = len(row.data.get("mappings", []))
    said = {"n": speech.number(count), **{key: row.data.get(key, "") for key in ("before", "after")}}
    sentence = {
        "saved": ngettext("saved with %(n)s mapping", "saved with %(n)s mappings", count),
        "added": ngettext("added %(n)s mapping", "added %(n)s mappings", count),
        "removed": ngettext("removed %(n)s mapping", "removed %(n)s mappings", count),
        "renamed": _("renamed it from “%(before)s” to “%(after)s”"),
        "schedule_added": _("added a schedule"),
        "schedule_changed": _("changed a schedule"),
        "schedule_paused": _("paused a schedule"),
        "schedule_resumed": _("resumed a schedule"),
        "schedule_removed": _("deleted a schedule"),
    }.get(row.what, row.what)
    return sentence % said
