"""What a press may expect: how long it usually takes, how fast it goes, when it may be over, whose limits hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import states
from activations.cadence import NEWEST, RECENT, Usual
from activations.models import Activation, Delivery
from audiences import speech
from audiences.models import Workspace
from platforms.segment.gateway import Operation

# Fewer that are over tell no pace.
ENOUGH = 5
HOUR = timedelta(hours=1)
GOING = (states.QUEUED, *states.AT_PLATFORM)
OVER = (*states.DELIVERED, states.FINISHED, states.FAILED)


@dataclass(frozen=True, slots=True)
class Part:
    """One workspace's part of a press. `began` is when the first of it left, `going_since` when the first of what is
    still going did: an armed one or a retry leaves long after the press. None before that."""

    workspace: Workspace
    total: int
    going: int
    queued: int
    armed: int
    over: int
    began: datetime | None
    going_since: datetime | None

    @property
    def is_large(self) -> bool:
        """It takes more than one call."""
        return self.total > (1 if self.workspace.is_segment else self.workspace.max_per_job)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Sentences about a press that is going on. `ends_at` None: unknown, and `end` says so."""

    pace: str
    end: str
    limits: tuple[str, ...]
    ends_at: datetime | None = None


def outlook(activation: Activation, now: datetime) -> Outlook | None:
    """None for a press of which nothing is on its way. One that takes one call in each workspace has no pace."""
    parts = list(_parts(activation))
    going = [part for part in parts if part.going]
    if not going:
        return None
    if not any(part.is_large for part in parts):
        return _of_one_call(activation, parts, going, now)
    ends = [_ends_at(activation, part, now) for part in going]
    known = [moment for moment in ends if moment is not None]
    ends_at = max(known) if len(known) == len(ends) else None
    end = _end(ends_at, sum(part.over for part in going), now) + _armed(parts)
    limits = tuple(sentence for part in going for sentence in _limits(part.workspace, now))
    return Outlook(_pace(parts, now), end, tuple(dict.fromkeys(limits)), ends_at)


def _of_one_call(activation: Activation, parts: list[Part], going: list[Part], now: datetime) -> Outlook:
    """How long such deliveries usually take, and by when nine of ten would be over."""
    known = [(part, usual) for part in going if (usual := _usual(activation, part, now)) is not None]
    if len(known) < len(going):
        said = _("How long it usually takes is unknown: too few have ended lately to tell.")
        return Outlook(said, _armed(parts).strip(), ())
    slowest = max((usual for _part, usual in known), key=lambda usual: usual.late)
    words = {"middle": speech.duration(slowest.middle), "late": speech.duration(slowest.late)}
    ends_at = max((part.going_since or now) + timedelta(seconds=usual.late) for part, usual in known)
    end = (
        _("It may be over about %(at)s.") % {"at": speech.moment(ends_at, now, seconds=True)}
        if ends_at > now
        else _("This time it takes longer.")
    )
    told = _("Usually it takes %(middle)s, and 9 of 10 are over within %(late)s.") % words
    return Outlook(told, end + _armed(parts), (), ends_at)


def _armed(parts: list[Part]) -> str:
    """What the expected end leaves out, as one more sentence."""
    armed = sum(part.armed for part in parts)
    if not armed:
        return ""
    return " " + ngettext(
        "%(n)s armed one is not reckoned in: it goes later, by itself.",
        "%(n)s armed ones are not reckoned in: they go later, by themselves.",
        armed,
    ) % {"n": speech.number(armed)}


def _parts(activation: Activation) -> Iterator[Part]:
    """Two queries, however much was pressed."""
    rows = activation.deliveries.filter(superseded=False).order_by().values("workspace")
    counted = list(
        rows.annotate(
            total=Count("pk"),
            going=Count("pk", filter=Q(state__in=GOING)),
            queued=Count("pk", filter=Q(state=states.QUEUED)),
            armed=Count("pk", filter=Q(state=states.ARMED)),
            over=Count("pk", filter=Q(state__in=OVER)),
            began=Min("job__created_at"),
            going_since=Min(Coalesce("started_at", "job__created_at"), filter=Q(state__in=GOING)),
        )
    )
    places = Workspace.objects.in_bulk([row["workspace"] for row in counted])
    for row in counted:
        yield Part(
            workspace=places[row["workspace"]],
            total=row["total"],
            going=row["going"],
            queued=row["queued"],
            armed=row["armed"],
            over=row["over"],
            began=row["began"],
            going_since=row["going_since"],
        )


def _ends_at(activation: Activation, part: Part, now: datetime) -> datetime | None:
    """By what is over already; while that tells nothing, by how long such runs took lately.

    Segment's resyncs go one after the other, Adobe's runs side by side once they have left.
    """
    if part.over >= ENOUGH and part.began is not None:
        return now + (now - part.began) / part.over * part.going
    usual = None if part.queued and not part.workspace.is_segment else _usual(activation, part, now)
    if usual is None:
        return None
    return now + timedelta(seconds=usual.late) * (part.going if part.workspace.is_segment else 1)


def _usual(activation: Activation, part: Part, now: datetime) -> Usual | None:
    """How long deliveries through the same dataflows took lately; None where too few have ended."""
    mine = activation.deliveries.filter(workspace=part.workspace).values("dataflow")
    ended = Delivery.objects.filter(
        workspace=part.workspace,
        dataflow__in=mine,
        state__in=OVER,
        started_at__isnull=False,
        finished_at__gt=now - RECENT,
    ).order_by("-pk")
    times = ended.values_list("started_at", "finished_at")[:NEWEST]
    return Usual.told_by([(end - began).total_seconds() for began, end in times if began and end])


def _pace(parts: list[Part], now: datetime) -> str:
    over = sum(part.over for part in parts)
    began = min((part.began for part in parts if part.began), default=None)
    if not over or began is None:
        return _("None of it is over yet.")
    took = max(now - began, timedelta(seconds=1))
    each_minute, each_hour = over * (HOUR / 60 / took), over * (HOUR / took)
    rate = (
        _("about %(n)s a minute") % {"n": speech.number(round(each_minute))}
        if each_minute >= 1
        else _("about %(n)s an hour") % {"n": speech.number(max(1, round(each_hour)))}
    )
    words = {"n": speech.number(over), "span": speech.span(took), "rate": rate}
    told = ngettext(
        "%(n)s is over since the first left %(span)s ago: %(rate)s.",
        "%(n)s are over since the first left %(span)s ago: %(rate)s.",
        over,
    )
    return told % words


def _end(ends_at: datetime | None, over: int, now: datetime) -> str:
    if ends_at is None:
        return _("When the rest will be over is unknown: too little has ended to tell.")
    words = {"at": speech.moment(ends_at, now)}
    if over >= ENOUGH:
        return _("At this pace the rest is over about %(at)s.") % words
    return _("Going by how long it took lately, the rest may be over about %(at)s.") % words


def _limits(workspace: Workspace, now: datetime) -> Iterator[str]:
    if workspace.send_after is not None and workspace.send_after > now:
        asked = {"vendor": workspace.vendor, "at": speech.clock(workspace.send_after, now, seconds=True)}
        yield _("%(vendor)s asked to slow down: nothing leaves before %(at)s.") % asked
    if workspace.is_segment:
        allowed = {"n": Operation.UPDATE_ACTIVATION.per_minute}
        yield _("Segment takes one resync at a time in a workspace, and %(n)s such calls a minute.") % allowed
    else:
        known = {"most": workspace.max_per_job, "calls": settings.PACE}
        yield (
            _(
                "At most %(most)s go in one call. Adobe names no limit of calls; we make %(calls)s a second at most."
            )
            % known
        )
