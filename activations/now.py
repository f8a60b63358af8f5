"""The workspace at a glance: what moves, what arrived today, what needs somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from activations import states
from activations.cards import Card, cards
from activations.facts import jobs_today
from activations.models import Activation, Delivery
from activations.summary import Summary, summaries
from audiences.models import Workspace

LISTED = 10
CARDS = 4
# What needs somebody is shown this long; older ones are found in the history.
RECENT = timedelta(days=3)
# The newest activations looked at, so that a million old deliveries cost nothing.
LOOKED_AT = 500
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


def now_in(workspace: Workspace) -> Now:
    """Everything the overview says, in a constant number of queries."""
    now = timezone.now()
    moving = _moving_activations(workspace)
    newest = Activation.objects.filter(workspace=workspace, requested_at__gte=now - RECENT)
    recent = list(newest.values_list("pk", flat=True)[:LOOKED_AT])
    today = _today(recent)
    needy = _needy(recent)
    return Now(
        moving=sum(n for _pk, n in moving),
        rows=_rows([pk for pk, _n in moving[:LISTED]]),
        activations=len(moving),
        delivered=today["n"] or 0,
        profiles=today["profiles"],
        files=today["files"],
        needs=_needs(recent),
        cards=cards(needy)[:CARDS],
        jobs=jobs_today(workspace, now),
    )


def _moving_activations(workspace: Workspace) -> list[tuple[int, int]]:
    rows = Delivery.objects.filter(workspace=workspace, state__in=states.MOVING).order_by()
    counted = rows.values_list("activation").annotate(n=Count("pk")).order_by("-activation")
    return [(int(pk), int(n)) for pk, n in counted]


def _today(recent: list[int]) -> dict[str, int | None]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Delivery.objects.filter(
        activation__in=recent, state__in=states.DELIVERED, finished_at__gte=midnight
    )
    return rows.aggregate(n=Count("pk"), profiles=Sum("activated"), files=Sum("files"))


def _needs(recent: list[int]) -> int:
    return Delivery.objects.filter(
        activation__in=recent, state__in=states.NEEDS_YOU, superseded=False
    ).count()


def _needy(recent: list[int]) -> list[Delivery]:
    rows = Delivery.objects.filter(activation__in=recent, state__in=states.NEEDS_YOU, superseded=False)
    return list(rows.select_related("audience", "dataflow", "activation").order_by("-pk")[:CARD_DELIVERIES])


def _rows(pks: list[int]) -> list[Moving]:
    found = (
        Activation.objects.filter(pk__in=pks).select_related("requested_by").order_by("-requested_at", "-pk")
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
