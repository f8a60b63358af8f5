"""The workspace at a glance: what moves, what goes next, what arrived today and how fast, what needs somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from activations import states
from activations.budget import jobs_today
from activations.cards import Card, cards
from activations.charts import Chart
from activations.coming import Next, coming
from activations.models import Activation, Delivery, seen_whole
from activations.summary import Summary, summaries
from activations.trends import Lengths, Span, kept_as, lately, outcomes
from audiences.models import User, Workspace

# So many that the page fits a screen; the rest is found in the history.
LISTED = 3
CARDS = 3
DAYS = 30
# What needs somebody is shown this long; older ones are found in the history.
RECENT = timedelta(days=3)
CARD_DELIVERIES = 200


@dataclass(frozen=True, slots=True)
class Moving:
    """An activation of the table "Moving and waiting"."""

    activation: Activation
    summary: Summary
    next_at: datetime | None
    flows: int
    flow: str


@dataclass(frozen=True, slots=True)
class Now:
    """`delivered` and `lacking` are of today: those that came whole, and those that came empty or in part; `profiles`
    and `files` are of both. `took` and `usual` are the lengths of today's deliveries and of those of the days
    before. None is unknown.
    """

    moving: int
    running: int
    armed: int
    rows: list[Moving]
    activations: int
    coming: list[Next]
    delivered: int
    lacking: int
    profiles: int | None
    files: int | None
    needs: int
    needs_today: int
    cards: list[Card]
    unshown: int
    jobs: int
    took: Lengths | None
    usual: Lengths | None
    chart: Chart

    @property
    def unlisted_armed(self) -> int:
        """Armed deliveries of which "Goes next" says nothing."""
        return self.armed - sum(one.armed for one in self.coming)

    @property
    def unlisted(self) -> int:
        """Activations that move and are not among the rows."""
        return self.activations - len(self.rows)


def now_in(workspace: Workspace, viewer: User) -> Now:
    """Everything the overview says, in a constant number of queries.

    What belongs to an activation that also reaches into a workspace the viewer may not look at is left out.
    """
    now = timezone.now()
    zone = timezone.get_current_timezone_name()
    span = Span.last(DAYS, now, timezone.get_current_timezone())
    here = Delivery.objects.filter(seen_whole(viewer, "activation"), workspace=workspace)
    moving = _moving(here)
    pks = sorted({pk for pk, _state in moving}, reverse=True)
    needing = _needing(here, now)
    counted = needing.aggregate(n=Count("pk"), today=Count("pk", filter=Q(state_since__gte=span.bounds[-2])))
    cards = _cards(needing, workspace)
    today = _today(here, span.bounds[-2])
    key = kept_as(workspace, viewer)
    took, usual = lately(here, span, key)
    return Now(
        moving=sum(moving.values()),
        running=sum(n for (_pk, state), n in moving.items() if state in states.AT_PLATFORM),
        armed=sum(n for (_pk, state), n in moving.items() if state == states.ARMED),
        rows=_rows(pks[:LISTED]),
        activations=len(pks),
        coming=coming(workspace, viewer, here),
        delivered=today["n"] or 0,
        lacking=today["lacking"] or 0,
        profiles=today["profiles"],
        files=today["files"],
        needs=counted["n"],
        needs_today=counted["today"],
        cards=cards,
        unshown=counted["n"] - sum(card.count for card in cards),
        jobs=jobs_today(workspace, now),
        took=took,
        usual=usual,
        chart=outcomes(here, span, zone, record=here, segment=workspace.is_segment, kept_as=key),
    )


def _moving(here: QuerySet[Delivery]) -> Counter[tuple[int, str]]:
    """How many by (activation, state)."""
    rows = here.filter(state__in=states.MOVING).order_by()
    counted = rows.values_list("activation", "state").annotate(n=Count("pk"))
    return Counter({(int(pk), state): int(n) for pk, state, n in counted})


def _today(here: QuerySet[Delivery], midnight: datetime) -> dict[str, int | None]:
    """What the platform finished since midnight: it became known to us since then, too."""
    ended = (*states.DELIVERED, states.FINISHED)
    rows = here.filter(state__in=ended, state_since__gte=midnight, finished_at__gte=midnight)
    lacking = Q(state__in=(states.EMPTY, states.PARTLY))
    return rows.aggregate(
        n=Count("pk", filter=~lacking),
        lacking=Count("pk", filter=lacking),
        profiles=Sum("activated"),
        files=Sum("files"),
    )


def _needing(here: QuerySet[Delivery], now: datetime) -> QuerySet[Delivery]:
    """By when they came to need somebody, so that a million older deliveries cost nothing."""
    return here.filter(state__in=states.NEEDS_YOU, state_since__gte=now - RECENT, superseded=False)


def _cards(needing: QuerySet[Delivery], workspace: Workspace) -> list[Card]:
    """The worst cards. Only the delivery that each of them names is read whole: hundreds may share a card."""
    read = ("state", "reason", "verbatim", "issues", "findings", "workspace", "activation")
    rows = list(needing.only(*read).order_by("-state_since", "-pk")[:CARD_DELIVERIES])
    for row in rows:
        # Not joined: SQLite would then read every delivery of the workspace, instead of the few of these days.
        row.workspace = workspace
    worst = cards(rows)[:CARDS]
    firsts = Delivery.objects.select_related("audience", "dataflow", "activation__workspace").in_bulk(
        [card.key for card in worst]
    )
    for card in worst:
        card.deliveries[0] = firsts[card.key]
    return worst


def _rows(pks: list[int]) -> list[Moving]:
    found = (
        Activation.objects.filter(pk__in=pks)
        .select_related("requested_by", "workspace")
        .order_by("-requested_at", "-pk")
    )
    more = {row["activation"]: row for row in _where(pks)}
    counted = summaries(pks)
    return [
        Moving(one, counted[one.pk], more[one.pk]["next_at"], more[one.pk]["flows"], more[one.pk]["flow"])
        for one in found
    ]


def _where(pks: list[int]) -> Iterable[Mapping[str, Any]]:
    """Per activation: when the next unsent delivery goes, to how many dataflows, and one of their names."""
    rows = Delivery.objects.filter(activation__in=pks, superseded=False).order_by()
    return rows.values("activation").annotate(
        next_at=Min("not_before", filter=Q(state__in=states.UNSENT)),
        flows=Count("dataflow", distinct=True),
        flow=Max("dataflow__name"),
    )
