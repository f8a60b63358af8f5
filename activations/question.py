"""The question before a press: what goes, how fresh it is, in how many jobs; and the sealed paper that
carries the answer back, so that only what was shown can be pressed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.core import signing
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import ngettext

from activations.budget import calls_lately, is_hard, jobs_today
from activations.going import BLOCKED, JOINS, LOOK, READY, WAITS, Row, place_of, profiles, rows_of
from activations.models import Activation
from activations.packing import pack
from activations.places import split
from activations.selection import fold, unfold
from audiences import clock, speech
from audiences.models import Mapping, User, Workspace
from audiences.models.catalog import Kind
from platforms.segment.gateway import Operation

LASTS = timedelta(minutes=15)
LARGE = 80
SALT = "activations.press"


@dataclass(frozen=True)
class Leaving:
    """Rows that were judged, and what of them leaves.

    Pages ask for the same lists again and again, and of thousands of rows: each is made once.
    """

    rows: Sequence[Row]

    @cached_property
    def now(self) -> list[Row]:
        """What a call carries now. What joins a run needs none."""
        return [row for row in self.rows if row.kind in (READY, LOOK)]

    @cached_property
    def joins(self) -> list[Row]:
        """What follows a run that is going on already: nothing new is exported for it."""
        return [row for row in self.rows if row.kind == JOINS]

    @cached_property
    def going(self) -> list[Row]:
        """What leaves, now or by itself later: the number on the button."""
        return [row for row in self.rows if row.selectable]

    @cached_property
    def _counted(self) -> tuple[int, int]:
        return profiles(self.going)

    @property
    def profiles(self) -> int:
        return self._counted[0]

    @property
    def uncounted(self) -> int:
        return self._counted[1]


@dataclass(frozen=True)
class Part(Leaving):
    """What leaves one workspace, in which jobs, and what it has left of its day; at Segment of its minute."""

    workspace: Workspace
    jobs: Sequence[int]
    used: int
    budget: int
    budget_is_hard: bool = False

    @property
    def split(self) -> str:
        """ "80 + 80 + 12", or "" for one job."""
        return " + ".join(str(size) for size in self.jobs) if len(self.jobs) > 1 else ""

    @property
    def used_after(self) -> int:
        return self.used + len(self.jobs)

    @property
    def over_budget(self) -> bool:
        return not self.workspace.is_segment and self.used_after > self.budget


@dataclass(frozen=True)
class Plan(Leaving):
    """What a press of these rows means now; `parts` has it per workspace, that of the home first."""

    parts: Sequence[Part]

    @cached_property
    def armed(self) -> list[Row]:
        return [row for row in self.rows if row.kind == WAITS]

    @cached_property
    def blocked(self) -> list[Row]:
        return [row for row in self.rows if row.kind == BLOCKED]

    @cached_property
    def looks(self) -> list[Row]:
        return [row for row in self.rows if row.kind == LOOK]

    @cached_property
    def leaving(self) -> list[Part]:
        """The workspaces that something leaves."""
        return [part for part in self.parts if part.going]

    @cached_property
    def audiences(self) -> int:
        return len({row.mapping.audience_id for row in self.going})

    @cached_property
    def what(self) -> str:
        """ "172 audiences"; where an audience goes to several destinations, "4 deliveries"."""
        count = len(self.going)
        if self.audiences == count:
            said = ngettext("%(n)s audience", "%(n)s audiences", count)
        else:
            said = ngettext("%(n)s delivery", "%(n)s deliveries", count)
        return said % {"n": speech.number(count)}

    @cached_property
    def dataflows(self) -> list[str]:
        """The names of what it goes to, each once: dataflows, and at Segment destinations, since there every
        audience has a connection of its own."""
        flows = {row.mapping.dataflow for row in self.going}
        found = {
            (flow.workspace_id, flow.destination_id if flow.kind == Kind.CONNECTION else -flow.pk): place_of(
                flow
            )
            for flow in flows
        }
        return sorted(found.values())


def plan(home: Workspace, rows: Sequence[Row]) -> Plan:
    """The split plan of rows that were judged just now."""
    by_mapping = {row.mapping.pk: row for row in rows}
    parts = split(home, (row.mapping for row in rows))
    return Plan(rows, [_part(place, [by_mapping[one.pk] for one in those]) for place, those in parts])


def _part(workspace: Workspace, rows: Sequence[Row]) -> Part:
    leaving, now = Leaving(rows).now, timezone.now()
    # Segment takes one resync a call; what one of Adobe's calls takes is a guardrail.
    limit = 1 if workspace.is_segment else workspace.max_per_job
    jobs = pack(leaving, limit, group=lambda row: row.mapping.audience_id)
    sizes = sorted((len(job) for job in jobs), reverse=True)
    if workspace.is_segment:
        writes = calls_lately(workspace, now)
        return Part(rows, workspace, sizes, writes, Operation.UPDATE_ACTIVATION.per_minute)
    used = jobs_today(workspace, now)
    return Part(rows, workspace, sizes, used, workspace.jobs_per_day, is_hard(workspace))


def ask(home: Workspace, mappings: Sequence[Mapping]) -> Plan:
    return plan(home, rows_of(home, mappings))


def to_name(places: Sequence[Workspace], count: int) -> list[Workspace]:
    """The workspaces whose names a press asks for: every production one, and for a large press at least the home,
    which comes first."""
    production = [place for place in places if place.production]
    return production or (list(places[:1]) if count > LARGE else [])


def unnamed(asked: Sequence[Workspace], written: Iterable[str]) -> list[Workspace]:
    """Those whose name or slug nobody wrote; case and spaces around it do not matter."""
    said = {text.strip().casefold() for text in written}
    return [one for one in asked if not said & {one.name.strip().casefold(), one.slug.casefold()}]


def on_export(form: QueryDict) -> str:
    """What the form chose beside a scheduled export that runs; waiting, unless it says otherwise."""
    stop = Activation.OnExport.STOP
    return str(stop if form.get("on_export") == stop else Activation.OnExport.WAIT)


@dataclass(frozen=True, slots=True)
class Paper:
    """What was shown: which mappings, at which home, to whom, when; and the token of this press."""

    mappings: frozenset[int]
    seen_at: datetime
    press: str


def seal(workspace: Workspace, user: User, mappings: Sequence[Mapping]) -> str:
    """A signed paper for the form. One paper is one press, however often it is handed in."""
    shown = {
        "w": workspace.pk,
        "u": user.pk,
        "m": fold(mapping.pk for mapping in mappings),
        "at": clock.now().isoformat(),
        "press": secrets.token_urlsafe(24),
    }
    return signing.dumps(shown, salt=SALT)


class TooOld(Exception):
    """The paper was shown more than `LASTS` ago. `mappings` are those it names."""

    def __init__(self, mappings: frozenset[int]) -> None:
        super().__init__("The page is too old.")
        self.mappings = mappings


class NotOurs(Exception):
    """The paper was not made by us, for this person and this workspace."""


def unseal(workspace: Workspace, user: User, paper: str) -> Paper:
    """Read what `seal` wrote. Raises `TooOld` or `NotOurs`; then nothing may be sent."""
    try:
        shown = signing.loads(paper, salt=SALT)
    except signing.BadSignature as error:
        raise NotOurs from error
    if shown["w"] != workspace.pk or shown["u"] != user.pk:
        raise NotOurs
    chosen, seen_at = frozenset(unfold(shown["m"])), datetime.fromisoformat(shown["at"])
    if clock.now() - seen_at > LASTS:
        raise TooOld(chosen)
    return Paper(chosen, seen_at, shown["press"])
