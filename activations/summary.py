"""Counts of deliveries as words and as a bar: "142 delivered · 3 failed · 27 running of 172"."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import states
from activations.models import Activation, Delivery
from audiences import speech

# The order in which a sentence and the bar tell the states.
ORDER = (
    states.SUCCEEDED,
    states.FINISHED,
    states.PARTLY,
    states.EMPTY,
    states.RUNNING,
    states.UNCONFIRMED,
    states.SENDING,
    states.FAILED,
    states.REFUSED,
    states.BLOCKED,
    states.STOPPED,
    states.QUEUED,
    states.ARMED,
    states.CANCELED,
)
NOTHING_HAPPENED_YET = frozenset({*states.UNSENT, states.CANCELED})


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of the bar with its words."""

    tone: str
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How an activation stands. `counts` has deliveries per state, superseded ones left out; `unusual` are those
    among them that differ from what is usual."""

    counts: Mapping[str, int]
    unusual: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def of(self, values: Collection[str]) -> int:
        return sum(count for value, count in self.counts.items() if value in values)

    @property
    def moving(self) -> int:
        return self.of(states.MOVING)

    @property
    def over(self) -> int:
        """Those that nothing will happen to any more by itself."""
        return self.total - self.moving

    @property
    def unsent(self) -> int:
        return self.of(states.UNSENT)

    @property
    def queued(self) -> int:
        return self.of((states.QUEUED,))

    @property
    def delivered(self) -> int:
        return self.of(states.DELIVERED)

    @property
    def needs_you(self) -> int:
        return self.of(states.NEEDS_YOU)

    @property
    def failed(self) -> int:
        """What the button "Retry N failed" asks for again."""
        return self.of((states.FAILED, states.REFUSED, states.BLOCKED))

    @property
    def stopped(self) -> int:
        return self.of((states.STOPPED,))

    @property
    def unusual_words(self) -> str:
        """ "3 unusual"; "" where none is."""
        said = ngettext("%(n)s unusual", "%(n)s unusual", self.unusual)
        return said % {"n": speech.number(self.unusual)} if self.unusual else ""

    @property
    def is_over(self) -> bool:
        return not self.moving

    @property
    def worst(self) -> states.State:
        """The state the activation is named by."""
        return states.STATES[
            states.worst([value for value, n in self.counts.items() if n]) or states.CANCELED
        ]

    @property
    def parts(self) -> list[Part]:
        found = []
        for value in ORDER:
            if count := self.counts.get(value, 0):
                tone = "idle" if value in NOTHING_HAPPENED_YET else states.STATES[value].tone
                found.append(
                    Part(tone, count, f"{speech.number(count)} {states.STATES[value].counted(count)}")
                )
        return found

    @property
    def bar(self) -> list[tuple[str, int]]:
        return [(part.tone, part.count) for part in self.parts]

    @property
    def headline(self) -> str:
        """ "142 delivered · 3 need you · 23 running · 4 unsent of 172"; one kind of trouble is named: "3 failed"."""
        return self._headline(_("%(n)s need you"))

    @property
    def outward(self) -> str:
        """The headline for people outside, who can do nothing about it: "3 need somebody"."""
        return self._headline(_("%(n)s need somebody"))

    def _headline(self, trouble: str) -> str:
        groups = (
            ((states.SUCCEEDED,), _("%(n)s delivered")),
            ((states.FINISHED,), _("%(n)s finished resyncing")),
            (states.NEEDS_YOU, trouble),
            (states.AT_PLATFORM, _("%(n)s running")),
            (states.UNSENT, _("%(n)s unsent")),
            ((states.CANCELED,), _("%(n)s canceled")),
        )
        said = [self._said(values, words) for values, words in groups if self.of(values)]
        if len(said) == 1 and self.total > 1 and len(self.parts) == 1:
            return _("all %(words)s") % {"words": said[0]}
        if len(said) <= 1:
            return "".join(said) or _("no deliveries")
        return _("%(words)s of %(total)s") % {"words": " · ".join(said), "total": speech.number(self.total)}

    def _said(self, values: Collection[str], words: str) -> str:
        present = [value for value in values if self.counts.get(value)]
        if len(present) == 1:
            count = self.counts[present[0]]
            return f"{speech.number(count)} {states.STATES[present[0]].counted(count)}"
        return words % {"n": speech.number(self.of(values))}

    @property
    def words(self) -> str:
        """Every state that occurs: "142 delivered · 3 failed · 27 running of 172"; alone "all 172 delivered"."""
        parts = [part.words for part in self.parts]
        if not parts:
            return _("no deliveries")
        if len(parts) == 1:
            return parts[0] if self.total == 1 else _("all %(words)s") % {"words": parts[0]}
        return _("%(words)s of %(total)s") % {"words": " · ".join(parts), "total": speech.number(self.total)}


def summarize(activation: Activation) -> Summary:
    return summaries([activation.pk])[activation.pk]


def summaries(activations: Iterable[int]) -> dict[int, Summary]:
    """Summary per activation pk, in one query."""
    found: dict[int, dict[str, int]] = {pk: {} for pk in activations}
    unusual: dict[int, int] = dict.fromkeys(found, 0)
    rows = Delivery.objects.filter(activation__in=list(found), superseded=False).order_by()
    counted = rows.values_list("activation", "state").annotate(
        n=Count("pk"), odd=Count("pk", filter=~Q(unusual=""))
    )
    for pk, state, n, odd in counted:
        found[pk][state] = n
        unusual[pk] += odd
    return {pk: Summary(counts, unusual[pk]) for pk, counts in found.items()}
