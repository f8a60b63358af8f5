"""How many profiles an audience had: as the platform counted it, and as runs received it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations.charts import Chart, Column, Mark, Row, Table, lines
from audiences import speech
from audiences.models import Audience, Counted, RunAudience
from platforms.types import RunStatus

SHOWN = timedelta(days=90)
# The newest of each, should there be more.
MOST = 200


class Known(NamedTuple):
    """One moment at which something is known. `counted` and `received`: None where it does not tell. `seen`: nobody
    said when it was counted, this is when we saw it."""

    at: datetime
    counted: int | None = None
    received: int | None = None
    note: str = ""
    seen: bool = False

    def head(self, now: datetime) -> str:
        at = speech.clock(self.at, now)
        return _("seen %(at)s") % {"at": at} if self.seen else at


def people(audience: Audience, now: datetime, zone: str) -> Chart | None:
    """The chart of the last ninety days, in two queries; None where fewer than two moments are known."""
    since = now - SHOWN
    known = sorted([*_counted(audience, since), *_received(audience, since)], key=lambda one: one.at)
    if len(known) < 2:
        return None
    first, length = known[0].at, (known[-1].at - known[0].at).total_seconds() or 1
    table = Table(
        caption=_("Profiles of this audience; times in %(zone)s") % {"zone": zone},
        head=_("When"),
        columns=(
            Column(_("Counted by %(vendor)s") % {"vendor": audience.workspace.vendor}, Mark("people")),
            Column(_("Received by a run"), Mark("moving", "stripes", joined=False)),
        ),
        rows=tuple(
            Row(
                one.head(now), one.at.astimezone(UTC).isoformat(timespec="seconds"),
                (one.counted, one.received), one.note, (one.at - first).total_seconds() / length,
            )
            for one in known
        ),
        blank=_("not told then"),
    )  # fmt: skip
    return Chart("people", _("Profiles over time"), _says(known), table, lines, stroked=True)


def _counted(audience: Audience, since: datetime) -> list[Known]:
    rows = Counted.objects.filter(audience=audience, seen_at__gte=since).order_by("-seen_at", "-pk")[:MOST]
    found = [
        Known(
            row.as_of or row.seen_at, row.profiles, seen=row.as_of is None,
            note=_("the count became unknown") if row.profiles is None else "",
        )
        for row in rows
    ]  # fmt: skip
    return [one for one in found if one.at >= since]


def _received(audience: Audience, since: datetime) -> list[Known]:
    """By runs that are over, scheduled or ad hoc. A failed one's 0 tells nothing about the audience's size."""
    rows = RunAudience.objects.filter(
        audience=audience.platform_id, received__isnull=False, run__workspace=audience.workspace_id,
        run__completed_at__gte=since,
    ).exclude(run__status=RunStatus.FAILED).order_by("-run__completed_at")  # fmt: skip
    found = rows.values_list("run__completed_at", "received")[:MOST]
    return [Known(at, received=received) for at, received in found if at is not None]


def _says(known: list[Known]) -> str:
    counted = [one.counted for one in known if one.counted is not None]
    if not counted:
        return _("No count of the platform is known; the points are what runs received.")
    words = {
        "first": speech.number(counted[0]),
        "last": speech.number(counted[-1]),
        "n": speech.number(len(counted)),
    }
    return (
        ngettext(
            "Counted once: %(last)s.", "Counted %(n)s times: first %(first)s, last %(last)s.", len(counted)
        )
        % words
    )
