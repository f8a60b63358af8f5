"""The line under a delivery's badge: how long, until when, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from activations import states
from activations.cadence import Usual
from activations.messages import explain
from activations.models import Delivery, Event
from activations.oddities import Odd, shown
from activations.starters import Starter, starters_of
from activations.usual import usual_of
from audiences import speech
from audiences.shown import Shown

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


def delivery_rows(deliveries: Iterable[Delivery], now: datetime, *, names: bool = True) -> list[DeliveryRow]:
    """Rows with their lines; without `names` no line names a person. Deliveries come with `retry_of` and `workspace`
    selected."""
    listed = list(deliveries)
    who = _who_canceled(listed) if names else {}
    started = starters_of(listed) if names else {}
    usual = usual_of([one for one in listed if one.state == states.RUNNING], now)
    return [
        DeliveryRow(one, list(_under(one, now, who, usual.get(one.dataflow_id), names)), started.get(one.pk))
        for one in listed
    ]


def _who_canceled(deliveries: list[Delivery]) -> Mapping[int | None, str]:
    canceled = [delivery.pk for delivery in deliveries if delivery.state == states.CANCELED]
    if not canceled:
        return {}
    events = Event.objects.filter(delivery__in=canceled, what="canceled", actor__isnull=False)
    return {event.delivery_id: _name(event) for event in events.select_related("actor")}


def _name(event: Event) -> str:
    return (event.actor.get_full_name() or event.actor.get_username()) if event.actor else ""


def _under(
    delivery: Delivery, now: datetime, who: Mapping[int | None, str], usual: Usual | None, names: bool
) -> Iterable[str]:
    if delivery.state == states.RUNNING:
        yield _running(delivery, now, usual)
    elif delivery.state in states.MOVING:
        yield _moving(delivery, now, names)
    elif delivery.state == states.CANCELED and delivery.pk in who:
        yield _("by %(who)s") % {"who": who[delivery.pk]}
    # That a file is empty is all that its badge says already.
    elif delivery.state in SAID_WHY or (delivery.reason and delivery.state != states.EMPTY):
        yield _why(delivery, names)
    yield from _figures(delivery)
    if delivery.retry_of is not None:
        yield _("retried; before: %(word)s") % {"word": delivery.retry_of.shown.word}


def _running(delivery: Delivery, now: datetime, usual: Usual | None) -> str:
    """How long it has been running, and how long such runs usually take where that is known."""
    since = speech.duration(now - (delivery.started_at or delivery.state_since))
    if usual is None:
        return since
    return _("%(since)s, usually %(usual)s") % {"since": since, "usual": speech.duration(usual.middle)}


def _moving(delivery: Delivery, now: datetime, names: bool) -> str:
    if delivery.state == states.UNCONFIRMED:
        words = {"why": _why(delivery, names), "vendor": delivery.workspace.vendor}
        return _("%(why)s; checking whether %(vendor)s took it") % words
    if delivery.state == states.SENDING:
        return _("being handed to %(vendor)s") % {"vendor": delivery.workspace.vendor}
    return _unsent(delivery, now, names)


def _unsent(delivery: Delivery, now: datetime, names: bool) -> str:
    goes = ""
    if delivery.not_before and delivery.not_before > now:
        goes = _("goes %(at)s") % {"at": speech.clock(delivery.not_before, now)}
    elif delivery.state == states.QUEUED:
        goes = _("leaves with the next job")
    return " · ".join(filter(None, (goes, _why(delivery, names) if delivery.reason else "")))


def _why(delivery: Delivery, names: bool) -> str:
    finding = finding_of(delivery, names=names)
    if finding and delivery.state in (states.BLOCKED, states.ARMED):
        return finding["sentence"]
    vendor = delivery.workspace.platform
    return str(explain(delivery.reason, delivery.verbatim, issues=delivery.issues, vendor=vendor).title)


def finding_of(delivery: Delivery, *, names: bool = True) -> dict[str, str] | None:
    """What preflight found that is the delivery's reason. That of a pause names who set it, and in their words why."""
    if delivery.reason == "paused" and not names:
        return None
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
