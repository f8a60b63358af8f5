"""What a press of resyncs through Segment means beyond its number: in which order, how long, for how many people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import F

from activations import states
from activations.going import BLOCKED, WAITS, Row, profiles
from activations.models import Delivery
from audiences.models.catalog import Kind

# The usual length is told by the newest of those that were seen from beginning to end, once there are enough.
NEWEST, ENOUGH = 20, 3
LINKED = "LINKED"


@dataclass(frozen=True, slots=True)
class Resyncs:
    """Those of one workspace that go, now or by themselves; `each` is how long one usually takes, None unknown."""

    rows: Sequence[Row]
    each: timedelta | None

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def now(self) -> int:
        return sum(row.kind != WAITS for row in self.rows)

    @property
    def together(self) -> timedelta | None:
        """How long those that go now take, one after the other."""
        return self.each * self.now if self.each is not None and self.now > 1 else None

    @property
    def people(self) -> int:
        """Of all known counts; an audience that goes several ways is sent as often."""
        return sum(row.mapping.audience.profiles or 0 for row in self.rows)

    @property
    def repeated(self) -> bool:
        """Whether an audience goes several ways, so that `people` is more than who is in the audiences."""
        return len({row.mapping.audience_id for row in self.rows}) < len(self.rows)

    @property
    def uncounted(self) -> int:
        return profiles(self.rows)[1]

    @property
    def linked(self) -> int:
        """Audiences that are run, so that their resyncs need not wait."""
        return len({row.mapping.audience_id for row in self.rows if row.mapping.audience.origin == LINKED})


def resyncs_in(rows: Sequence[Row]) -> list[Resyncs]:
    """The resyncs among the rows of a press, by workspace. No query where there are none."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.kind != BLOCKED and row.mapping.dataflow.kind == Kind.CONNECTION:
            found[row.mapping.workspace_id].append(row)
    return [Resyncs(mine, usual_length(place)) for place, mine in found.items()]


def usual_length(workspace_id: int) -> timedelta | None:
    """The median of the latest resyncs that were seen going on; None where too few are known."""
    seen = Delivery.objects.filter(
        workspace=workspace_id, state=states.FINISHED, joined=False, seen_at__isnull=False,
        finished_at__gt=F("started_at"),
    )  # fmt: skip
    seconds = [
        (end - began).total_seconds()
        for began, end in seen.order_by("-pk").values_list("started_at", "finished_at")[:NEWEST]
        if began and end
    ]
    return timedelta(seconds=median(seconds)) if len(seconds) >= ENOUGH else None
