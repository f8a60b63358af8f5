"""The first thing that could be activated in a workspace: where something is ready, or why nothing is, and when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations.going import BLOCKED, JOINS, LOOK, READY, WAITS, Row, rows_of
from audiences import speech
from audiences.models import Dataflow, Mapping, Workspace

# Judging costs; of a large catalogue, so many mappings tell enough.
LOOKED_AT = 500
GOES = (READY, LOOK, JOINS)


@dataclass(frozen=True, slots=True)
class Chance:
    """Where to press first. Without a `dataflow` nothing is ready, and `why`, `do` and `at` say more."""

    dataflow: Dataflow | None = None
    ready: int = 0
    why: str = ""
    do: str = ""
    at: datetime | None = None


def chance(workspace: Workspace, now: datetime) -> Chance:
    """Look at the workspace's mappings, the dataflows with most of them first."""
    present = Mapping.objects.filter(workspace=workspace, vanished_at=None, dataflow__vanished_at=None)
    ordered = present.select_related("audience", "dataflow").order_by(
        "-dataflow__mapped_count", "dataflow", "pk"
    )
    rows = rows_of(workspace, ordered[:LOOKED_AT])
    if not rows:
        return _nothing_mapped(workspace)
    by_flow: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.kind in GOES:
            by_flow[row.mapping.dataflow_id].append(row)
    if by_flow:
        best = max(by_flow.values(), key=lambda those: (sum(row.kind == READY for row in those), len(those)))
        return Chance(best[0].mapping.dataflow, len(best))
    waiting = [row for row in rows if row.kind == WAITS]
    return _waits(waiting, now) if waiting else _blocked(rows)


def _nothing_mapped(workspace: Workspace) -> Chance:
    if not Dataflow.objects.filter(workspace=workspace, vanished_at=None).exists():
        why = _("%(vendor)s shows no dataflow to a destination in %(place)s.")
        do = _(
            "Connect a destination at %(vendor)s, or give the credential a role that may see it; then sync again."
        )
    else:
        why = _("No audience is mapped to a dataflow in %(place)s.")
        do = _("Map one from a dataflow's page, or at %(vendor)s; then sync again.")
    words = {"vendor": workspace.vendor, "place": workspace.place}
    return Chance(why=why % words, do=do % words)


def _waits(rows: list[Row], now: datetime) -> Chance:
    first = min(rows, key=lambda row: (row.verdict.clears_at is None, row.verdict.clears_at))
    at = first.verdict.clears_at
    why = ngettext("%(n)s mapping waits: %(why)s", "%(n)s mappings wait: %(why)s", len(rows)) % {
        "n": speech.number(len(rows)), "why": _sentence(first),
    }  # fmt: skip
    when = (
        _("The first may go %(at)s.") % {"at": speech.moment(at, now)}
        if at
        else _("When is not known: it goes when that is over.")
    )
    return Chance(why=f"{why} {when}", do=_("Arm it now if you like: it goes by itself, once."), at=at)


def _blocked(rows: Iterable[Row]) -> Chance:
    mains = {row.main.code: row for row in rows if row.kind == BLOCKED and row.main}
    counted = Counter(row.main.code for row in rows if row.kind == BLOCKED and row.main)
    (code, many), *_rest = counted.most_common(1)
    row = mains[code]
    why = ngettext(
        "Nothing can go: %(n)s of %(total)s mapping looked at is blocked for this: %(why)s",
        "Nothing can go: %(n)s of %(total)s mappings looked at are blocked for this: %(why)s",
        counted.total(),
    ) % {"n": speech.number(many), "total": speech.number(counted.total()), "why": _sentence(row)}
    return Chance(why=why, do=str(row.main.do) if row.main else "")


def _sentence(row: Row) -> str:
    return str(row.main.sentence) if row.main else ""
