"""The truth afterwards: what was expected of a delivery, what its run says, why they differ, what is usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import states
from activations.models import Delivery
from audiences import speech

# Ends that a run brought about: only then is there something to compare.
BY_A_RUN = (*states.DELIVERED, states.FINISHED, states.FAILED)
OFF = (Delivery.Unusual.FEWER, Delivery.Unusual.MORE)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """`facts` are labels with their figures in words; `gap` sentences on why they differ, `usual` on the comparison."""

    facts: tuple[tuple[str, str], ...]
    gap: tuple[str, ...]
    usual: str
    key: str

    @property
    def said(self) -> tuple[str, ...]:
        return (*self.gap, self.usual) if self.usual else self.gap


def afterwards(delivery: Delivery, now: datetime) -> Afterwards | None:
    """None while nothing is known of a run's end. Deliveries come with `workspace` selected."""
    if delivery.state not in BY_A_RUN or not delivery.run_id:
        return None
    gap = _resync_gap(delivery) if delivery.state == states.FINISHED else _gap(delivery, now)
    return Afterwards(tuple(_facts(delivery, now)), tuple(gap), usual_words(delivery), _key(delivery))


def _key(delivery: Delivery) -> str:
    """Changes whenever what is told may: counts can come after the end."""
    return f"{delivery.pk}-{delivery.state}-{delivery.activated}-{int(delivery.next_check_at is None)}"


def flag(delivery: Delivery) -> str:
    """What is to be seen before anybody relies on the delivery; "" for a usual one, and for an empty file, whose
    state says so already."""
    if delivery.unusual in OFF and delivery.usual and delivery.activated is not None:
        words = {"off": percent(delivery.activated, delivery.usual), "n": delivery.usual_of}
        return _("%(off)s against the last %(n)s") % words
    if delivery.unusual == Delivery.Unusual.EMPTY and delivery.state != states.EMPTY:
        return _("nobody in it")
    return ""


def percent(count: int, of: int) -> str:
    """ "−25 %": a true minus, rounded; "±0 %" for less than half of one."""
    off = round((count / of - 1) * 100)
    return f"{off:+d} %".replace("-", "−") if off else "±0 %"


def usual_words(delivery: Delivery) -> str:
    """The comparison with the last deliveries of the same mapping; "" where there is nothing to compare."""
    if delivery.state not in (*states.DELIVERED, states.FINISHED) or delivery.activated is None:
        return ""
    if delivery.usual_of is None:
        return _("It was not compared with earlier deliveries: it ended before they were.")
    if delivery.usual is None:
        said = ngettext(
            "Too few to compare: %(n)s earlier delivery of this mapping arrived whole.",
            "Too few to compare: %(n)s earlier deliveries of this mapping arrived whole.",
            delivery.usual_of,
        )
        return said % {"n": delivery.usual_of}
    words = {
        "off": percent(delivery.activated, delivery.usual),
        "usual": speech.number(delivery.usual),
        "n": delivery.usual_of,
    }
    return _("%(off)s against %(usual)s, the median of its last %(n)s that arrived whole.") % words


def _facts(delivery: Delivery, now: datetime) -> Iterator[tuple[str, str]]:
    yield _("Expected"), _expected(delivery, now)
    if delivery.state == states.FINISHED:
        yield _("Events delivered"), speech.number(delivery.activated)
        yield _("Events filtered"), speech.number(delivery.excluded)
        yield _("Events failed"), speech.number(delivery.failed)
        return
    yield _("Received"), speech.number(delivery.received)
    yield _("Activated"), speech.number(delivery.activated)
    yield _("Excluded"), speech.number(delivery.excluded)
    yield _("Failed"), speech.number(delivery.failed)


def _expected(delivery: Delivery, now: datetime) -> str:
    words = {"n": speech.number(delivery.expected), "vendor": delivery.workspace.vendor}
    if delivery.expected is None:
        return _("unknown: no count from %(vendor)s when it was sent") % words
    if delivery.expected_as_of is None:
        return _("%(n)s, as of when is unknown") % words
    return _("%(n)s as of %(at)s") % {**words, "at": speech.clock(delivery.expected_as_of, now)}


def _resync_gap(delivery: Delivery) -> Iterator[str]:
    """Segment tells no counts of a resync; its Delivery Overview tells events of Linked Audiences (contract §9)."""
    if delivery.next_check_at is not None:
        yield _("Segment's Delivery Overview is being asked how many events were delivered.")
    elif delivery.activated is None:
        yield _(
            "Segment tells no counts of a resync. Its Delivery Overview tells them of Linked Audiences alone, and told none of this one."
        )
    else:
        yield _("Segment counts events, not people: they are not compared with the size of the audience.")
        if delivery.excluded:
            yield _("Why events were filtered at the destination, Segment's Delivery Overview shows.")


def _gap(delivery: Delivery, now: datetime) -> Iterator[str]:
    if delivery.activated is None:
        yield _("How many arrived is unknown: Adobe's run tells no count of this audience.")
    elif delivery.expected is not None:
        yield _difference(delivery.activated - delivery.expected, delivery.expected)
    yield from _reasons(delivery, "excluded", delivery.excluded)
    yield from _reasons(delivery, "error", delivery.failed)
    yield from _left_over(delivery)
    read = delivery.activated if delivery.received is None else delivery.received
    if None not in (delivery.expected, read) and delivery.expected != read:
        yield _age(delivery, now)


def _difference(off: int, expected: int) -> str:
    if not off:
        return _("As many were activated as expected.")
    words = {
        "n": speech.number(abs(off)),
        "off": f" ({percent(expected + off, expected)})" if expected and abs(off) * 200 >= expected else "",
    }
    if off < 0:
        return _("%(n)s fewer were activated than expected%(off)s.") % words
    return _("%(n)s more were activated than expected%(off)s.") % words


def _reasons(delivery: Delivery, severity: str, count: int | None) -> Iterator[str]:
    """Why records were excluded (failed), in Adobe's words; what it gives no reason for is said, too."""
    issues = [one for one in delivery.issues if isinstance(one, dict) and one.get("severity") == severity]
    if not count and not (severity == "excluded" and count is None):
        return
    if count is None:
        yield _("How many were excluded is unknown.")
        return
    known = sum(one["count"] for one in issues if isinstance(one.get("count"), int))
    for one in issues:
        yield _reason(one, severity)
    if not issues:
        words = {"n": speech.number(count)}
        yield (
            _("%(n)s excluded: Adobe gives no reason.")
            if severity == "excluded"
            else _("%(n)s failed: Adobe gives no reason.")
        ) % words
    elif known > count:
        yield _("That is of the whole run: Adobe gives no reasons by audience.")
    elif 0 < known < count:
        yield _("For %(n)s more Adobe gives no reason.") % {"n": speech.number(count - known)}


def _reason(issue: dict[str, Any], severity: str) -> str:
    said = issue.get("message") or issue.get("code") or ""
    words = {"n": speech.number(issue.get("count")), "said": said, "code": issue.get("code") or ""}
    if issue.get("count") is None:
        return (
            _("Excluded, how many is unknown: “%(said)s” (%(code)s)")
            if severity == "excluded"
            else _("Failed, how many is unknown: “%(said)s” (%(code)s)")
        ) % words
    return (
        _("%(n)s excluded: “%(said)s” (%(code)s)")
        if severity == "excluded"
        else _("%(n)s failed: “%(said)s” (%(code)s)")
    ) % words


def _left_over(delivery: Delivery) -> Iterator[str]:
    """Records that Adobe's own figures say nothing about; without all of them there is nothing to add up."""
    if delivery.received is None or delivery.activated is None or delivery.excluded is None:
        return
    rest = delivery.received - delivery.activated - delivery.excluded - (delivery.failed or 0)
    if rest > 0:
        yield (
            ngettext(
                "%(n)s of those received was neither activated nor excluded nor failed: Adobe gives no reason.",
                "%(n)s of those received were neither activated nor excluded nor failed: Adobe gives no reason.",
                rest,
            )
            % {"n": speech.number(rest)}
        )


def _age(delivery: Delivery, now: datetime) -> str:
    """The count and the run each look at the audience at a moment of their own."""
    if delivery.expected_as_of is None or delivery.started_at is None:
        return _("Whether the count is older or newer than what the run read is unknown.")
    apart = delivery.started_at - delivery.expected_as_of
    words = {"span": speech.span(apart), "at": speech.clock(delivery.expected_as_of, now)}
    if apart.total_seconds() >= 0:
        return _("The count is %(span)s older than the run: who joined or left since is not in it.") % words
    return _("The count is %(span)s newer than the run, which read an older state of the audience.") % words


def told(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Unusual deliveries as figures, for what is written down and read later in another language. They come with
    `audience` and `dataflow` selected."""
    return [
        {"name": str(one), "activated": one.activated, "usual": one.usual, "of": one.usual_of}
        for one in deliveries
    ]
