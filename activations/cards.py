"""Error cards: what the platform or this house says about deliveries, one card for all that share a reason.

Red and amber ones need somebody. Blue ones stand while a delivery moves on by itself although the platform
said something: it joined a run, waits as it was asked to, or its call's outcome is being looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from activations import states
from activations.lines import finding_of
from activations.messages import Explained, explain
from activations.models import Activation, Delivery, Event
from activations.selection import fold
from activations.starters import Starter, starters_of
from activations.ways import Way, ways_out
from audiences.models import Workspace

NAMED = 5
QUOTED = 3
WITH_FIELD = ("credentials_refused", "invalid_input")
# Moving, yet the platform said something about it, or we do not know whether it took it.
SPOKEN_OF = (
    Q(state=states.UNCONFIRMED)
    | (Q(state__in=states.UNSENT) & ~Q(verbatim=""))
    | (Q(state=states.RUNNING) & ~Q(reason=""))
)


@dataclass(slots=True)
class Card:
    """N deliveries in the same plight. `state` and `reason` name the group in forms."""

    state: str
    reason: str
    explained: Explained
    deliveries: list[Delivery] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    starters: list[Starter] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    input_field: str = ""

    @property
    def count(self) -> int:
        return len(self.deliveries)

    @property
    def activations(self) -> int:
        """How many activations they belong to."""
        return len({delivery.activation_id for delivery in self.deliveries})

    @property
    def workspace(self) -> Workspace:
        """Where all of them are."""
        return self.deliveries[0].workspace

    @property
    def vendor(self) -> str:
        return self.workspace.vendor

    @property
    def named(self) -> list[Delivery]:
        return self.deliveries[:NAMED]

    @property
    def unnamed(self) -> int:
        return max(0, self.count - NAMED)

    @property
    def only(self) -> str:
        """The deliveries as a form field."""
        return fold(delivery.pk for delivery in self.deliveries)

    @property
    def key(self) -> int:
        return self.deliveries[0].pk

    @property
    def tone(self) -> str:
        return states.STATES[self.state].tone

    @property
    def icon(self) -> str:
        # A run that we follow but did not start: the badge's icon, too.
        return "link" if self.state == states.RUNNING else states.STATES[self.state].icon

    @property
    def is_trouble(self) -> bool:
        """Not one that says only why nothing need be done, as of a run that was joined."""
        return self.explained.message.retry != "unneeded"

    @property
    def may_retry(self) -> bool:
        return self.state in states.RETRYABLE and self.explained.message.retry_helps

    @property
    def may_check(self) -> bool:
        return self.state == states.STOPPED

    def quote(self, explained: Explained) -> None:
        """Keep what was said, each text once and a few at most."""
        for said in filter(None, (explained.verbatim, *explained.issues)):
            if said not in self.quotes and len(self.quotes) < QUOTED:
                self.quotes.append(said)


def spoken_of(activation: Activation) -> QuerySet[Delivery]:
    """The deliveries that cards are about."""
    rows = activation.deliveries.filter(SPOKEN_OF | Q(state__in=states.NEEDS_YOU), superseded=False)
    return rows.select_related("audience", "dataflow", "mapping", "workspace").order_by("pk")


def cards_of(activation: Activation) -> list[Card]:
    """The activation's cards, the worst first."""
    found = cards(spoken_of(activation))
    ways = ways_out(activation, [delivery for card in found for delivery in card.deliveries])
    for card in found:
        card.ways = [ways[delivery.pk] for delivery in card.named if delivery.pk in ways]
    return found


def cards(deliveries: Iterable[Delivery], *, names: bool = True) -> list[Card]:
    """One card for all of a workspace that share a reason: what mends it in one mends nothing in another.

    Without `names` none of them names a person.
    """
    listed = list(deliveries)
    fields = _refused_fields(listed)
    started = starters_of([one for one in listed if one.state == states.RUNNING and names])
    found: dict[tuple[int, str, str, str], Card] = {}
    for delivery in listed:
        explained = explain(
            delivery.reason,
            delivery.verbatim,
            field=fields.get(delivery.pk, ""),
            issues=delivery.issues,
            finding=finding_of(delivery, names=names),
            vendor=delivery.workspace.platform,
        )
        said = f"{explained.message.code}{explained.message.meaning}"
        key = (delivery.workspace_id, delivery.state, delivery.reason, said)
        card = found.setdefault(key, Card(delivery.state, delivery.reason, explained))
        card.deliveries.append(delivery)
        if delivery.reason == "invalid_input":
            card.input_field = card.input_field or fields.get(delivery.pk, "")
        starter = started.get(delivery.pk)
        if starter is not None and starter not in card.starters and len(card.starters) < NAMED:
            card.starters.append(starter)
        card.quote(explained)
    return sorted(found.values(), key=lambda card: -states.STATES[card.state].rank)


def _refused_fields(deliveries: list[Delivery]) -> dict[int, str]:
    """Which field the platform refused, of credentials or of the call; the event of the refusal knows."""
    refused = [delivery.pk for delivery in deliveries if delivery.reason in WITH_FIELD]
    if not refused:
        return {}
    events = Event.objects.filter(delivery__in=refused, what="refused").order_by("pk")
    return {
        pk: data.get("field", "") for pk, data in events.values_list("delivery", "data") if pk is not None
    }
