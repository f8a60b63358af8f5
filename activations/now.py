"""The workspace at a glance: what moves, what arrived today, what needs somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from activations import states
from activations.budget import jobs_today
from activations.cards import Card, cards
from activations.models import Activation, Delivery, seen_whole
from activations.summary import Summary, summaries
from audiences.models import User, Workspace

LISTED = 10
CARDS = 4
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
    moving: int
    rows: list[Moving]
    activations: int
    delivered: int
    profiles: int | None
    files: int | None
    needs: int
    cards: list[Card]
    jobs: int


def now_in(workspace: Workspace, viewer: User) -> Now:
    """Everything the overview says, in a constant number of queries.

    What belongs to an activation that also reaches into a workspace the viewer may not look at is left out.
    """
    now = timezone.now()
    here = Delivery.objects.filter(seen_whole(viewer, "activation"), workspace=workspace)
    moving = _moving_activations(here)
    needing = _needing(here, now)
    today = _today(here)
    return Now(
        moving=sum(n for _pk, n in moving),
        rows=_rows([pk for pk, _n in moving[:LISTED]]),
        activations=len(moving),
        delivered=today["n"] or 0,
        profiles=today["profiles"],
        files=today["files"],
        needs=needing.count(),
        cards=_cards(needing),
        jobs=jobs_today(workspace, now),
    )


def _moving_activations(here: QuerySet[Delivery]) -> list[tuple[int, int]]:
    rows = here.filter(state__in=states.MOVING).order_by()
    counted = rows.values_list("activation").annotate(n=Count("pk")).order_by("-activation")
    return [(int(pk), int(n)) for pk, n in counted]


def _today(here: QuerySet[Delivery]) -> dict[str, int | None]:
    """What the platform finished since midnight: it became known to us since then, too."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    ended = (*states.DELIVERED, states.FINISHED)
    rows = here.filter(state__in=ended, state_since__gte=midnight, finished_at__gte=midnight)
    return rows.aggregate(n=Count("pk"), profiles=Sum("activated"), files=Sum("files"))


def _needing(here: QuerySet[Delivery], now: datetime) -> QuerySet[Delivery]:
    """By when they came to need somebody, so that a million older deliveries cost nothing."""
    return here.filter(state__in=states.NEEDS_YOU, state_since__gte=now - RECENT, superseded=False)


def _cards(needing: QuerySet[Delivery]) -> list[Card]:
    """The worst cards. Only the delivery that each of them names is read whole: hundreds may share a card."""
    read = ("state", "reason", "verbatim", "issues", "findings", "workspace__platform")
    rows = needing.select_related("workspace").only(*read).order_by("-state_since", "-pk")
    worst = cards(rows[:CARD_DELIVERIES])[:CARDS]
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
