"""Why deliveries failed, were refused or blocked: counted by what their messages say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import states
from activations.messages import VAGUE, Explained, explain
from activations.models import Delivery
from activations.trends.span import Span
from audiences import speech
from audiences.models import Workspace

TROUBLE = (states.FAILED, states.REFUSED, states.BLOCKED)
# Texts of the platform that are looked at to tell a vague reason; each may name other ids.
TEXTS = 300


@dataclass(slots=True)
class Reason:
    """One kind of trouble. `explained` None: more texts than we look at, so not told apart."""

    state: states.State
    explained: Explained | None
    count: int
    last: datetime

    @property
    def title(self) -> str:
        return str(self.explained.message.title) if self.explained else _("Other reasons, not told apart")

    @property
    def bar(self) -> list[tuple[str, int]]:
        return [(self.state.tone, self.count)]

    @property
    def share(self) -> str:
        return ngettext("%(n)s time", "%(n)s times", self.count) % {"n": speech.number(self.count)}


def reasons(rows: QuerySet[Delivery], span: Span, workspace: Workspace) -> list[Reason]:
    """The kinds, the most frequent first, in two queries. Every try counts, also one that was retried since."""
    trouble = rows.filter(span.within("state_since"), state__in=TROUBLE).order_by()
    found: dict[tuple[str, str], Reason] = {}
    vague: dict[str, tuple[int, datetime]] = {}
    for state, reason, n, last in trouble.values_list("state", "reason").annotate(
        n=Count("pk"), last=Max("state_since")
    ):
        if reason in VAGUE:
            vague[f"{state} {reason}"] = (n, last)
        else:
            _add(found, state, explain(reason, vendor=workspace.platform), n, last)
    texts = trouble.filter(reason__in=VAGUE).values_list("state", "reason", "verbatim", "issues")
    for state, reason, said, issues, n, last in texts.annotate(
        n=Count("pk"), last=Max("state_since")
    ).order_by("-n", "-last")[:TEXTS]:
        total, newest = vague.get(f"{state} {reason}", (n, last))
        vague[f"{state} {reason}"] = (total - n, newest)
        _add(found, state, explain(reason, said, issues=issues, vendor=workspace.platform), n, last)
    for key, (left, newest) in vague.items():
        if left > 0:
            _add(found, key.split()[0], None, left, newest)
    return sorted(found.values(), key=lambda one: (-one.count, one.title))


def _add(
    found: dict[tuple[str, str], Reason], state: str, explained: Explained | None, count: int, last: datetime
) -> None:
    key = (state, str(explained.title) if explained else "")
    known = found.setdefault(key, Reason(states.STATES[state], explained, 0, last))
    known.count += count
    known.last = max(known.last, last)
