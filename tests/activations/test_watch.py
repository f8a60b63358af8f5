"""Watching runs to their end: every ending, absence, words we do not know, limits and leases."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from activations import states
from activations.actions import check_again
from activations.cadence import LONGEST
from activations.dispatch import dispatch
from activations.models import Delivery
from activations.tasks import sweep_tick, watch, watch_tick
from activations.watch import LEASE, UNREADABLE_CHECKS, _is_over, outcome
from activations.watch import watch as watch_runs
from audiences.models import Run, Workspace
from audiences.rounds import each
from platforms.types import Run as Seen
from platforms.types import RunStatus
from tests.activations.world import at_rest, impatient, only, states_of

pytestmark = pytest.mark.django_db

RUNS = "/data/foundation/flowservice/runs"


def sent(stage, count=1):
    activation = stage.press(stage.good(count))
    stage.turn()
    return activation


def run_behind(stage, activation):
    """The simulator's own run of the activation's only delivery."""
    return stage.sim.world.sandboxes["prod"].runs.by_id[only(activation).run_id]


def calls_to_runs(stage):
    return sum(call.path == RUNS for call in stage.sim.world.ledger.calls)


def test_it_works(stage):
    activation = sent(stage)
    stage.settle()
    delivery = only(activation)
    run = run_behind(stage, activation)
    assert (delivery.state, delivery.reason) == (states.SUCCEEDED, "")
    assert delivery.finished_at.timestamp() == pytest.approx(run.ends, abs=0.01), "the run's own end"
    assert delivery.started_at.timestamp() == pytest.approx(run.started, abs=0.01)
    assert delivery.received == run.rows
    assert delivery.activated + delivery.excluded == delivery.received
    assert delivery.run_word.lower() == "success"
    assert delivery.files == 1
    at_rest()


ENDINGS = {
    "failed": (states.FAILED, "run_failed"),
    "empty": (states.EMPTY, "delivered_empty"),
    "partial": (states.PARTLY, "partly"),
}


@pytest.mark.parametrize(("outcome", "expected"), ENDINGS.items(), ids=ENDINGS)
def test_every_ending_has_its_state_and_reason(stage, outcome, expected):
    activation = stage.press([stage.ending(outcome)])
    stage.settle()
    assert (only(activation).state, only(activation).reason) == expected
    at_rest()


def test_a_failed_run_keeps_what_it_says(stage):
    activation = stage.press(stage.good(1))
    stage.fault("run_error")
    stage.settle()
    delivery = only(activation)
    assert delivery.state == states.FAILED
    assert delivery.verbatim == "ACTIVATION_BATCH-0000-FAILED: Job aborted."
    assert {issue["code"] for issue in delivery.issues} == {"ACTIVATION_BATCH-0000-FAILED"}
    assert delivery.activated is None, "absent is not zero"


def test_an_empty_run_is_a_warning(stage):
    activation = stage.press(stage.good(1))
    stage.fault("run_empty")
    stage.settle()
    assert (only(activation).state, only(activation).activated) == (states.EMPTY, 0)


def test_eighty_runs_are_one_call(stage):
    sent(stage, 20)
    before = calls_to_runs(stage)
    stage.turn(3)
    assert calls_to_runs(stage) == before + 1


def test_the_questions_become_rarer(stage):
    activation = sent(stage)
    run_behind(stage, activation).ends += 100_000
    waits = []
    for _ in range(20):
        stage.turn(waits[-1] + 0.5 if waits else 2.5)
        waits.append(round((only(activation).next_check_at - stage.now()).total_seconds(), 1))
    assert all(later > earlier - 0.5 for earlier, later in pairwise(waits))
    assert waits[0] < 5
    assert LONGEST - 1 < waits[-1] <= LONGEST + 0.5


def test_a_run_that_is_missing_for_a_while_is_waited_for(stage):
    activation = sent(stage)
    run = run_behind(stage, activation)
    run.visible = run.started = stage.sim.world.now() + 100
    run.ends = run.started + 20
    for _ in range(4):
        stage.turn(20)
        assert only(activation).state == states.RUNNING
    stage.settle()
    assert only(activation).state == states.SUCCEEDED


def test_past_the_limit_we_stop_watching_and_check_again_asks_once_more(stage):
    activation = sent(stage)
    run_behind(stage, activation).ends += 7 * 3600
    stage.turn(6 * 3600 + 10)
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.STOPPED, "watch_limit")
    at_rest()
    stage.turn(3600)
    # People press in real time; the row's own clock is behind the stage's.
    assert check_again(activation, by=None) == 1
    stage.settle(at_most=3)
    assert only(activation).state == states.SUCCEEDED
    assert stage.posts() == 1
    at_rest()


@pytest.mark.parametrize("word", ["Frobnicated", "", None])
def test_a_word_we_do_not_know_is_for_a_person_once_the_run_is_over(stage, word):
    activation = sent(stage)
    delivery = only(activation)
    over = Seen(
        id=delivery.run_id, dataflow="d", status=RunStatus.UNKNOWN, word=word, completed_at=timezone.now()
    )
    assert not _is_over(delivery, over), "it may still change"
    delivery.checks = UNREADABLE_CHECKS
    assert _is_over(delivery, over)
    assert outcome(delivery, over) == states.STOPPED


def test_unreadable_runs_are_asked_again(stage):
    activation = sent(stage)
    stage.fault("html", path=RUNS, method="GET", times=2)
    stage.turn(30)
    assert only(activation).state == states.RUNNING
    stage.settle()
    assert only(activation).state == states.SUCCEEDED


def test_refused_credentials_do_not_loop_hot(stage):
    activation = sent(stage)
    stage.workspace.client_secret = "rotated away"
    stage.workspace.save()
    impatient(stage.workspace)
    stage.turn(5)
    delivery = only(activation)
    assert delivery.state == states.RUNNING
    assert (delivery.next_check_at - stage.now()).total_seconds() > LONGEST - 1
    stage.workspace.client_secret = "demo-secret"
    stage.workspace.save()
    stage.settle()
    assert only(activation).state == states.SUCCEEDED


def test_a_secret_that_no_key_opens_is_a_refusal_not_a_crash(stage):
    activation = sent(stage)
    Workspace.objects.update(client_secret_encrypted="nonsense")
    stage.workspace.refresh_from_db()
    stage.turn(5)
    assert only(activation).state == states.RUNNING
    other = stage.press(stage.good(3)[2:])
    stage.turn()
    assert only(other).state == states.REFUSED
    assert only(other).reason == "credentials_refused"


def test_one_watcher_at_a_time_and_a_dead_one_frees_the_workspace(stage):
    activation = sent(stage)
    now = stage.now() + timedelta(seconds=60)
    Workspace.objects.update(watched_until=now + timedelta(seconds=1))
    before = calls_to_runs(stage)
    assert watch_runs(stage.workspace, now=now) == 0
    assert calls_to_runs(stage) == before
    stage.sim.world.clock.set(now=stage.sim.world.clock.now() + 60)
    assert watch_runs(stage.workspace, now=now + LEASE) == 1
    assert states_of(activation) == {states.SUCCEEDED: 1}
    stage.workspace.refresh_from_db()
    assert stage.workspace.watched_until is None


def test_what_the_watcher_reads_is_mirrored_as_ad_hoc(stage):
    activation = sent(stage)
    stage.settle()
    run = Run.objects.get(platform_id=only(activation).run_id)
    assert (run.ad_hoc, run.status) == (True, "succeeded")
    assert run.audiences.get().audience == only(activation).audience.platform_id


def test_a_thousand_runs_are_judged_in_few_queries(stage, django_assert_max_num_queries):
    sent(stage, 20)
    stage.sim.world.clock.set(now=stage.sim.world.clock.now() + 60)
    with django_assert_max_num_queries(40):
        watch_runs(stage.workspace, now=stage.now() + timedelta(seconds=60))


def test_the_ticks_find_the_work_by_themselves(stage):
    activation = stage.press(stage.good(2))
    sweep_tick()
    dispatch(stage.workspace)
    Delivery.objects.update(next_check_at=timezone.now())
    stage.sim.world.clock.set(now=stage.sim.world.clock.now() + 60)
    watch_tick()
    assert states_of(activation) == {states.SUCCEEDED: 2}
    watch(stage.workspace.pk)
    watch(987_654)


def test_a_workspace_in_trouble_does_not_hold_up_the_others():
    seen = []

    def verb(workspace):
        seen.append(workspace)
        if workspace == "first":
            raise RuntimeError("our bug")

    class Named(str):
        slug = "x"

    with pytest.raises(RuntimeError, match="our bug"):
        each([Named("first"), Named("second")], verb)
    assert seen == ["first", "second"]
