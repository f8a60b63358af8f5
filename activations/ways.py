"""Ways out of an error card that lead through this dashboard: map the audience, extend its schedule, enable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activations.models import Activation, Delivery
from audiences.models import Wish
from audiences.wishes import states as wish_states
from audiences.wishes.forms import today

MAPPING = frozenset({"not_in_schedule", "not_mapped", "schedule_ended", "schedule_not_begun"})
SWITCH = "dataflow_disabled"


@dataclass(frozen=True, slots=True)
class Way:
    """One change that can help a delivery. `wish` is the newest one asked for since it was judged."""

    delivery: Delivery
    word: str | Promise
    url: str
    wish: Wish | None = None

    @property
    def is_open(self) -> bool:
        return self.wish is not None and self.wish.is_open

    @property
    def is_done(self) -> bool:
        return self.wish is not None and self.wish.state == wish_states.DONE

    @property
    def can_go_at(self) -> datetime | None:
        """When a retry may leave, after a mapping."""
        if not self.is_done or self.wish is None or self.wish.what != Wish.What.MAP:
            return None
        return self.wish.state_since + self.delivery.workspace.mapping_wait


def ways_out(activation: Activation, deliveries: Iterable[Delivery]) -> dict[int, Way]:
    """The way out of each delivery that has one, in one query. Deliveries come with `mapping`, `dataflow`,
    `audience` and `workspace` selected."""
    stuck = [one for one in deliveries if one.reason in MAPPING or one.reason == SWITCH]
    wishes = _wishes(stuck)
    back = urlencode({"next": activation.get_absolute_url()})
    found = {}
    for delivery in stuck:
        delivery.activation = activation
        word, url = _way(delivery.workspace.slug, delivery)
        found[delivery.pk] = Way(delivery, word, f"{url}?{back}", wishes.get(delivery.pk))
    return found


def _way(slug: str, delivery: Delivery) -> tuple[str | Promise, str]:
    flow, mapping = delivery.dataflow.platform_id, delivery.mapping
    if delivery.reason == SWITCH:
        return _("Enable the dataflow"), reverse("audiences:switch", args=[slug, flow, "enable"])
    url = reverse("audiences:mapping", args=[slug, flow, delivery.audience.platform_id])
    if mapping.vanished_at is not None:
        return _("Map it"), url
    ended = mapping.end_date is not None and mapping.end_date <= today()
    begins = mapping.start_date is not None and mapping.start_date > today()
    if ended or begins:
        return _("Extend the schedule") if ended else _("Move the start"), url
    return _("Check the mapping"), url


def _wishes(stuck: list[Delivery]) -> dict[int, Wish]:
    """The newest wish that may help, per delivery, asked for after the delivery came to a stop."""
    if not stuck:
        return {}
    about = Q(audience__in={one.audience_id for one in stuck}) | Q(audience=None)
    since = min(one.state_since for one in stuck)
    rows = Wish.objects.filter(about, dataflow__in={one.dataflow_id for one in stuck}, asked_at__gte=since)
    found: dict[int, Wish] = {}
    for wish in rows.order_by("pk"):
        for one in stuck:
            mine = wish.audience_id == (None if one.reason == SWITCH else one.audience_id)
            if mine and wish.dataflow_id == one.dataflow_id and wish.asked_at >= one.state_since:
                found[one.pk] = wish
    return found
