"""What is wrong with notices: channels that keep failing, and errands that nobody carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from activations.doctor import Finding
from activations.models import Activation, Event
from audiences import clock, speech
from audiences.models import Workspace
from notices.models import Channel, Errand

# Once may be an accident, and the second try comes after half a minute.
FAILURES = 3
# The tick comes every three seconds; a round that is full goes on for a minute.
OVERDUE = timedelta(minutes=5)
TICK = "Run: celery --app config call notices.tasks.tick"


def notices(workspaces: Iterable[Workspace], now: datetime | None = None) -> list[Finding]:
    """Every finding about the channels of these workspaces, of people and of sets, and about errands everywhere."""
    now = now or clock.now()
    mine = Q(workspace=None) | Q(workspace__in=[one.pk for one in workspaces])
    return [*_failing(Channel.objects.standing().filter(mine)), *_overdue(now), *_behind(now)]


def _failing(rows: QuerySet[Channel]) -> Iterator[Finding]:
    bad = rows.filter(failures__gte=FAILURES).select_related("workspace", "owner", "of_set").order_by("pk")
    for channel in bad:
        last = channel.errands.exclude(said="").order_by("-pk").first()
        first = channel.errands.filter(state=Errand.State.WAITING).aggregate(at=Min("created_at"))["at"]
        slug = channel.workspace.slug if channel.workspace else ""
        yield Finding(
            "channel_failing", f"{_named(channel)} has failed {speech.number(channel.failures)} times in a row.",
            last.said if last else "Why was not noted.",
            "Open it under Notifications: change its address and press “Send a test”, or switch it off.", first, slug,
        )  # fmt: skip


def _named(channel: Channel) -> str:
    """The channel and whose it is, without anything of its address that is secret."""
    whose = channel.workspace or channel.of_set or channel.owner
    return f"The channel “{channel}” ({channel.where}) of {whose}"


def _overdue(now: datetime) -> Iterator[Finding]:
    """Due, with a channel that is on and not being patient; and those whose carrier died."""
    late = now - OVERDUE
    patient = Q(channel__next_at__gt=late)
    due = Q(state=Errand.State.WAITING, next_at__lt=late) & (
        Q(notice=None) | Q(channel__enabled=True) & ~patient
    )
    lost = Q(state=Errand.State.CARRYING, lease_until__lt=late)
    found = Errand.objects.filter(due | lost).aggregate(n=Count("pk"), since=Min("created_at"))
    if found["n"]:
        noun = "errand is" if found["n"] == 1 else "errands are"
        yield Finding(
            "errands_overdue", f"{speech.number(found['n'])} {noun} due and not carried, so people are not told.",
            "Beat does not tick, or no worker takes its tasks, or every worker is busy.", TICK, found["since"],
        )  # fmt: skip


def _behind(now: datetime) -> Iterator[Finding]:
    """Activations that changed and were not looked at for news."""
    found = Activation.objects.filter(version__gt=F("told"))
    late = found.filter(Exists(Event.objects.filter(activation=OuterRef("pk"), at__lt=now - OVERDUE)))
    quiet = late.filter(~Exists(Event.objects.filter(activation=OuterRef("pk"), at__gte=now - OVERDUE)))
    if count := quiet.count():
        noun = "activation has" if count == 1 else "activations have"
        yield Finding(
            "notices_behind", f"{speech.number(count)} {noun} changed and nobody looked for what is to be told.",
            "Beat does not tick, or no worker takes its tasks.", TICK,
        )  # fmt: skip
