"""What rounds of faults and crashes found, each as small as it gets; the simulator's ledger judges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from activations import states
from activations.answers import record
from activations.backoff import RECHECK
from activations.dispatch import dispatch, send
from activations.lease import LEASE
from activations.models import Delivery, Job
from activations.sweep import sweep
from audiences.clients import client_for
from audiences.models import Mapping, Run
from audiences.runs import store_runs
from audiences.sync import sync
from platforms.farclock import FarClock
from platforms.types import Counts, RunStatus
from tests.activations.world import Stage, at_rest, only, pair, pass_time

HOUR = 3_600


@pytest.mark.parametrize("wrong_by", [-HOUR, HOUR])
def test_a_platform_whose_clock_is_not_ours_is_asked_by_its_own(stage: Stage, wrong_by: int) -> None:
    """Its runs are dated by its clock: an hour behind ours, a run of ours looked older than the call that
    made it, was not found, and the delivery went a second time."""
    pass_time(stage.sim, wrong_by)
    (mapping,) = stage.good(1)
    stage.fault("reset_after")
    activation = stage.press([mapping])
    stage.turn()
    assert only(activation).state == states.UNCONFIRMED
    stage.heal()
    stage.settle()
    assert stage.ledger() == [pair(mapping)]
    assert only(activation).state == states.SUCCEEDED
    at_rest()


def test_the_platforms_clock_is_set_back_between_the_call_and_the_question(stage: Stage) -> None:
    (mapping,) = stage.good(1)
    pass_time(stage.sim, -HOUR)
    stage.fault("reset_after")
    activation = stage.press([mapping])
    stage.turn()
    stage.heal()
    pass_time(stage.sim, HOUR)
    stage.settle()
    assert stage.ledger() == [pair(mapping)]
    assert only(activation).state == states.SUCCEEDED


def test_somebody_elses_run_that_is_over_is_not_taken_for_ours(stage: Stage) -> None:
    """It ended seconds before our call, within what our clocks were allowed to differ."""
    (mapping,) = stage.good(1)
    before = stage.others_run(mapping, duration=3)
    pass_time(stage.sim, 20)
    stage.later += 20
    stage.fault("reset_before")
    activation = stage.press([mapping])
    stage.turn()
    stage.heal()
    stage.settle()
    assert only(activation).run_id != before
    assert stage.ledger() == [pair(mapping)]


def test_the_moment_of_sending_is_the_platforms(stage: Stage) -> None:
    pass_time(stage.sim, -HOUR)
    stage.press(stage.good(1))
    stage.turn()
    job = Job.objects.get()
    assert job.platform_at is not None
    assert abs((job.platform_at - job.created_at).total_seconds() + HOUR) < 30
    assert Delivery.objects.get().state == states.RUNNING


def test_far_clock_keeps_what_it_heard_and_goes_on() -> None:
    clock = FarClock()
    clock.hear("nonsense")
    assert clock.now() is None
    clock.hear("Sun, 22 Nov 2026 03:00:00 GMT")
    clock.hear(None)
    now = clock.now()
    assert now is not None
    assert timedelta(0) <= now - datetime(2026, 11, 22, 3, tzinfo=UTC) < timedelta(seconds=5)


def test_one_empty_list_is_not_enough_to_send_again(stage: Stage) -> None:
    """The workers were away longer than the grace, the run is over by now, and the first list of runs that
    anybody reads has lost its page."""
    (mapping,) = stage.good(1)
    stage.fault("reset_after")
    activation = stage.press([mapping])
    dispatch(stage.workspace)
    stage.fault("empty_page", method="GET", path="/data/foundation/flowservice/runs")
    stage.turn(120)
    stage.settle()
    assert stage.ledger() == [pair(mapping)]
    assert only(activation).state == states.SUCCEEDED


def test_a_sender_frozen_before_its_call_does_not_send_when_it_thaws(stage: Stage) -> None:
    """Its deliveries had gone with another worker meanwhile, and their runs were over: nothing at the
    platform would have stopped a second export."""
    chosen = stage.good(2)
    stage.press(chosen)
    frozen = stage.claim()
    assert frozen is not None
    stage.turn(LEASE.total_seconds() + 1)
    stage.settle()
    assert stage.sent_once(chosen)
    job, deliveries = frozen
    answer = send(stage.workspace, job, deliveries)
    record(job, deliveries, answer, now=stage.now())
    assert stage.sent_once(chosen)
    at_rest()


def test_a_sender_that_died_before_its_call_costs_no_grace_and_no_second_call(stage: Stage) -> None:
    """The call is noted before it is made. Without a note there was none: it goes again at once, and the
    one call more that an unknown outcome allows is not used up."""
    (mapping,) = stage.good(1)
    activation = stage.press([mapping])
    for _ in range(3):
        assert stage.claim() is not None
        pass_time(stage.sim, LEASE.total_seconds() + 1)
        stage.later += LEASE.total_seconds() + 1
        sweep(stage.workspace, now=stage.now())
        delivery = only(activation)
        assert (delivery.state, delivery.posted_at, delivery.reposted) == (states.QUEUED, None, False)
    stage.settle()
    assert stage.ledger() == [pair(mapping)]


def test_what_cannot_go_a_second_time_is_looked_for_not_called_blocked(stage: Stage) -> None:
    """The first call was taken without an answer and its run hidden for long; the second waited for a
    scheduled export, and meanwhile its mapping went."""
    (mapping,) = stage.good(1)
    activation = stage.press([mapping])
    stage.fault("reset_after")
    stage.turn()
    run = stage.sim.world.sandboxes["prod"].runs.by_audience[mapping.audience.platform_id][-1]
    run.visible = run.started = stage.sim.world.now() + 300
    run.ends = stage.sim.world.now() + 320
    Delivery.objects.update(
        state=states.ARMED, next_check_at=stage.now(), deadline=stage.now() + timedelta(days=1)
    )
    Mapping.objects.filter(pk=mapping.pk).update(vanished_at=stage.now())
    stage.turn(1)
    assert only(activation).state == states.UNCONFIRMED
    run.visible = run.started = stage.sim.world.now()
    stage.settle()
    assert (only(activation).state, only(activation).run_id) == (states.SUCCEEDED, run.id)
    assert stage.ledger() == [pair(mapping)]


@pytest.mark.parametrize("wrong_by", [-HOUR, HOUR])
@pytest.mark.parametrize("hidden", [False, True])
def test_our_own_clock_jumps_between_the_call_and_the_question(
    stage: Stage, wrong_by: int, hidden: bool
) -> None:
    """An hour forward ends every deadline at once; giving up then, without a look, would forget a run that
    the platform shows a moment later."""
    (mapping,) = stage.good(1)
    stage.fault("reset_after")
    activation = stage.press([mapping])
    stage.turn()
    if hidden:
        run = stage.sim.world.sandboxes["prod"].runs.by_audience[mapping.audience.platform_id][-1]
        run.visible = run.started = stage.sim.world.now() + 12
    stage.later += wrong_by
    for _ in range(3):
        stage.turn(6)
    if wrong_by < 0:
        stage.later -= wrong_by
    stage.settle()
    assert (only(activation).state, stage.ledger()) == (states.SUCCEEDED, [pair(mapping)])


def test_the_end_of_a_run_elsewhere_is_seen_without_a_sync(stage: Stage):
    """The mirror knew that run as going on, on a dataflow that nothing else looks at before the next sync."""
    here, there = stage.twins()
    stage.others_run(there, duration=60)
    stage.turn(5)
    sync(stage.workspace)
    activation = stage.press([here])
    assert (only(activation).state, only(activation).reason) == (states.ARMED, "audience_running_elsewhere")
    stage.turn(RECHECK.total_seconds() + 90)
    stage.settle()
    assert only(activation).state == states.SUCCEEDED
    assert stage.sent_once([here])


def test_a_run_that_is_over_does_not_go_on_again_by_a_late_answer(stage: Stage):
    """A look that read before the end, and stores after it, must neither wake the run nor forget its counts."""
    run = Run.objects.filter(status="succeeded").exclude(audiences=None).first()
    counts = run.audiences.values().get()
    late = client_for(stage.workspace).runs([run.platform_id])[run.platform_id]
    late = replace(
        late,
        status=RunStatus.RUNNING,
        completed_at=None,
        counts=Counts(),
        audiences={counts["audience"]: Counts()},
    )
    assert store_runs(stage.workspace, [late]).total == 0
    run.refresh_from_db()
    assert (run.status, run.audiences.values().get()) == ("succeeded", counts)
