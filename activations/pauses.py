"""Pausing and lifting, and the question everything that sends asks first: may this leave now?

A pause keeps things from leaving: armed and queued deliveries wait, what is at the platform is watched and
looked for as ever. A call that is on the wire when the pause is set has left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from activations import nudges, states
from activations.courses import arm
from activations.models import Delivery, Event, Pause
from activations.moves import lock
from activations.preflight import Paused, paused_finding
from audiences import clock
from audiences.models import Destination, User, Workspace

log = structlog.get_logger(__name__)
FOREVER = datetime.max.replace(tzinfo=UTC)
# The attribute of a workspace's row in which a page finds what was asked for it already.
KNOWN = "_standing_pauses"


@dataclass(frozen=True, slots=True)
class Standing:
    """The pauses a workspace must mind at one moment: answers for any number of mappings."""

    pauses: tuple[Pause, ...] = ()

    @property
    def whole(self) -> Pause | None:
        """What keeps everything of the workspace from leaving."""
        return longest(pause for pause in self.pauses if pause.destination_id is None)

    @property
    def destinations(self) -> frozenset[int]:
        """The destinations (pks) that nothing may leave for."""
        return frozenset(pause.destination_id for pause in self.pauses if pause.destination_id is not None)

    def on(self, destination: int | None) -> Pause | None:
        """What keeps a delivery to this destination (pk) from leaving; None when it may go."""
        return longest(pause for pause in self.pauses if pause.destination_id in (None, destination))


def longest(pauses: Iterable[Pause]) -> Pause | None:
    """The pause that ends last; one without an end outlasts all others."""
    return max(pauses, key=lambda pause: pause.ends_at or FOREVER, default=None)


def standing(workspace: Workspace, now: datetime) -> Standing:
    """What is paused in a workspace at `now`, asked afresh, in one query."""
    rows = Pause.objects.about(workspace).standing(now).select_related("by", "destination")
    found = Standing(tuple(rows.order_by("starts_at", "pk")))
    setattr(workspace, KNOWN, found)
    return found


def shown_on(workspace: Workspace) -> Standing:
    """What a page says about pauses: what its view has asked for this row already, else asked now."""
    known: Standing | None = getattr(workspace, KNOWN, None)
    return known if known is not None else standing(workspace, timezone.now())


def fact(pause: Pause) -> Paused:
    """A pause as preflight knows it."""
    return Paused(pause.who, pause.reason, pause.ends_at, pause.kind == Pause.Kind.BLACKOUT)


def pause(
    *,
    reason: str,
    by: User | None,
    workspace: Workspace | None = None,
    destination: Destination | None = None,
    kind: str = Pause.Kind.PAUSE,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Pause:
    """Let nothing leave any more: everywhere, in a workspace, or for one of its destinations.

    Raises ValueError without a reason, for a destination of another workspace, and for a window that
    does not end after its start.
    """
    starts_at = starts_at or clock.now()
    if not reason.strip():
        raise ValueError("A pause needs a reason: everyone in the workspace reads it.")
    if destination is not None and (workspace is None or destination.workspace_id != workspace.pk):
        raise ValueError("a destination of another workspace")
    if ends_at is None and kind == Pause.Kind.BLACKOUT:
        raise ValueError("A blackout is a window: it needs an end.")
    if ends_at is not None and ends_at <= starts_at:
        raise ValueError("A pause must end after it begins.")
    made = Pause(
        workspace=workspace, destination=destination, kind=kind, reason=reason.strip(), by=by,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    with transaction.atomic():
        made.save()
        _tell(made, what="paused", by=by)
    return made


def lift(pause: Pause, *, by: User | None, now: datetime | None = None) -> bool:
    """End a pause before its time; what waited for it is judged again at once. False when it was over."""
    now = now or clock.now()
    with transaction.atomic():
        rows = Pause.objects.filter(pk=pause.pk, lifted_at=None).exclude(ends_at__lte=now)
        if not rows.update(lifted_at=now, lifted_by=by):
            return False
        pause.lifted_at, pause.lifted_by = now, by
        _tell(pause, what="lifted", by=by)
        _wake(pause, now)
    return True


def hold_back(workspace: Workspace, now: datetime) -> list[Delivery]:
    """Arm the queued deliveries that a pause keeps here, so that the page says what they wait for.

    Those that go a second time stay queued: an armed delivery may turn out blocked, which says that
    nothing was sent, and of these that is not known. Dispatch leaves them alone all the same.
    """
    found = standing(workspace, now)
    if not found.pauses:
        return []
    queued = Delivery.objects.filter(workspace=workspace, state=states.QUEUED, posted_at=None)
    if found.whole is None:
        queued = queued.filter(dataflow__destination__in=found.destinations)
    waiting: list[Delivery] = list(queued.select_related("dataflow", "audience", "workspace").order_by("pk"))
    kept: list[Delivery] = []
    with transaction.atomic():
        lock(waiting)
        for which, those in _by_pause(found, waiting).items():
            finding = paused_finding(fact(which))
            kept += arm(those, finding, now, not_before=which.ends_at, data={"pause": which.pk})
    return kept


def _by_pause(found: Standing, deliveries: list[Delivery]) -> dict[Pause, list[Delivery]]:
    groups: dict[Pause, list[Delivery]] = {}
    for delivery in deliveries:
        which = found.on(delivery.dataflow.destination_id)
        if which is not None:
            groups.setdefault(which, []).append(delivery)
    return groups


def _wake(pause: Pause, now: datetime) -> None:
    """Let the next sweep judge again what waits within the scope, whatever else it waits for."""
    armed = Delivery.objects.filter(state=states.ARMED)
    if pause.workspace_id is not None:
        armed = armed.filter(workspace=pause.workspace_id)
    if pause.destination_id is not None:
        armed = armed.filter(dataflow__destination=pause.destination_id)
    armed.update(next_check_at=now)
    for workspace in _minding(pause):
        nudges.sweep_soon(workspace)


def _minding(pause: Pause) -> list[int]:
    if pause.workspace_id is not None:
        return [pause.workspace_id]
    return list(Workspace.objects.order_by("pk").values_list("pk", flat=True))


def _tell(pause: Pause, *, what: str, by: User | None) -> None:
    """One line of the story per workspace that must mind the pause."""
    data: dict[str, Any] = {
        "pause": pause.pk,
        "scope": scope_of(pause),
        "kind": pause.kind,
        "reason": pause.reason,
        "from": pause.starts_at.isoformat(),
        "until": pause.ends_at.isoformat() if pause.ends_at else None,
    }
    at = pause.lifted_at or clock.now()
    Event.objects.bulk_create(
        Event(workspace_id=pk, at=at, actor=by, what=what, data=data) for pk in _minding(pause)
    )
    log.info(f"A pause was {'set' if what == 'paused' else 'lifted'}.", pause=pause.pk, scope=data["scope"])


def scope_of(pause: Pause) -> str:
    """global, workspace or destination."""
    if pause.workspace_id is None:
        return "global"
    return "workspace" if pause.destination_id is None else "destination"
