"""The sent-once table of the design, row by row; the platform's own ledger is the judge."""

import socket
from datetime import timedelta

import pytest

from activations import states
from activations.actions import cancel, check_again
from activations.answers import UNAUTHORIZED_RETRIES, record
from activations.backoff import RECHECK
from activations.cards import cards_of
from activations.dispatch import note_sending, send
from activations.lease import LEASE
from activations.models import Delivery, Event, Job
from activations.sweep import sweep
from audiences.clients import client_for
from platforms.errors import AnswerLost
from tests.activations.world import at_rest, impatient, only, pair, states_of, that, told

pytestmark = pytest.mark.django_db

TOKEN = "/ims/token/v3"
RUNS = "/data/foundation/flowservice/runs"


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def delivered(stage, activation, chosen):
    """All are delivered, each was sent exactly once, and nothing is left lying about."""
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: len(chosen)}
    assert stage.sent_once(chosen)
    at_rest()


def look_past_the_grace(stage):
    """So often that the looks agree, the last one after the grace."""
    for seconds in (40, 6, 6):
        stage.turn(seconds)


def said(activation):
    """The activation's cards: which message, what is quoted, about which deliveries."""
    return [(card.explained.message.code, card.quotes, card.deliveries) for card in cards_of(activation)]


def test_it_works(stage):
    chosen = stage.good(5)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 5}
    assert stage.posts() == 1
    delivered(stage, activation, chosen)


# ── not sent: back to the queue ──


def test_connect_error_is_not_sent_and_goes_later(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    real = stage.workspace.platform_url
    stage.workspace.platform_url = closed_port()
    stage.workspace.save()
    impatient(stage.workspace)
    stage.turn()
    assert states_of(activation) == {states.QUEUED: 3}
    assert set(activation.deliveries.values_list("reason", flat=True)) == {"unreachable"}
    assert not Job.objects.exists(), "not even the last look before sending was answered"
    stage.workspace.platform_url = real
    stage.workspace.save()
    delivered(stage, activation, chosen)


def test_backoff_of_not_sent_grows_and_the_workspace_slows(stage):
    activation = stage.press(stage.good(1))
    stage.workspace.platform_url = closed_port()
    stage.workspace.save()
    impatient(stage.workspace)
    waits = []
    for _ in range(8):
        stage.turn(seconds=80)
        delivery = only(activation)
        waits.append((delivery.not_before - stage.now()).total_seconds())
        stage.workspace.refresh_from_db()
        assert stage.workspace.send_after == delivery.not_before
    assert waits[0] == pytest.approx(2, abs=1)
    assert waits[3] > waits[1] > waits[0]
    assert max(waits) <= 73
    assert delivery.attempts == 8


def test_nothing_is_tried_before_the_backoff_is_over(stage):
    stage.press(stage.good(1))
    stage.fault("status", status=429, times=None)
    for _ in range(3):
        stage.turn()
    assert stage.posts() == 1


def test_token_service_down_is_not_sent(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    impatient(stage.workspace)  # a client without a token yet
    stage.fault("status", path=TOKEN, status=503, times=2)
    stage.turn()
    assert states_of(activation) == {states.QUEUED: 2}
    assert stage.posts() == 0
    delivered(stage, activation, chosen)


def test_401_fetches_one_new_token_and_goes_again(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("revoke_token")
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 2}
    assert stage.posts() == 2
    delivered(stage, activation, chosen)


def test_a_401_with_a_fresh_token_goes_again_later(stage):
    """Not processed; a new token may take a moment to be known everywhere."""
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("revoke_token", times=4)
    stage.turn()
    assert states_of(activation) == {states.QUEUED: 2}
    assert {d.reason for d in activation.deliveries.all()} == {"unauthorized"}
    delivered(stage, activation, chosen)
    assert sorted(Job.objects.values_list("outcome", flat=True)) == ["accepted", "not_sent", "not_sent"]


def test_401_again_and_again_is_refused_in_the_end(stage):
    activation = stage.press(stage.good(2))
    stage.fault("revoke_token", times=None)
    for _ in range(UNAUTHORIZED_RETRIES):
        stage.turn(80)
        assert states_of(activation) == {states.QUEUED: 2}
    stage.turn(80)
    assert states_of(activation) == {states.REFUSED: 2}
    assert {d.reason for d in activation.deliveries.all()} == {"credentials_refused"}
    assert Job.objects.count() == UNAUTHORIZED_RETRIES + 1
    assert Job.objects.first().outcome == Job.Outcome.REFUSED
    assert said(activation)[0][0] == "credentials_refused:token"
    assert stage.ledger() == []
    at_rest()


@pytest.mark.parametrize("retry_after", [None, 7])
def test_429_waits_as_long_as_asked(stage, retry_after):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    stage.fault("status", status=429, **({"retry_after": retry_after} if retry_after else {}))
    stage.turn()
    assert states_of(activation) == {states.QUEUED: 3}
    first = activation.deliveries.first()
    assert first.reason == "throttled"
    assert (first.not_before - first.state_since).total_seconds() == pytest.approx(retry_after or 2, abs=1)
    delivered(stage, activation, chosen)


def test_a_far_retry_after_does_not_close_the_workspace_for_a_day(stage):
    activation = stage.press(stage.good(1))
    stage.fault("status", status=429, retry_after=86_400)
    stage.turn()
    assert only(activation).not_before - stage.now() <= timedelta(hours=1)


# ── refused: nothing happened ──


@pytest.mark.parametrize("word", ["audience", "segment"])
def test_a_run_going_on_is_joined_and_the_rest_goes_again(stage, word):
    chosen = stage.good(4)
    stage.word(word)
    foreign = stage.others_run(chosen[1])
    activation = stage.press(chosen)
    stage.turn()
    joined = activation.deliveries.get(mapping=chosen[1])
    assert (joined.state, joined.run_id, joined.joined) == (states.RUNNING, foreign, True)
    assert said(activation) == [("run_going_on", [joined.verbatim], [joined])]
    assert f"already going on for {word}" in joined.verbatim
    assert foreign in joined.verbatim
    assert states_of(activation) == {states.RUNNING: 4}
    stage.settle()
    assert not said(activation), "what Adobe said of a run stands only while it goes on"
    assert states_of(activation) == {states.SUCCEEDED: 4}
    assert stage.sent_once(m for m in chosen if m != chosen[1])
    assert "joined" in told(activation)
    at_rest()


def test_a_joined_run_that_is_over_before_we_look_is_its_outcome(stage):
    chosen = stage.good(1)
    foreign = stage.others_run(chosen[0], duration=1)
    activation = stage.press(chosen)
    stage.turn()
    stage.turn(40)
    delivery = only(activation)
    assert (delivery.state, delivery.run_id) == (states.SUCCEEDED, foreign)
    assert stage.ledger() == []
    at_rest()


def test_a_run_going_on_elsewhere_waits_its_turn(stage):
    here, there = stage.twins()
    stage.others_run(there, duration=60)
    activation = stage.press([here])
    stage.turn()
    assert (only(activation).state, only(activation).reason) == (states.ARMED, "audience_running_elsewhere")
    stage.turn(RECHECK.total_seconds())
    assert only(activation).state == states.ARMED
    delivered(stage, activation, [here])


@pytest.mark.parametrize("word", ["audience", "segment"])
def test_not_part_of_this_dataflow_refuses_the_named_alone(stage, word):
    chosen = stage.good(5, flows=1)
    stage.word(word)
    activation = stage.press(chosen)
    stage.look()
    for gone in chosen[:2]:
        stage.unmap(gone)
    stage.turn()
    assert states_of(activation) == {states.REFUSED: 2, states.RUNNING: 3}
    refused = activation.deliveries.filter(state=states.REFUSED)
    assert set(refused.values_list("mapping", flat=True)) == {m.pk for m in chosen[:2]}
    assert set(refused.values_list("reason", flat=True)) == {"not_in_schedule"}
    assert all("out of schedule range" in text for text in refused.values_list("verbatim", flat=True))
    assert stage.posts() == 2
    stage.settle()
    assert stage.sent_once(chosen[2:])
    at_rest()


NAMES = {
    "names with commas": (["Men, 30-45, Berlin", "Women"], ["Berlin", "Rest"]),
    "names that are parts of other names": (["VIP"], ["VIP, lapsed", "VIP 2", "New VIP"]),
    "a name made of two others": (["VIP", "lapsed"], ["VIP, lapsed"]),
    "brackets and quotes": (["[VIP]", 'The "best"'], ["VIP", "best"]),
    "the sentence itself": (["Segments x are not part of this dataflow"], ["x", "y"]),
    "double  blanks": (["Double  blank"], ["Double", "blank"]),
}


@pytest.mark.parametrize(("bad", "fine"), NAMES.values(), ids=NAMES)
def test_the_innocent_are_never_blamed_whatever_the_names(stage, bad, fine):
    chosen = stage.good(len(bad) + len(fine), flows=1)
    for mapping, name in zip(chosen, [*bad, *fine], strict=True):
        stage.rename(mapping, name)
    activation = stage.press(chosen)
    stage.look()
    for gone in chosen[: len(bad)]:
        stage.unmap(gone)
    stage.settle(step=5)
    refused = set(activation.deliveries.filter(state=states.REFUSED).values_list("mapping", flat=True))
    assert refused == {m.pk for m in chosen[: len(bad)]}
    assert stage.sent_once(chosen[len(bad) :])
    at_rest()


def test_one_name_twice_is_split_by_dataflow_and_then_in_halves(stage):
    chosen = stage.good(8, flows=2)
    for mapping in chosen:
        stage.rename(mapping, "Everybody")
    activation = stage.press(chosen)
    stage.look()
    stage.unmap(chosen[3])
    stage.settle(step=5)
    assert activation.deliveries.get(state=states.REFUSED).mapping == chosen[3]
    assert states_of(activation) == {states.REFUSED: 1, states.SUCCEEDED: 7}
    assert stage.sent_once(m for m in chosen if m != chosen[3])
    at_rest()


def test_not_ready_is_armed_for_as_long_as_the_platform_asks(stage):
    late, *chosen = stage.good(3)
    flow = stage.sim.world.sandboxes["prod"].flows[late.dataflow.platform_id]
    chosen = [m for m in chosen if m.dataflow_id != late.dataflow_id]
    flow.transition_until = stage.sim.world.now() + 300
    stage.sim.world.sandboxes["prod"].transitions.append(flow)
    activation = stage.press([late, *chosen])
    stage.turn()
    delivery = activation.deliveries.get(mapping=late)
    assert (delivery.state, delivery.reason) == (states.ARMED, "not_ready")
    assert said(activation) == [("not_ready", [delivery.verbatim], [delivery])]
    assert delivery.verbatim
    assert delivery.not_before - stage.now() == pytest.approx(timedelta(minutes=10), abs=timedelta(seconds=5))
    stage.settle(at_most=40)
    assert states_of(activation) == {states.SUCCEEDED: 1 + len(chosen)}
    assert stage.sent_once([late, *chosen])
    at_rest()


def test_not_supported_refuses_its_dataflow_alone(stage):
    chosen = stage.good(6, flows=2)
    odd = stage.sim.world.sandboxes["prod"].flows[chosen[0].dataflow.platform_id]
    odd.kind = "streaming"
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.REFUSED: 3, states.RUNNING: 3}
    refused = activation.deliveries.filter(state=states.REFUSED)
    assert {d.dataflow_id for d in refused} == {chosen[0].dataflow_id}
    assert {d.reason for d in refused} == {"not_supported"}
    stage.settle()
    assert stage.sent_once(m for m in chosen if m.dataflow_id != chosen[0].dataflow_id)


def test_a_disabled_dataflow_is_refused_by_the_id_in_the_text(stage):
    chosen = stage.good(4, flows=2)
    flow = stage.sim.world.sandboxes["prod"].flows[chosen[0].dataflow.platform_id]
    flow.document["state"] = "disabled"
    activation = stage.press(chosen)
    stage.turn()
    refused = activation.deliveries.filter(state=states.REFUSED)
    assert {d.dataflow_id for d in refused} == {chosen[0].dataflow_id}
    assert all("is disabled" in d.verbatim for d in refused)
    assert stage.posts() == 2


def test_a_scheduled_export_in_the_way_is_waited_for(stage):
    chosen = stage.good(3, flows=1)
    stage.others_run(chosen[0], kind="scheduled", duration=40)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.ARMED: 3}
    assert {d.reason for d in activation.deliveries.all()} == {"scheduled_export_running"}
    delivered(stage, activation, chosen)


def test_an_unknown_audience_is_refused_by_its_id(stage):
    chosen = stage.good(3)
    place = stage.sim.world.sandboxes["prod"]
    place.audiences.pop(chosen[1].audience.platform_id)
    place.by_external.pop(chosen[1].audience.platform_id, None)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.REFUSED: 1, states.RUNNING: 2}
    assert activation.deliveries.get(state=states.REFUSED).mapping == chosen[1]


@pytest.mark.parametrize("status", [403, 405, 409, 413, 422])
def test_any_other_refusal_is_final_and_kept_word_for_word(stage, status):
    activation = stage.press(stage.good(3))
    stage.fault("status", status=status)
    stage.turn()
    assert states_of(activation) == {states.REFUSED: 3}
    assert all(d.verbatim and d.finished_at for d in activation.deliveries.all())
    assert stage.posts() == 1
    assert stage.ledger() == []
    at_rest()


def test_a_400_that_names_nobody_is_halved_until_it_does(stage):
    chosen = stage.good(6, flows=1)
    activation = stage.press(chosen)
    stage.fault("status", status=400, times=1)
    delivered(stage, activation, chosen)
    assert stage.posts() == 3


def test_refused_credentials_refuse_the_whole_job_in_one_call(stage):
    chosen = stage.good(5)
    activation = stage.press(chosen)
    stage.workspace.sandbox = "nowhere"
    stage.workspace.save()
    impatient(stage.workspace)
    stage.turn()
    assert states_of(activation) == {states.REFUSED: 5}
    assert {d.reason for d in activation.deliveries.all()} == {"credentials_refused"}
    assert Event.objects.filter(what="refused").first().data["field"] == "sandbox"
    assert stage.posts() == 1


# ── unknown: looked for before anything is sent again ──


def test_a_pair_missing_in_the_answer_is_looked_for(stage):
    chosen = stage.good(4)
    activation = stage.press(chosen)
    stage.fault("drop_pair")
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 3, states.UNCONFIRMED: 1}
    assert activation.deliveries.get(state=states.UNCONFIRMED).reason == "missing_in_answer"
    delivered(stage, activation, chosen)
    assert stage.posts() == 1


SILENCES = {
    "read timeout": ("silence_after", {}),
    "reset after": ("reset_after", {}),
    "html": ("html", {}),
    "truncated": ("truncate", {}),
}


@pytest.mark.parametrize(("name", "fields"), SILENCES.values(), ids=SILENCES)
def test_a_lost_answer_after_the_effect_is_adopted_from_the_runs(stage, name, fields):
    chosen = stage.good(4)
    activation = stage.press(chosen)
    stage.fault(name, **fields)
    stage.turn()
    assert states_of(activation) == {states.UNCONFIRMED: 4}
    delivered(stage, activation, chosen)
    assert "found" in told(activation) or stage.posts() == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_is_unknown_and_sent_once_more_when_no_trace_appears(stage, status):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("status", status=status)
    stage.turn()
    assert states_of(activation) == {states.UNCONFIRMED: 2}
    stage.turn(20)
    assert states_of(activation) == {states.UNCONFIRMED: 2}, "within the grace nothing is sent again"
    assert stage.posts() == 1
    delivered(stage, activation, chosen)
    assert stage.posts() == 2
    assert told(activation).count("sent_again") == 2


def test_a_reset_before_the_effect_is_unknown_too(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("reset_before")
    stage.turn()
    assert states_of(activation) == {states.UNCONFIRMED: 2}
    delivered(stage, activation, chosen)


def test_a_worker_that_died_before_its_call(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    assert stage.claim() is not None
    stage.turn()
    assert states_of(activation) == {states.SENDING: 3}, "the lease still runs"
    stage.turn(LEASE.total_seconds() + 1)
    assert states_of(activation) == {states.RUNNING: 3}, "it had not noted its call, so there was none"
    delivered(stage, activation, chosen)
    assert stage.posts() == 1


def test_a_worker_that_died_after_its_call(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    job, deliveries = stage.claim()
    send(stage.workspace, job, deliveries)
    stage.turn(LEASE.total_seconds() + 1)
    delivered(stage, activation, chosen)
    assert stage.posts() == 1


def test_an_answer_that_comes_after_the_lease_is_still_the_truth(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    job, deliveries = stage.claim()
    answer = send(stage.workspace, job, deliveries)
    stage.later += LEASE.total_seconds() + 1
    sweep(stage.workspace, now=stage.now())
    assert states_of(activation) == {states.UNCONFIRMED: 3}
    record(job, deliveries, answer, now=stage.now())
    assert states_of(activation) == {states.RUNNING: 3}
    assert Job.objects.get().outcome == Job.Outcome.ACCEPTED
    delivered(stage, activation, chosen)


def test_a_late_failure_changes_nothing(stage):
    activation = stage.press(stage.good(2))
    job, deliveries = stage.claim()
    note_sending(client_for(stage.workspace), job)
    stage.later += LEASE.total_seconds() + 1
    sweep(stage.workspace, now=stage.now())
    record(job, deliveries, AnswerLost("lost"), now=stage.now())
    assert states_of(activation) == {states.UNCONFIRMED: 2}


def test_a_slow_start_is_waited_for(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    # The runs begin 30 s late, nobody can see them until then, and the answer gets lost too.
    stage.fault("run_slow_start")
    job, deliveries = stage.claim()
    send(stage.workspace, job, deliveries)
    record(job, deliveries, AnswerLost("lost"), now=stage.now())
    stage.turn(10)
    assert states_of(activation) == {states.UNCONFIRMED: 2}
    delivered(stage, activation, chosen)
    assert stage.posts() == 1


def test_when_the_run_is_hidden_the_second_call_is_answered_by_its_id(stage):
    chosen = stage.good(1)
    activation = stage.press(chosen)
    stage.fault("reset_after")
    stage.turn()
    # The list of runs shows nothing, as on a platform whose list lags: the grace ends.
    run = next(iter(stage.sim.world.sandboxes["prod"].runs.by_audience[chosen[0].audience.platform_id][::-1]))
    run.visible = stage.sim.world.now() + 130
    run.ends = stage.sim.world.now() + 160
    run.started = run.visible
    for _ in range(5):
        stage.turn(12)
    delivery = only(activation)
    assert (delivery.state, delivery.run_id) == (states.RUNNING, run.id)
    assert stage.posts() == 2
    assert not delivery.joined, "the run that goes on is our own"
    delivered(stage, activation, chosen)


def test_no_trace_twice_is_for_a_person(stage):
    activation = stage.press(stage.good(2))
    stage.fault("reset_before", times=2)
    stage.settle()
    assert states_of(activation) == {states.STOPPED: 2}
    assert {d.reason for d in activation.deliveries.all()} == {"no_trace"}
    assert stage.posts() == 2
    at_rest()


def test_check_again_asks_and_never_sends(stage):
    activation = stage.press(stage.good(2))
    stage.fault("reset_before", times=2)
    stage.settle()
    assert check_again(activation, by=None) == 2
    assert states_of(activation) == {states.UNCONFIRMED: 2}
    stage.settle()
    assert states_of(activation) == {states.STOPPED: 2}
    assert stage.posts() == 2
    assert stage.ledger() == []


def test_a_refused_second_call_says_nothing_was_sent_only_after_a_last_look(stage):
    chosen = stage.good(1)
    activation = stage.press(chosen)
    stage.fault("reset_before")
    stage.turn()
    stage.unmap(chosen[0])
    look_past_the_grace(stage)
    stage.turn()
    assert stage.posts() == 2
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.UNCONFIRMED, "not_in_schedule")
    stage.settle()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.REFUSED, "not_in_schedule")
    assert "out of schedule range" in delivery.verbatim
    at_rest()


def test_a_refused_second_call_does_not_hide_that_the_first_was_taken(stage):
    chosen = stage.good(1)
    activation = stage.press(chosen)
    stage.fault("reset_after")
    stage.turn()
    run = stage.sim.world.sandboxes["prod"].runs.by_audience[chosen[0].audience.platform_id][-1]
    run.visible = run.started = stage.sim.world.now() + 70
    run.ends = stage.sim.world.now() + 90
    stage.unmap(chosen[0])
    look_past_the_grace(stage)
    stage.turn()
    assert stage.posts() == 2
    assert only(activation).state == states.UNCONFIRMED
    stage.settle()
    assert (only(activation).state, only(activation).run_id) == (states.SUCCEEDED, run.id)
    assert stage.sent_once(chosen)


def test_while_runs_cannot_be_read_nothing_is_sent_again(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("reset_after")
    stage.turn()
    stage.fault("status", path=RUNS, method="GET", status=503, times=None)
    for _ in range(6):
        stage.turn(20)
    assert states_of(activation) == {states.UNCONFIRMED: 2}
    assert stage.posts() == 1
    stage.heal()
    delivered(stage, activation, chosen)
    assert stage.posts() == 1


def test_runs_that_cannot_be_read_for_long_are_for_a_person(stage):
    activation = stage.press(stage.good(1))
    stage.fault("reset_after")
    stage.turn()
    stage.fault("status", path=RUNS, method="GET", status=403, times=None)
    stage.turn(60)
    stage.turn(16 * 60)
    assert only(activation).state == states.STOPPED
    assert stage.posts() == 1


def test_a_foreign_run_of_the_same_dataflow_is_not_taken_for_ours(stage):
    ours, theirs = stage.good(2, flows=1)
    activation = stage.press([ours])
    stage.fault("reset_before")
    stage.turn()
    foreign = stage.others_run(theirs, duration=300)
    for _ in range(6):
        stage.turn(10)
    delivery = only(activation)
    assert delivery.run_id != foreign
    assert stage.posts() == 2
    delivered(stage, activation, [ours])


def test_an_unknown_outcome_that_waits_to_go_again_is_not_canceled_as_never_sent(stage):
    activation = stage.press(stage.good(1))
    stage.fault("reset_before")
    stage.turn()
    stage.fault("status", status=429, times=None, retry_after=600)
    look_past_the_grace(stage)
    assert (only(activation).state, only(activation).reposted) == (states.QUEUED, True)
    assert cancel(activation, by=None) == 1
    assert (only(activation).state, only(activation).reason) == (states.STOPPED, "no_trace")


def test_the_pairs_leave_as_system_ids(stage):
    ready = that(stage.workspace, "ready")
    external = next(m for m in ready if m.audience.external and m.audience.profiles)
    assert external.audience.external_id != external.audience.platform_id
    activation = stage.press([external])
    stage.turn()
    assert stage.ledger() == [pair(external)]
    assert only(activation).state == states.RUNNING
    assert Delivery.objects.get().job.request == {
        external.dataflow.platform_id: [external.audience.platform_id]
    }
