"""The line under a delivery's badge: how long, until when, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from activations import states
from activations.messages import explain
from activations.models import Delivery, Event
from activations.oddities import Odd, shown
from activations.starters import Starter, starters_of
from audiences import speech
from audiences.shown import Shown
from audiences.told import read

# A delivery this far off what was expected is said; the platform's counts always differ a little.
WORTH_SAYING = 0.2
SAID_WHY = (states.FAILED, states.REFUSED, states.BLOCKED, states.STOPPED)


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as the activation's table shows it."""

    delivery: Delivery
    under: list[str]
    starter: Starter | None = None

    @property
    def shown(self) -> states.State | Shown:
        """The state's badge; a run that we follow but did not start is "Joined"."""
        state = self.delivery.shown
        if self.delivery.joined and self.delivery.state == states.RUNNING:
            return Shown("joined", _("Joined"), state.tone, "link")
        return state

    @property
    def odd(self) -> list[Odd]:
        return shown(self.delivery)

    @property
    def is_over(self) -> bool:
        return self.delivery.state in states.FINAL

    @property
    def vendor_word(self) -> str:
        """The vendor's own word for the run, where it says something else than our badge."""
        word = self.delivery.run_word.strip()
        return "" if word.casefold() == str(self.delivery.shown.word).casefold() else word


def delivery_rows(deliveries: Iterable[Delivery], now: datetime) -> list[DeliveryRow]:
    """Rows with their lines. Deliveries come with `retry_of` and `workspace` selected."""
    listed = list(deliveries)
    who, started = _who_canceled(listed), starters_of(listed)
    return [DeliveryRow(one, list(_under(one, now, who)), started.get(one.pk)) for one in listed]


def _who_canceled(deliveries: list[Delivery]) -> Mapping[int | None, str]:
    canceled = [delivery.pk for delivery in deliveries if delivery.state == states.CANCELED]
    if not canceled:
        return {}
    events = Event.objects.filter(delivery__in=canceled, what="canceled", actor__isnull=False)
    return {event.delivery_id: _name(event) for event in events.select_related("actor")}


def _name(event: Event) -> str:
    return (event.actor.get_full_name() or event.actor.get_username()) if event.actor else ""


def _under(delivery: Delivery, now: datetime, who: Mapping[int | None, str]) -> Iterable[str]:
    if delivery.state in states.MOVING:
        yield _moving(delivery, now)
    elif delivery.state == states.CANCELED and delivery.pk in who:
        yield _("by %(who)s") % {"who": who[delivery.pk]}
    # That a file is empty is all that its badge says already.
    elif delivery.state in SAID_WHY or (delivery.reason and delivery.state != states.EMPTY):
        yield _why(delivery)
    yield from _figures(delivery)
    if delivery.retry_of is not None:
        yield _("retried; before: %(word)s") % {"word": delivery.retry_of.shown.word}


def _moving(delivery: Delivery, now: datetime) -> str:
    since = speech.duration(now - (delivery.started_at or delivery.state_since))
    if delivery.state == states.RUNNING:
        return since
    if delivery.state == states.UNCONFIRMED:
        words = {"why": _why(delivery), "vendor": delivery.workspace.vendor}
        return _("%(why)s; checking whether %(vendor)s took it") % words
    if delivery.state == states.SENDING:
        return _("being handed to %(vendor)s") % {"vendor": delivery.workspace.vendor}
    return _unsent(delivery, now)


def _unsent(delivery: Delivery, now: datetime) -> str:
    goes = ""
    if delivery.not_before and delivery.not_before > now:
        goes = _("goes %(at)s") % {"at": speech.clock(delivery.not_before, now)}
    elif delivery.state == states.QUEUED:
        goes = _("leaves with the next job")
    return " · ".join(filter(None, (goes, _why(delivery) if delivery.reason else "")))


def _why(delivery: Delivery) -> str:
    finding = finding_of(delivery)
    if finding and delivery.state in (states.BLOCKED, states.ARMED):
        return str(read(finding["sentence"]))
    vendor = delivery.workspace.platform
    return str(explain(delivery.reason, delivery.verbatim, issues=delivery.issues, vendor=vendor).title)


def finding_of(delivery: Delivery) -> dict[str, Any] | None:
    """What preflight found that is the delivery's reason, as it was kept."""
    return next((one for one in delivery.findings if one.get("code") == delivery.reason), None)


def _figures(delivery: Delivery) -> Iterable[str]:
    if delivery.excluded:
        yield _("%(n)s excluded") % {"n": speech.number(delivery.excluded)}
    if delivery.failed:
        yield _("%(n)s failed") % {"n": speech.number(delivery.failed)}
    if delivery.activated is not None and delivery.expected and delivery.state != states.EMPTY:
        off = delivery.activated / delivery.expected - 1
        if abs(off) >= WORTH_SAYING:
            yield _("%(off)s %% against what was expected") % {"off": f"{off * 100:+.0f}".replace("-", "−")}


def took(delivery: Delivery) -> timedelta | None:
    return (
        delivery.finished_at - delivery.started_at if delivery.finished_at and delivery.started_at else None
    )
