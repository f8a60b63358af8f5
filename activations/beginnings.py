"""An activation that is added with a full resync: the call that adds it is the one that sends everybody.

What a person asked for is a wish (`audiences/wishes`), which knows how the call is made once and looked up. Here it
takes its turn among the workspace's resyncs, and once it has begun it is a delivery like any other: followed, in
the history, on the same page.
"""

from __future__ import annotations

from datetime import datetime

from activations import states
from activations.courses import run
from activations.facts import verdicts
from activations.models import Activation, Delivery, Hold, Job
from activations.moves import move
from activations.opening import default_name, deliver
from activations.preflight import Verdict
from audiences import fresh_segment
from audiences.clients import segment_client_for
from audiences.clock import Clock, ticking
from audiences.models import Audience, Dataflow, Mapping, Wish, Workspace
from audiences.nudges import resyncs_soon
from audiences.wishes import work
from audiences.wishes.outcomes import Denied, Granted, NotYet
from audiences.wishes.segment.activations import new_of
from audiences.wishes.states import AT_PLATFORM, WAITING
from platforms.errors import Refused

# What is off: what Segment does with a resync then is not documented (contract §7), so it is not asked for.
OFF = frozenset({"connection_disabled", "audience_disabled"})
HELD = "resync_held"
# Seconds until it is judged again, by how often it was; a resync that is over wakes it sooner.
EACH, LONGEST = 15.0, 120.0


def begin_all(workspace: Workspace, *, clock: Clock | None = None) -> int:
    """Fulfil the due wishes of a workspace with which a resync begins; returns how many were taken up.

    Any number may run at once: the workspace's hold lets one resync go at a time.
    """
    clock, taken = clock or ticking(), 0
    work.sweep(workspace, clock())
    while (wish := work.claim(Wish.objects.resyncing(), workspace, clock())) is not None:
        with work.leased(wish):
            work.fulfil(wish, clock=clock, beginning=Beginning(workspace, wish, clock))
        if wish.state not in AT_PLATFORM:
            Hold.objects.filter(wish=wish).delete()
        taken += 1
    return taken


def wake(workspace: Workspace, now: datetime) -> None:
    """A resync is over: those that wait for their turn are judged again at once."""
    waiting = Wish.objects.resyncing().filter(workspace=workspace, state__in=WAITING, next_at__gt=now)
    if waiting.filter(doubtful=False).update(next_at=now):
        resyncs_soon(workspace.pk)


class Beginning:
    """One wish's turn (`audiences.wishes.work.Beginning`)."""

    def __init__(self, workspace: Workspace, wish: Wish, clock: Clock) -> None:
        self._workspace = workspace
        self._wish = wish
        self._clock = clock
        self._verdict = Verdict()

    def may_be_sent(self) -> None:
        """As a press of it would be judged, on what the platform shows now; then the workspace is held."""
        if self._held_by_another():
            raise NotYet(self._patience, HELD)
        self._look()
        self._verdict = self._judge()
        stop = next((one for one in self._verdict.findings if one.code in OFF), None)
        if stop is not None:
            raise Denied(stop.code, Refused(str(stop.sentence)))
        waits = [one for one in self._verdict.findings if one.severity == "wait" and one.code != HELD]
        if waits:
            raise NotYet(self._patience, waits[0].code)
        Hold.objects.bulk_create(
            [Hold(workspace=self._workspace, key=Hold.WHOLE_WORKSPACE, wish=self._wish)],
            ignore_conflicts=True,
        )
        if not Hold.objects.filter(workspace=self._workspace, wish=self._wish).exists():
            raise NotYet(self._patience, HELD)

    def has_begun(self, granted: Granted | None) -> None:
        """The delivery that follows it. One of somebody's press that waits for its turn follows it instead: it sends
        the whole audience, and a second one would only send everybody twice."""
        wish, now = self._wish, self._clock()
        mapping = Mapping.objects.select_related("dataflow__destination", "audience").get(pk=wish.mapping_id)
        pressed = list(
            Delivery.objects.filter(mapping=mapping, state__in=states.MOVING).select_related(
                "workspace", "audience"
            )
        )
        if pressed:
            waiting = [one for one in pressed if one.state == states.QUEUED]
            runs = {one.pk: mapping.platform_id for one in waiting}
            run(waiting, runs, what="joined", now=now, joined=True, reason="joins_resync")
            return
        job = self._job(granted, mapping, now)
        (delivery,) = deliver(
            self._activation(mapping), [(mapping, self._verdict_of(), None)], wish.by, wish.asked_at
        )
        delivery.mapping, delivery.workspace = mapping, self._workspace
        move([delivery], states.SENDING, what="sent", now=now, job_id=job.pk, attempts=1, job=job)
        began = "accepted" if granted is not None else "found"
        run([delivery], {delivery.pk: mapping.platform_id}, what=began, now=now, job=job)
        if mapping.resyncing:
            Delivery.objects.filter(pk=delivery.pk).update(seen_at=now)
        if not Hold.objects.filter(wish=wish).update(wish=None, job=job):
            hold = Hold(workspace=self._workspace, key=Hold.WHOLE_WORKSPACE, job=job)
            Hold.objects.bulk_create([hold], ignore_conflicts=True)

    @property
    def _patience(self) -> float:
        return min(EACH * self._wish.attempts, LONGEST)

    def _held_by_another(self) -> bool:
        return Hold.objects.filter(workspace=self._workspace).exclude(wish=self._wish).exists()

    def _look(self) -> None:
        """Read afresh what preflight asks about it. Raises PlatformError."""
        _, audience = self._about()
        keys = fresh_segment.with_resyncing(self._workspace, {audience.platform_id})
        fresh_segment.look_again(self._workspace, segment_client_for(self._workspace), keys)

    def _about(self) -> tuple[Dataflow, Audience]:
        flow, audience = self._wish.dataflow, self._wish.audience
        if flow is None or audience is None:
            raise ValueError(f"wish {self._wish.pk} is about no connection")
        return flow, audience

    def _judge(self) -> Verdict:
        wish, (flow, audience) = self._wish, self._about()
        to_be = Mapping(
            workspace=self._workspace,
            dataflow=Dataflow.objects.select_related("destination").get(pk=flow.pk),
            audience=Audience.objects.get(pk=audience.pk),
            name=wish.wanted["name"],
            enabled=wish.wanted["enabled"],
            activation_type=wish.wanted["type"],
        )
        return verdicts(self._workspace, [to_be], now=self._clock())[to_be.pk]

    def _verdict_of(self) -> Verdict:
        """What was found, without what kept it then: it goes."""
        return Verdict(tuple(one for one in self._verdict.findings if one.severity == "look"))

    def _activation(self, mapping: Mapping) -> Activation:
        wish = self._wish
        return Activation.objects.create(
            workspace=self._workspace, name=default_name([mapping]), requested_by=wish.by,
            requested_at=wish.asked_at, press=f"wish-{wish.pk}",
        )  # fmt: skip

    def _job(self, granted: Granted | None, mapping: Mapping, now: datetime) -> Job:
        """The record of the call, secrets struck out as in the wish."""
        wish = self._wish
        return Job.objects.create(
            workspace=self._workspace,
            outcome=Job.Outcome.ACCEPTED if granted is not None else Job.Outcome.UNKNOWN,
            created_at=now, platform_at=wish.sent_at, lease_until=now, answered_at=now, size=1,
            request={
                "audience": mapping.audience.platform_id,
                "connection": mapping.dataflow.platform_id,
                "body": new_of(wish.wanted).written(),
            },
            status=granted.status if granted is not None else None,
            request_id=granted.request_id if granted is not None else "",
            answer=granted.answer if granted is not None else "",
        )  # fmt: skip
