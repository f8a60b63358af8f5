"""What is shown of an activation to whoever comes by: people with a share link, and those who pass a big screen.

Neither names people. Who pressed, canceled or paused is for those who work here: a link travels further than it was
meant to, and what its reader waits for does not depend on it. What a platform said is quoted with addresses and
secrets struck out; the reason "for the record" stays in the house.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet

from activations import states
from activations.cards import Card, cards, spoken_of
from activations.evidence import struck
from activations.models import Activation, Delivery
from activations.outlook import Outlook, outlook
from activations.summary import Summary, summarize
from audiences.models import Workspace

# The watch comes every two seconds and the sweep every fifteen: what is overdue by more than this, nobody came for.
OVERDUE = timedelta(seconds=60)
DUE = (states.RUNNING, states.UNCONFIRMED, states.ARMED)
NAMED = 3


@dataclass(frozen=True, slots=True)
class Glimpse:
    """How an activation stands, with nobody's name.

    `unwatched_since`: when somebody should have looked, and did not.
    """

    activation: Activation
    summary: Summary
    cards: list[Card]
    outlook: Outlook | None
    ended_at: datetime | None
    next_at: datetime | None
    unwatched_since: datetime | None
    where: tuple[str, ...]
    places: list[Workspace]
    now: datetime

    @property
    def unnamed(self) -> int:
        """Dataflows beyond those that are named."""
        return len(self.where[NAMED:])

    @property
    def named(self) -> str:
        return ", ".join(self.where[:NAMED])

    @property
    def is_stand_in(self) -> bool:
        """Whether it goes to a simulator, all of it or in part."""
        return any(place.is_stand_in for place in self.places)


def glimpse(activation: Activation, now: datetime) -> Glimpse:
    """In a number of queries that does not grow with the deliveries."""
    summary = summarize(activation)
    rows = activation.deliveries.filter(superseded=False)
    return Glimpse(
        activation=activation,
        summary=summary,
        cards=unnamed_cards(activation),
        outlook=None if summary.is_over else outlook(activation, now),
        where=_where(rows),
        places=activation.places,
        now=now,
        **_moments(rows, summary, now),
    )


def unnamed_cards(activation: Activation) -> list[Card]:
    """The activation's cards without a person's name, an address or a secret; those about no trouble are left out."""
    found = [card for card in cards(spoken_of(activation), names=False) if card.is_trouble]
    for card in found:
        card.quotes = [struck(quote) for quote in card.quotes]
    return found


def unwatched_since(rows: QuerySet[Delivery], now: datetime) -> datetime | None:
    """When the first of these deliveries that are overdue should have been looked at; None: all are watched.

    A page whose dashboard answers may look calm although nobody sends or watches any more: this says so.
    """
    first: datetime | None = rows.aggregate(first=Min("next_check_at", filter=_overdue(now)))["first"]
    return first


def _overdue(now: datetime) -> Q:
    return Q(state__in=DUE, next_check_at__lt=now - OVERDUE)


def _moments(rows: QuerySet[Delivery], summary: Summary, now: datetime) -> dict[str, datetime | None]:
    """When it was over, when the next unsent one goes, and when somebody should have looked; one query."""
    found = rows.aggregate(
        ended=Max("finished_at"),
        next=Min("not_before", filter=Q(state__in=states.UNSENT)),
        unwatched=Min("next_check_at", filter=_overdue(now)),
    )
    return {
        "ended_at": found["ended"] if summary.is_over else None,
        "next_at": found["next"],
        "unwatched_since": found["unwatched"],
    }


def _where(rows: QuerySet[Delivery]) -> tuple[str, ...]:
    """The names of its dataflows, that with the most deliveries first."""
    counted = rows.order_by().values("dataflow__name").annotate(n=Count("pk"))
    return tuple(row["dataflow__name"] for row in counted.order_by("-n", "dataflow__name"))
