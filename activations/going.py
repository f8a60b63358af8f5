"""Will it go? Mappings with their verdicts, as rows, counts and filters of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activations.places import judge
from activations.preflight import Finding, Verdict
from audiences import speech
from audiences.models import Dataflow, Mapping, Workspace
from audiences.models.catalog import Kind
from audiences.shown import EXPORTS, MODES, Shown, table

READY, LOOK, WAITS, JOINS, BLOCKED = "ready", "look", "waits", "joins", "blocked"
# True of a whole workspace alike: the tray's gauge and the question say it once, so that no row has to.
SAID_ONCE = frozenset({"budget_used"})

WILL_GO = table(
    Shown(READY, gettext_lazy("Ready"), "done", "check"),
    Shown(LOOK, gettext_lazy("Ready, look"), "look", "triangle-alert"),
    Shown(WAITS, gettext_lazy("Waits"), "moving", "clock"),
    Shown(JOINS, gettext_lazy("Joins"), "moving", "link"),
    Shown(BLOCKED, gettext_lazy("Blocked"), "act", "ban"),
)


@dataclass(frozen=True)
class Row:
    """One mapping as a page shows it."""

    mapping: Mapping
    verdict: Verdict
    chosen: bool = False

    @cached_property
    def kind(self) -> str:
        """ready, look, waits, joins or blocked: each row is exactly one."""
        answer = self.verdict.will_go
        return LOOK if answer == READY and self.verdict.looks else answer

    @property
    def shown(self) -> Shown:
        return WILL_GO[self.kind]

    @property
    def word(self) -> str:
        """ "Waits until 14:32 CET" where the moment is known."""
        if self.kind == WAITS and self.verdict.clears_at:
            return _("Waits until %(moment)s") % {"moment": clock(self.verdict.clears_at)}
        if self.kind == WAITS and self.verdict.earliest:
            return _("Waits, not before %(moment)s") % {"moment": clock(self.verdict.earliest)}
        return str(self.shown.word)

    @property
    def where(self) -> str:
        return place_of(self.mapping.dataflow)

    @property
    def pair(self) -> str:
        """ "Loyalty gold → Campaign S3": one audience may go to several places, and fare differently in each."""
        return f"{self.mapping.audience.name} → {self.where}"

    @property
    def selectable(self) -> bool:
        return self.kind != BLOCKED

    @property
    def main(self) -> Finding | None:
        return self.verdict.main

    @property
    def more(self) -> list[Finding]:
        """What else preflight found, beside the finding that decides."""
        return [finding for finding in self.verdict.findings if finding is not self.main]

    @property
    def export(self) -> str:
        return export_words(self.mapping)


def place_of(flow: Dataflow) -> str:
    """Where a dataflow leads, as people call it. A connection of Segment's is its audience's, so there it is the
    destination, by its own name, since several may be of one platform."""
    if flow.kind == Kind.CONNECTION:
        return flow.destination.account or flow.destination.platform
    return flow.name


def clock(then: datetime) -> str:
    return speech.clock(then, timezone.now())


def export_words(mapping: Mapping) -> str:
    """A mapping's rhythm and mode: "Daily · full"; at Segment when it sends: "Audience Entered".

    Words of the vendor that we do not know stay as they are.
    """
    rhythm, mode = mapping.frequency or "", mapping.export_mode or ""
    said = [
        str(EXPORTS.get(rhythm.upper(), rhythm)),
        str(MODES.get(mode.upper(), mode.replace("_", " ").lower())),
    ]
    return " · ".join(filter(None, said)) or mapping.activation_type or speech.unknown()


def rows_of(workspace: Workspace, mappings: Iterable[Mapping], chosen: Iterable[int] = ()) -> list[Row]:
    """Rows in the order given. Mappings, of whatever workspaces, come with `dataflow` and `audience` selected."""
    listed, ticked = list(mappings), set(chosen)
    found = judge(workspace, listed)
    return [Row(mapping, _its_own(found[mapping.pk]), mapping.pk in ticked) for mapping in listed]


def _its_own(verdict: Verdict) -> Verdict:
    return Verdict(tuple(finding for finding in verdict.findings if finding.code not in SAID_ONCE))


def counts(rows: Sequence[Row]) -> list[tuple[Shown, int]]:
    """How many rows of each kind, in the order of the chips."""
    counted = Counter(row.kind for row in rows)
    return [(shown, counted[kind]) for kind, shown in WILL_GO.items()]


def counted_at(rows: Iterable[Row]) -> datetime | None:
    """When most audiences of a list were counted, to be said once above it; None where no moment is most rows'."""
    moments = Counter(row.mapping.audience.profiles_as_of for row in rows)
    then, many = max(moments.items(), key=lambda one: one[1], default=(None, 0))
    return then if many > 1 and many * 2 > moments.total() else None


def profiles(rows: Iterable[Row]) -> tuple[int, int]:
    """Known profiles together, and for how many audiences the count is unknown; each audience counts once."""
    audiences = {row.mapping.audience_id: row.mapping.audience.profiles for row in rows}
    known = [count for count in audiences.values() if count is not None]
    return sum(known), len(audiences) - len(known)
