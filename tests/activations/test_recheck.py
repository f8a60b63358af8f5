"""The last look before sending: what the platform shows now decides, not what the mirror remembers."""

from datetime import timedelta

import pytest

from activations import states
from activations.actions import take_back
from activations.models import Delivery, Job
from activations.recheck import recheck
from tests.activations.world import Stage, impatient, only, pair, states_of

pytestmark = pytest.mark.django_db
FLOWS = "/data/foundation/flowservice/flows"
RUNS = "/data/foundation/flowservice/runs"


@pytest.fixture
def stage(sim):
    return Stage(sim)


def test_it_works(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    assert stage.look() == 3
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 3}
    stage.settle()
    assert stage.sent_once(chosen)


def test_a_run_someone_else_started_is_joined_without_a_call(stage):
    theirs, ours = stage.good(2)
    stage.others_run(theirs, duration=60)
    activation = stage.press([theirs, ours])
    stage.turn(3)
    joined = activation.deliveries.get(mapping=theirs)
    assert (joined.state, joined.joined) == (states.RUNNING, True)
    assert stage.posts() == 1
    assert Job.objects.get().size == 1
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 2}
    assert stage.sent_once([ours])


def test_a_scheduled_export_is_never_sent_into(stage):
    chosen = stage.good(1)
    stage.others_run(chosen[0], duration=60, kind="scheduled")
    activation = stage.press(chosen)
    stage.turn(3)
    assert (only(activation).state, only(activation).reason) == (states.ARMED, "scheduled_export_running")
    assert stage.posts() == 0
    stage.settle()
    assert only(activation).state == states.SUCCEEDED
    assert stage.sent_once(chosen)


def test_a_mapping_that_is_gone_is_blocked_without_a_call(stage):
    gone, *rest = stage.good(3)
    stage.unmap(gone)
    activation = stage.press([gone, *rest])
    stage.settle()
    assert activation.deliveries.get(mapping=gone).state == states.BLOCKED
    assert states_of(activation) == {states.BLOCKED: 1, states.SUCCEEDED: 2}
    assert stage.sent_once(rest)
    assert stage.posts() == 1


def test_what_our_credentials_may_not_read_does_not_stop_the_press(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("status", method="GET", path=RUNS, status=403, times=1)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 2}


def test_nothing_is_sent_while_the_platform_cannot_be_asked(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    impatient(stage.workspace)
    stage.fault("status", method="GET", path=FLOWS, status=503, times=None)
    stage.turn()
    assert states_of(activation) == {states.QUEUED: 2}
    assert stage.posts() == 0
    delivery = activation.deliveries.first()
    assert delivery.reason == "not_sent"
    assert delivery.not_before > stage.now()
    assert delivery.events.last().what == "not_sent"
    stage.heal()
    stage.settle()
    assert stage.sent_once(chosen)


def test_a_look_is_good_for_a_moment_only(stage):
    chosen = stage.good(1)
    activation = stage.press(chosen)
    stage.look()
    stage.others_run(chosen[0], duration=300, kind="scheduled")
    stage.turn(31)
    assert only(activation).state == states.ARMED
    assert stage.posts() == 0


def test_one_look_for_many_jobs(stage):
    stage.workspace.max_per_job = 2
    stage.workspace.save()
    activation = stage.press(stage.good(7))
    before = stage.calls(FLOWS)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 7}
    assert stage.posts() == 4
    assert stage.calls(FLOWS) - before == 1


@pytest.fixture
def doubtful(stage):
    """It was taken, the answer was lost, and its run stayed hidden until it had to go a second time; but the
    platform asks for patience first."""
    (here,) = stage.good(1)
    activation = stage.press([here])
    stage.fault("reset_after")
    stage.turn()
    run = stage.sim.world.sandboxes["prod"].runs.by_audience[here.audience.platform_id][-1]
    run.visible = run.started = stage.sim.world.now() + 10_000
    run.ends = run.started + 20
    type(stage.workspace).objects.update(send_after=stage.now() + timedelta(seconds=900))
    for seconds in (40, 6, 6):
        stage.turn(seconds)
    assert (only(activation).state, only(activation).reposted) == (states.QUEUED, True)
    return activation, here, run


def test_what_waited_to_go_again_is_looked_for_once_more(stage, doubtful):
    activation, here, run = doubtful
    run.visible = run.started = stage.sim.world.now()
    run.ends = run.started + 20
    stage.turn(1_000)
    stage.settle()
    assert (only(activation).state, only(activation).run_id) == (states.SUCCEEDED, run.id)
    assert not only(activation).joined
    assert stage.posts() == 1
    assert stage.ledger() == [pair(here)]


def test_it_does_not_go_again_while_its_runs_may_not_be_read(stage, doubtful):
    activation, *_ = doubtful
    stage.fault("status", method="GET", path=RUNS, status=403, times=None)
    stage.turn(1_000)
    stage.turn(20)
    assert only(activation).state == states.QUEUED
    assert stage.posts() == 1


def test_it_does_not_go_again_beside_a_run_that_names_nobody(stage, doubtful):
    activation, _here, run = doubtful
    run.visible = stage.sim.world.now()
    run.started = run.visible + 2_000
    stage.turn(1_000)
    assert only(activation).state == states.QUEUED
    assert stage.posts() == 1
    run.started = stage.sim.world.now()
    run.ends = run.started + 20
    stage.turn(20)
    stage.settle()
    assert (only(activation).state, only(activation).run_id) == (states.SUCCEEDED, run.id)
    assert Delivery.objects.count() == 1
    assert stage.posts() == 1


def test_what_went_and_came_back_while_the_look_was_asking_is_not_judged_by_what_it_was(stage):
    """Another dispatcher sent it meanwhile, the answer was lost, and it waits to go a second time: marked by the
    old look it would go without anybody looking for the first call's run."""
    (here,) = stage.good(1)
    activation = stage.press([here])
    stale = list(activation.deliveries.select_related("dataflow", "audience", "mapping", "workspace"))
    later = stage.now() + timedelta(seconds=90)
    Delivery.objects.update(posted_at=stage.now(), reposted=True, state_since=later, looked_at=None)
    assert recheck(stage.workspace, stale, now=later) == 0
    assert Delivery.objects.get().looked_at is None
    assert take_back(stale, what="canceled", now=later) == []
    assert only(activation).state == states.QUEUED
