"""The line under a delivery's badge: how long, until when, why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.utils.translation import gettext as _

from activations import states
from activations.afterwards import Afterwards, afterwards, flag, percent
from activations.messages import explain
from activations.models import Delivery, Event
from activations.oddities import Odd, shown
from activations.starters import Starter, starters_of
from activations.usual import Length, is_far, usual_lengths
from audiences import speech
from audiences.shown import Shown
from audiences.told import read

SAID_WHY = (states.FAILED, states.REFUSED, states.BLOCKED, states.STOPPED)


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as the activation's table shows it."""

    delivery: Delivery
    under: list[str]
    starter: Starter | None = None
    after: Afterwards | None = None

    @property
    def shown(self) -> states.State | Shown:
        """The state's badge; a run that we follow but did not start is "Joined"."""
        state = self.delivery.shown
        if self.delivery.joined and self.delivery.state == states.RUNNING:
            return Shown("joined", _("Joined"), state.tone, "link")
        return state

    @property
    def flag(self) -> str:
        """What is unusual about it, to be seen before anybody relies on it."""
        return flag(self.delivery)

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
    going = {one.dataflow_id for one in listed if one.state == states.RUNNING}
    usual = usual_lengths(going, now)
    return [
        DeliveryRow(one, list(_under(one, now, who, usual, names)), started.get(one.pk), afterwards(one, now))
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
    delivery: Delivery,
    now: datetime,
    who: Mapping[int | None, str],
    usual: Mapping[int, Length],
    names: bool,
) -> Iterable[str]:
    if delivery.state in states.MOVING:
        yield _moving(delivery, now, names)
        if delivery.state == states.RUNNING:
            yield _usually(usual.get(delivery.dataflow_id))
    elif delivery.state == states.CANCELED and delivery.pk in who:
        yield _("by %(who)s") % {"who": who[delivery.pk]}
    # That a file is empty is all that its badge says already.
    elif delivery.state in SAID_WHY or (delivery.reason and delivery.state != states.EMPTY):
        yield _why(delivery, names)
    yield from _figures(delivery)
    if delivery.retry_of is not None:
        yield _("retried; before: %(word)s") % {"word": delivery.retry_of.shown.word}


def _moving(delivery: Delivery, now: datetime, names: bool) -> str:
    if delivery.state == states.RUNNING:
        return speech.duration(now - (delivery.started_at or delivery.state_since))
    if delivery.state == states.UNCONFIRMED:
        words = {"why": _why(delivery, names), "vendor": delivery.workspace.vendor}
        return _("%(why)s; checking whether %(vendor)s took it") % words
    if delivery.state == states.SENDING:
        return _("being handed to %(vendor)s") % {"vendor": delivery.workspace.vendor}
    return _unsent(delivery, now, names)


def _usually(length: Length | None) -> str:
    """ "usually 11 min, 9 of 10 under 24 min", by what went through the same dataflow lately."""
    if length is None:
        return _("how long it takes is unknown yet")
    words = {"half": _rough(length.half, round), "most": _rough(length.most, ceil)}
    if words["half"] == words["most"]:
        return _("usually %(half)s") % words
    return _("usually %(half)s, 9 of 10 under %(most)s") % words


def _rough(length: timedelta, whole: Callable[[float], int]) -> str:
    """In whole minutes from the first one on."""
    minutes = length.total_seconds() / 60
    return speech.duration(whole(minutes) * 60 if minutes >= 1 else whole(length.total_seconds()))


def _unsent(delivery: Delivery, now: datetime, names: bool) -> str:
    goes = ""
    if delivery.not_before and delivery.not_before > now:
        goes = _("goes %(at)s") % {"at": speech.clock(delivery.not_before, now)}
    elif delivery.state == states.ARMED and (known := _earliest(delivery, now)):
        goes = _("not before %(at)s") % {"at": speech.clock(known, now)}
    elif delivery.state == states.QUEUED:
        goes = _("leaves with the next job")
    return " · ".join(filter(None, (goes, _why(delivery, names) if delivery.reason else "")))


def _earliest(delivery: Delivery, now: datetime) -> datetime | None:
    """The last known end of what it waits for, where another of its waits has none."""
    waits = [one for one in delivery.findings if one.get("severity") == "wait" and one.get("clears_at")]
    return max((at for one in waits if (at := datetime.fromisoformat(one["clears_at"])) > now), default=None)


def _why(delivery: Delivery, names: bool) -> str:
    finding = finding_of(delivery, names=names)
    if finding and delivery.state in (states.BLOCKED, states.ARMED):
        return str(read(finding["sentence"]))
    vendor = delivery.workspace.platform
    return str(explain(delivery.reason, delivery.verbatim, issues=delivery.issues, vendor=vendor).title)


def finding_of(delivery: Delivery, *, names: bool = True) -> dict[str, Any] | None:
    """What preflight found that is the delivery's reason, as it was kept; None where that is something else.

    That of a pause names who set it, and in their words why: without `names` it is left out.
    """
    if delivery.reason == "paused" and not names:
        return None
    return next((one for one in delivery.findings if one.get("code") == delivery.reason), None)


def _figures(delivery: Delivery) -> Iterable[str]:
    if delivery.excluded:
        yield _("%(n)s excluded") % {"n": speech.number(delivery.excluded)}
    if delivery.failed:
        yield _("%(n)s failed") % {"n": speech.number(delivery.failed)}
    # Of an empty file the badge says all; Segment counts events, not the people that were expected.
    if delivery.state in (states.EMPTY, states.FINISHED):
        return
    if delivery.activated is None or not delivery.expected:
        return
    if is_far(delivery.activated, delivery.expected):
        off = percent(delivery.activated, delivery.expected)
        yield _("%(off)s against what was expected") % {"off": off}
