"""When to ask about a run: first near its dataflow's usual length, then rarer the longer it lasts, and rarer for
all the more are under way. A question about a hundred runs costs one call, so what counts is how full it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db.models import F

from activations import states
from activations.models import Delivery
from audiences.models import Run, Workspace

SHORTEST, LONGEST = 2.0, float(settings.WATCH_LONGEST)
# A run without a known length is asked about again after a quarter of its age.
GROWTH = 0.25
# Runs that one call asks about, and seconds between two rounds for every call that a round takes: a press of
# thousands leaves most of the workspace's pace to sending.
PER_CALL, SECONDS_PER_CALL = 100, 0.75
# The usual length is told by the newest of these days, once there are enough to tell it.
RECENT, NEWEST, ENOUGH = timedelta(days=14), 1000, 5
# Most runs end between these shares of the known lengths; the time between them is worth so many questions.
FEW, MOST, STEPS = 0.1, 0.9, 5


@dataclass(frozen=True, slots=True)
class Usual:
    """Between which lengths, in seconds, most runs of a dataflow end; half of them by the `middle`."""

    soon: float
    middle: float
    late: float

    @classmethod
    def told_by(cls, lengths: Collection[float]) -> Self | None:
        """None where too few lengths are known."""
        if len(lengths) < ENOUGH:
            return None
        ordered = sorted(lengths)
        return cls(*(ordered[int(share * len(ordered))] for share in (FEW, 0.5, MOST)))


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often to ask in a workspace now. `usual` is by dataflow, `elsewhere` for one without enough runs."""

    under_way: int
    usual: Mapping[int, Usual | None]
    elsewhere: Usual | None = None

    @classmethod
    def of(cls, workspace: Workspace, dataflows: Iterable[int], now: datetime) -> Self:
        """From the runs under way, and from the ad-hoc runs of these dataflows that ended lately."""
        lengths: dict[int, list[float]] = defaultdict(list)
        ended = Run.objects.filter(
            dataflow__in=set(dataflows),
            ad_hoc=True,
            created_at__gt=now - RECENT,
            completed_at__gt=F("created_at"),
        ).order_by("-created_at")
        for dataflow, began, end in ended.values_list("dataflow_id", "created_at", "completed_at")[:NEWEST]:
            if began is not None and end is not None:
                lengths[dataflow].append((end - began).total_seconds())
        under_way = Delivery.objects.filter(workspace=workspace, state=states.RUNNING).count()
        everywhere = Usual.told_by([length for each in lengths.values() for length in each])
        return cls(
            under_way, {dataflow: Usual.told_by(each) for dataflow, each in lengths.items()}, everywhere
        )

    @property
    def round(self) -> float:
        """Seconds that a round of questions about everything under way should last, at least."""
        return -(-self.under_way // PER_CALL) * SECONDS_PER_CALL

    def first(self, dataflow: int) -> float:
        """The age, in seconds, at which a run is asked about for the first time."""
        usual = self._usual(dataflow)
        return self._within(usual.soon if usual else SHORTEST)

    def next(self, dataflow: int, age: float) -> float:
        """Seconds from now until the next question about a run of this age that is not over."""
        usual = self._usual(dataflow)
        if usual is None:
            return self._within(SHORTEST + age * GROWTH)
        if age < usual.soon:
            return self._within(usual.soon - age)
        step = (usual.late - usual.soon) / STEPS
        return self._within(max(step, SHORTEST + (age - usual.late) * GROWTH))

    def _usual(self, dataflow: int) -> Usual | None:
        return self.usual.get(dataflow) or self.elsewhere

    def _within(self, seconds: float) -> float:
        return min(max(seconds, self.round, SHORTEST), LONGEST)


def age(delivery: Delivery, now: datetime) -> float:
    """Seconds since we know of its run, by our own clock: the platform's may be an hour off."""
    return max((now - (delivery.started_at or delivery.state_since)).total_seconds(), 0.0)


def too_young(cadence: Cadence, deliveries: Sequence[Delivery], now: datetime) -> dict[int, float]:
    """Of those never asked about, the pks that cannot be over yet, with the seconds to wait.

    A joined run began we do not know when, and what a person asks about again is never too young.
    """
    waits = {
        delivery.pk: cadence.first(delivery.dataflow_id) - age(delivery, now)
        for delivery in deliveries
        if not delivery.checks and not delivery.joined
    }
    return {pk: wait for pk, wait in waits.items() if wait >= SHORTEST}
