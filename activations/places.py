"""Which workspaces a choice concerns, and what each of them says about its part of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from activations.facts import verdicts
from activations.preflight import Verdict
from audiences.models import Mapping, Workspace

Parts = list[tuple[Workspace, list[Mapping]]]


def split(home: Workspace, mappings: Iterable[Mapping]) -> Parts:
    """The mappings by workspace: those at home first, the others by name. One query, none where all are at home."""
    found: dict[int, list[Mapping]] = defaultdict(list)
    for mapping in mappings:
        found[mapping.workspace_id].append(mapping)
    away = found.keys() - {home.pk}
    others = Workspace.objects.filter(pk__in=away).order_by("name", "pk") if away else []
    return [(place, found[place.pk]) for place in (home, *others) if place.pk in found]


def judge(
    home: Workspace,
    mappings: Iterable[Mapping],
    *,
    now: datetime | None = None,
    unwilling: Collection[int] = (),
) -> dict[int, Verdict]:
    """Verdict per mapping pk, of whatever workspaces; as many queries per workspace as `verdicts` asks."""
    found: dict[int, Verdict] = {}
    for place, part in split(home, mappings):
        found |= verdicts(place, part, now=now, unwilling=unwilling)
    return found
