"""The question before a press: what goes, how fresh it is, in how many jobs; and the sealed paper that
carries the answer back, so that only what was shown can be pressed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import ngettext

from activations.budget import is_hard, jobs_today
from activations.going import BLOCKED, JOINS, LOOK, WAITS, Row, profiles, rows_of
from activations.models import Activation
from activations.packing import pack
from activations.selection import fold, unfold
from audiences import clock, speech
from audiences.models import Mapping, User, Workspace

LASTS = timedelta(minutes=15)
LARGE = 80
SALT = "activations.press"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a press of these rows means now."""

    rows: Sequence[Row]
    jobs: Sequence[int]
    used_today: int
    budget: int
    budget_is_hard: bool = False

    @property
    def now(self) -> list[Row]:
        return [row for row in self.rows if row.selectable and row.kind != WAITS]

    @property
    def armed(self) -> list[Row]:
        return [row for row in self.rows if row.kind == WAITS]

    @property
    def blocked(self) -> list[Row]:
        return [row for row in self.rows if row.kind == BLOCKED]

    @property
    def joins(self) -> list[Row]:
        """What follows a run that is going on already: nothing new is exported for it."""
        return [row for row in self.rows if row.kind == JOINS]

    @property
    def looks(self) -> list[Row]:
        return [row for row in self.rows if row.kind == LOOK]

    @property
    def going(self) -> list[Row]:
        """What leaves, now or by itself later: the number on the button."""
        return [row for row in self.rows if row.selectable]

    @property
    def audiences(self) -> int:
        return len({row.mapping.audience_id for row in self.going})

    @property
    def what(self) -> str:
        """ "172 audiences"; where an audience goes to several destinations, "4 deliveries"."""
        count = len(self.going)
        if self.audiences == count:
            said = ngettext("%(n)s audience", "%(n)s audiences", count)
        else:
            said = ngettext("%(n)s delivery", "%(n)s deliveries", count)
        return said % {"n": speech.number(count)}

    @property
    def split(self) -> str:
        """ "80 + 80 + 12", or "" for one job."""
        return " + ".join(str(size) for size in self.jobs) if len(self.jobs) > 1 else ""

    @property
    def used_after(self) -> int:
        return self.used_today + len(self.jobs)

    @property
    def over_budget(self) -> bool:
        return self.used_after > self.budget

    @property
    def profiles(self) -> int:
        return profiles(self.going)[0]

    @property
    def uncounted(self) -> int:
        return profiles(self.going)[1]

    @property
    def dataflows(self) -> list[str]:
        return sorted({row.mapping.dataflow.name for row in self.going})


def plan(workspace: Workspace, rows: Sequence[Row]) -> Plan:
    """The split plan of rows that were judged just now."""
    leaving = [row for row in rows if row.selectable and row.kind != WAITS]
    jobs = pack(leaving, workspace.max_per_job, group=lambda row: row.mapping.audience_id)
    sizes = sorted((len(job) for job in jobs), reverse=True)
    return Plan(
        rows, sizes, jobs_today(workspace, timezone.now()), workspace.jobs_per_day, is_hard(workspace)
    )


def ask(workspace: Workspace, mappings: Sequence[Mapping]) -> Plan:
    return plan(workspace, rows_of(workspace, mappings))


def needs_name(workspace: Workspace, count: int) -> bool:
    """A production workspace and a large press ask for the workspace's name."""
    return workspace.production or count > LARGE


def names(workspace: Workspace, written: str) -> bool:
    """Whether somebody wrote the workspace's name; case and spaces around it do not matter."""
    return written.strip().casefold() in {workspace.name.strip().casefold(), workspace.slug.casefold()}


def on_export(form: QueryDict) -> str:
    """What the form chose beside a scheduled export that runs; waiting, unless it says otherwise."""
    stop = Activation.OnExport.STOP
    return str(stop if form.get("on_export") == stop else Activation.OnExport.WAIT)


@dataclass(frozen=True, slots=True)
class Paper:
    """What was shown: which mappings, in which workspace, to whom, when; and the token of this press."""

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
