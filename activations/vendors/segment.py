"""Segment's ways: one resync a call and one at a time in a workspace, followed by a flag that says nothing but
"pending or in progress" (contract §9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Exists, QuerySet
from django.utils import timezone

from activations.models import Delivery, Event, Hold, Job
from activations.vendors.vendor import Prepared
from audiences import fresh_segment
from audiences.clients import segment_client_for
from audiences.models import Workspace
from platforms.errors import NotFound, PlatformError
from platforms.segment import SegmentClient
from platforms.segment.types import Activation
from platforms.types import Accepted, Run, RunStatus

log = structlog.get_logger(__name__)

LINKED = "LINKED"
# The flag may show late after the call: a resync never seen going on is not over before this.
GRACE = timedelta(seconds=settings.RESYNC_GRACE)
# Delivery Overview is about thirty seconds behind (contract §9).
COUNT_AFTER = timedelta(seconds=45)


class Segment:
    """A look takes three calls of some fifty a minute, and one resync goes at a time: so one is looked at."""

    looked_at = 1
    per_question = 1
    swept = 4

    def per_job(self, workspace: Workspace) -> int:  # noqa: ARG002 - as every vendor
        return 1

    def hold_key(self, delivery: Delivery) -> str:  # noqa: ARG002
        return Hold.WHOLE_WORKSPACE

    def unheld(self, workspace: Workspace, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """All or none."""
        return rows.exclude(Exists(Hold.objects.filter(workspace=workspace)))

    def body(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """The activation that the one call is about, and what it says."""
        (one,) = deliveries
        return {
            "audience": one.audience.platform_id,
            "activation": one.mapping.platform_id,
            "body": {"performResync": True},
        }

    def look(self, workspace: Workspace, deliveries: Collection[Delivery]) -> None:
        """The deliveries' audiences with all they send, and those where a resync goes on as far as we know."""
        mine = {delivery.audience.platform_id for delivery in deliveries}
        keys = fresh_segment.with_resyncing(workspace, mine)
        fresh_segment.look_again(workspace, segment_client_for(workspace), keys)

    def prepare(self, workspace: Workspace, job: Job, deliveries: Sequence[Delivery]) -> Prepared:  # noqa: ARG002
        client = segment_client_for(workspace)
        (one,) = deliveries
        audience, key = one.audience.platform_id, one.mapping.platform_id

        def make(last: Callable[[], object]) -> Accepted:
            taken = client.resync(audience, key, last=last)
            return Accepted(
                {one.pair: key}, status=taken.status, body=taken.body, request_id=taken.request_id
            )

        return Prepared(client, make)

    def runs(self, workspace: Workspace, deliveries: Sequence[Delivery], now: datetime) -> dict[str, Run]:
        client = segment_client_for(workspace)
        _force_runs(workspace, client, deliveries, now)
        found: dict[str, Run] = {}
        trouble: PlatformError | None = None
        for mine in _by_audience(deliveries):
            try:
                shown = _activations(workspace, client, mine)
            except PlatformError as error:
                # One audience that cannot be read must not keep the others from being asked about.
                trouble = error
                continue
            _note_seen(mine, shown, now)
            found |= {one.run_id: _run(one, shown.get(one.run_id), now) for one in mine}
        if trouble is not None and not found:
            raise trouble
        return found

    def traces(self, workspace: Workspace, deliveries: Sequence[Delivery]) -> list[Run]:
        """Resyncs that go on: the last look saw none of these activations resyncing before its call was made."""
        client = segment_client_for(workspace)
        found = []
        for mine in _by_audience(deliveries):
            shown = _activations(workspace, client, mine)
            _note_seen(mine, shown, timezone.now())
            for one in mine:
                activation = shown.get(one.mapping.platform_id)
                if activation is not None and activation.resyncing:
                    found.append(_run(one, activation, timezone.now()))
        return found

    def count_at(self, delivery: Delivery, now: datetime) -> datetime | None:
        """Counts by activation are promised for Linked Audiences alone; a joined resync began we do not know when."""
        tells = delivery.audience.origin == LINKED and not delivery.joined
        return now + COUNT_AFTER if tells else None


def _by_audience(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    by_audience: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_audience[delivery.audience_id].append(delivery)
    yield from by_audience.values()


def _activations(
    workspace: Workspace, client: SegmentClient, mine: Sequence[Delivery]
) -> dict[str, Activation]:
    """The activations of one audience that these deliveries are about, read in one call; what is gone is left out."""
    audience = mine[0].audience.platform_id
    wanted = {delivery.mapping.platform_id for delivery in mine}
    try:
        if len(wanted) == 1:
            found = [client.activation(audience, next(iter(wanted)))]
        else:
            found = [one for one in client.activations(audience) if one.id in wanted]
    except NotFound:
        found = []
    fresh_segment.note_resyncs(workspace, {one.id: one.resyncing for one in found})
    return {one.id: one for one in found}


def _note_seen(mine: Sequence[Delivery], shown: dict[str, Activation], now: datetime) -> None:
    """Keep that a resync was seen going on: only then, or after the grace, can it be over."""
    new = [
        one
        for one in mine
        if one.seen_at is None and (it := shown.get(one.mapping.platform_id)) and it.resyncing
    ]
    Delivery.objects.filter(pk__in=[one.pk for one in new], seen_at=None).update(seen_at=now)
    for one in new:
        one.seen_at = now


def _run(delivery: Delivery, found: Activation | None, now: datetime) -> Run:
    """The flag as a run. An activation that is gone has none: what became of its resync is unknown."""
    if found is None:
        status, word = RunStatus.UNKNOWN, "404"
    else:
        told = {True: "true", False: "false", None: "—"}[found.resyncing]
        status, word = _status(delivery, found, now), f"performResync: {told}"
    return Run(
        id=delivery.mapping.platform_id,
        dataflow=delivery.dataflow.platform_id,
        status=status,
        word=word,
        completed_at=None if status is RunStatus.RUNNING else now,
    )


def _status(delivery: Delivery, found: Activation, now: datetime) -> RunStatus:
    """Absent reads as not going on; it is over once it was seen, or when it had time enough to be seen."""
    began = delivery.started_at or delivery.state_since
    seen = delivery.joined or delivery.seen_at is not None
    if found.resyncing or (not seen and now < began + GRACE):
        return RunStatus.RUNNING
    return RunStatus.FINISHED


def _force_runs(
    workspace: Workspace, client: SegmentClient, deliveries: Sequence[Delivery], now: datetime
) -> None:
    """A Linked Audience sends in runs, so that a resync would wait for the next one: force it, once (contract §7).

    Claimed before it is called: what is lost on the way costs time, never a second run.
    """
    for one in deliveries:
        if one.audience.origin != LINKED or one.joined or one.forced_at is not None:
            continue
        if not Delivery.objects.filter(pk=one.pk, forced_at=None).update(forced_at=now):
            continue
        one.forced_at = now
        what, data = "run_forced", {}
        try:
            data["run"] = client.force_run(one.audience.platform_id)
        except PlatformError as error:
            what, data = "run_not_forced", {"reason": error.code, "verbatim": error.verbatim}
            log.warning("A run could not be forced.", workspace=workspace.slug, code=error.code)
        Event.objects.create(
            workspace_id=one.workspace_id, activation_id=one.activation_id, delivery=one, at=now, what=what,
            data=data,
        )  # fmt: skip
