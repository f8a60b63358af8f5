"""What was expected and what arrived, for pages of runs and cards. `{% load afterwards %}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django import template
from django.utils import timezone

from activations.afterwards import Afterwards, afterwards, usual_words
from activations.afterwards import flag as flag_of
from activations.models import Delivery, seen_whole
from audiences.models import Run, User, Workspace

register = template.Library()
register.filter("usual_words", usual_words)


class Ours(NamedTuple):
    """A delivery that a run carried."""

    delivery: Delivery
    after: Afterwards | None
    flag: str


@register.simple_tag
def ours(runs: Iterable[Run], workspace: Workspace, viewer: User) -> dict[str, list[Ours]]:
    """By the run's platform id, the deliveries that it carried, as far as the viewer may see them; one query."""
    now, found = timezone.now(), dict[str, list[Ours]]()
    rows = Delivery.objects.filter(
        seen_whole(viewer, "activation"), workspace=workspace, run_id__in=[run.platform_id for run in runs]
    ).select_related("activation__workspace", "workspace", "audience", "dataflow")
    for one in rows.order_by("pk"):
        found.setdefault(one.run_id, []).append(Ours(one, afterwards(one, now), flag_of(one)))
    return found


@register.filter
def of_run(found: dict[str, list[Ours]], run: Run) -> list[Ours]:
    return found.get(run.platform_id, [])
