"""Ways out of an error card that lead through this dashboard: map the audience, extend its schedule, enable it."""

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
from audiences.models import Mapping, Wish
from audiences.wishes import states as wish_states
from audiences.wishes.forms import today

MAPPING = frozenset({"not_in_schedule", "not_mapped", "schedule_ended", "schedule_not_begun"})
SWITCH = "dataflow_disabled"
# At Segment an activation has a switch, and its audience has.
ACTIVATION, AUDIENCE = "activation_disabled", "audience_disabled"
SWITCHES = (Wish.What.ENABLE, Wish.What.DISABLE)
MENDED = MAPPING | {SWITCH, ACTIVATION, AUDIENCE}


@dataclass(frozen=True, slots=True)
class Remedy:
    """Where a change can be asked for that mends what is the matter, and what it is called."""

    word: str | Promise
    url: str


def remedy_of(reason: str, mapping: Mapping, slug: str) -> Remedy | None:
    """What mends this reason, a delivery's or preflight's; None where nothing here does. `mapping` comes with
    `dataflow` and `audience` selected, `slug` is its workspace's."""
    flow, audience = mapping.dataflow.platform_id, mapping.audience.platform_id
    if reason == SWITCH:
        return Remedy(_("Enable the dataflow"), reverse("audiences:switch", args=[slug, flow, "enable"]))
    if reason == ACTIVATION:
        there = reverse("audiences:activation_switch", args=[slug, flow, mapping.platform_id, "enable"])
        return Remedy(_("Enable the activation"), there)
    if reason == AUDIENCE:
        return Remedy(
            _("Enable the audience"), reverse("audiences:audience_switch", args=[slug, audience, "enable"])
        )
    if reason in MAPPING:
        return Remedy(_mapped(mapping), reverse("audiences:mapping", args=[slug, flow, audience]))
    return None


def _mapped(mapping: Mapping) -> str | Promise:
    """What is to be done about a mapping, by what is the matter with it."""
    if mapping.vanished_at is not None:
        return _("Map it")
    if mapping.end_date is not None and mapping.end_date <= today():
        return _("Extend the schedule")
    if mapping.start_date is not None and mapping.start_date > today():
        return _("Move the start")
    return _("Check the mapping")


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
    stuck = [one for one in deliveries if one.reason in MENDED]
    wishes = _wishes(stuck)
    back = urlencode({"next": activation.get_absolute_url()})
    found = {}
    for delivery in stuck:
        delivery.activation = activation
        delivery.mapping.dataflow, delivery.mapping.audience = delivery.dataflow, delivery.audience
        remedy = remedy_of(delivery.reason, delivery.mapping, delivery.workspace.slug)
        if remedy is not None:
            url = f"{remedy.url}?{back}"
            found[delivery.pk] = Way(delivery, remedy.word, url, wishes.get(delivery.pk))
    return found


def _wishes(stuck: list[Delivery]) -> dict[int, Wish]:
    """The newest wish that may help, per delivery, asked for after the delivery came to a stop."""
    if not stuck:
        return {}
    flows = {one.dataflow_id for one in stuck}
    audiences = {one.audience_id for one in stuck}
    about = Q(dataflow__in=flows) & (Q(audience__in=audiences) | Q(audience=None))
    since = min(one.state_since for one in stuck)
    rows = Wish.objects.filter(about | Q(dataflow=None, audience__in=audiences), asked_at__gte=since)
    found: dict[int, Wish] = {}
    for wish in rows.order_by("pk"):
        for one in stuck:
            if wish.asked_at >= one.state_since and _may_help(wish, one):
                found[one.pk] = wish
    return found


def _may_help(wish: Wish, stuck: Delivery) -> bool:
    """Whether a wish is about what the delivery came to a stop for."""
    flow, audience, mapping = stuck.dataflow_id, stuck.audience_id, stuck.mapping_id
    about = (wish.dataflow_id, wish.audience_id, wish.mapping_id)
    if stuck.reason == SWITCH:
        return about == (flow, None, None)
    if stuck.reason == ACTIVATION:
        return about == (flow, audience, mapping) and wish.what in SWITCHES
    if stuck.reason == AUDIENCE:
        return about == (None, audience, None) and wish.what in SWITCHES
    return about == (flow, audience, None)
