"""The sent-once table for resyncs through Segment, row by row; the platform's own ledger is the judge."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from activations import states
from activations.actions import cancel, check_again, retry
from activations.cards import cards_of
from activations.dispatch import dispatch, note_sending, send
from activations.lease import LEASE
from activations.models import Delivery, Event, Hold, Job
from activations.reconcile import reconcile
from activations.sweep import sweep
from activations.watch import watch
from audiences.clients import segment_client_for
from audiences.models import Mapping
from simulator.segment.shelf import LINKED
from simulator.server import Simulator
from tests.activations.segment_world import SegmentStage, impatient
from tests.activations.world import at_rest, only, states_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db):
    with Simulator(port=0, seed=7, dataflows=1, audiences=70) as simulator:
        yield SegmentStage(simulator)


def finished(stage, activation, chosen):
    """All have finished, each was accepted exactly once, and nothing is left lying about."""
    stage.settle()
    assert states_of(activation) == {states.FINISHED: len(chosen)}
    assert stage.sent_once(chosen)
    at_rest()


def look_past_the_grace(stage):
    """So often that the looks agree, the last one after the grace."""
    for seconds in (40, 6, 6):
        stage.turn(seconds)


def said(activation):
    return [(card.explained.message.code, card.quotes) for card in cards_of(activation)]


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_it_works(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.run_id) == (states.RUNNING, chosen.platform_id)
    job = delivery.job
    assert job.request["body"] == {"performResync": True}
    assert (job.outcome, job.status, bool(job.request_id)) == (Job.Outcome.ACCEPTED, 200, True)
    assert "activation" in job.answer
    stage.turn(3)
    assert only(activation).seen_at is not None
    finished(stage, activation, [chosen])
    delivery = only(activation)
    assert (delivery.reason, delivery.activated, delivery.next_check_at) == ("", None, None)
    assert told(activation) == ["requested", "sent", "accepted", "finished"]


# ── one at a time in a workspace ──


def test_several_go_one_after_another(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 1, states.QUEUED: 2}
    assert Hold.objects.get().key == Hold.WHOLE_WORKSPACE
    finished(stage, activation, chosen)
    asked = sum(stage.calls("PATCH", stage.path(one)) for one in chosen)
    assert asked == 3, "none was asked for while another went on"


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_start_one_resync(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)

    def one(_: int) -> int:
        try:
            return dispatch(stage.workspace)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=2) as pool:
        sent = list(pool.map(one, range(2)))
    assert sum(sent) == 1
    assert states_of(activation) == {states.RUNNING: 1, states.QUEUED: 2}
    assert len(stage.ledger()) == 1
    assert sum(stage.calls("PATCH", stage.path(one)) for one in chosen) == 1


def test_what_cannot_go_does_not_keep_the_others(stage):
    """The last look takes one delivery; the next one has its turn when that one may not go."""
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.there(chosen[0]).enabled = False
    stage.turn()
    assert dict(activation.deliveries.values_list("mapping", "state")) == {
        chosen[0].pk: states.BLOCKED,
        chosen[1].pk: states.RUNNING,
    }
    assert said(activation)[0][0] == "activation_disabled"


def test_a_stopped_watch_leaves_the_place_and_the_next_waits_for_the_flag(stage):
    first, second = stage.good(2)
    activation = stage.press([first, second])
    stage.turn()
    Delivery.objects.filter(state=states.RUNNING).update(deadline=stage.now() + timedelta(seconds=2))
    stage.turn(4)
    assert activation.deliveries.get(mapping=first).state == states.STOPPED
    stage.turn(2)
    waiting = activation.deliveries.get(mapping=second)
    assert (waiting.state, waiting.reason) == (states.ARMED, "resync_elsewhere")
    stage.settle()
    assert activation.deliveries.get(mapping=second).state == states.FINISHED
    check_again(activation, by=None)
    stage.settle()
    assert states_of(activation) == {states.FINISHED: 2}
    assert stage.sent_once([first, second])


# ── somebody else's ──


def test_a_resync_elsewhere_is_waited_for(stage):
    first, second = stage.good(2)
    stage.others_resync(first)
    activation = stage.press([second])
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.ARMED, "resync_elsewhere")
    assert "already in progress" in delivery.verbatim, "409, though no look could know of it"
    stage.settle()
    assert states_of(activation) == {states.FINISHED: 1}
    assert len(stage.ledger()) == 2
    at_rest()


def test_a_resync_elsewhere_that_the_mirror_knows_costs_no_call(stage):
    first, second = stage.good(2)
    stage.others_resync(first)
    Mapping.objects.filter(pk=first.pk).update(resyncing=True)
    activation = stage.press([second])
    assert only(activation).reason == "resync_elsewhere"
    stage.turn(1)
    assert stage.calls("PATCH", stage.path(second)) == 0
    stage.settle()
    assert states_of(activation) == {states.FINISHED: 1}
    assert stage.calls("PATCH", stage.path(second)) == 1


def test_a_resync_of_the_same_is_joined(stage):
    (chosen,) = stage.good()
    stage.others_resync(chosen)
    activation = stage.press([chosen])
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.joined, delivery.reason) == (states.RUNNING, True, "joins_resync")
    assert said(activation)[0][0] == "joins_resync"
    stage.settle()
    assert states_of(activation) == {states.FINISHED: 1}
    assert len(stage.ledger()) == 1
    at_rest()


# ── the last look ──


def test_an_audience_that_is_being_computed_is_waited_for(stage):
    (chosen,) = stage.good()
    there = stage.there(chosen).audience
    activation = stage.press([chosen])
    there.status = "Computing"
    stage.turn()
    assert (only(activation).state, only(activation).reason) == (states.ARMED, "audience_computing")
    stage.turn(20)
    assert states_of(activation) == {states.ARMED: 1}
    there.status = "Live"
    finished(stage, activation, [chosen])
    assert stage.calls("PATCH", stage.path(chosen)) == 1


def test_an_empty_list_is_asked_for_twice_before_it_is_believed(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    path = stage.path(chosen).partition("/activations")[0] + "/destination-connections"
    stage.fault("empty_page", method="GET", path=path)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 1}


def test_a_look_that_is_not_answered_sends_nothing(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    audience = stage.path(chosen).partition("/activations")[0]
    stage.fault("status", method="GET", path=audience, status=429, retry_after=9, times=None)
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.QUEUED, "throttled")
    assert (delivery.not_before - delivery.state_since).total_seconds() == pytest.approx(9, abs=1)
    assert stage.calls("PATCH", stage.path(chosen)) == 0
    stage.heal()
    finished(stage, activation, [chosen])


# ── not sent ──


def test_connect_error_is_not_sent_and_goes_later(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    real = stage.workspace.platform_url
    stage.workspace.platform_url = closed_port()
    stage.workspace.save()
    impatient(stage.workspace)
    stage.turn()
    assert (only(activation).state, only(activation).reason) == (states.QUEUED, "unreachable")
    stage.workspace.platform_url = real
    stage.workspace.save()
    impatient(stage.workspace)
    finished(stage, activation, [chosen])


@pytest.mark.parametrize("retry_after", [None, 7])
def test_429_waits_as_long_as_asked(stage, retry_after):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault("status", chosen, status=429, **({"retry_after": retry_after} if retry_after else {}))
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.QUEUED, "throttled")
    wait = (delivery.not_before - delivery.state_since).total_seconds()
    assert wait == pytest.approx(retry_after or 2, abs=0.6), "msBeforeNext, no less than two seconds"
    assert not Hold.objects.exists()
    assert stage.ledger() == []
    finished(stage, activation, [chosen])


def test_a_sender_that_died_before_its_call_sent_nothing(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    assert stage.claim() is not None
    stage.later += LEASE.total_seconds() + 1
    sweep(stage.workspace, now=stage.now())
    assert states_of(activation) == {states.QUEUED: 1}
    finished(stage, activation, [chosen])


# ── refused ──


def test_401_is_refused_at_once(stage):
    """There is no new token to be had: a person must look."""
    activation = stage.press(stage.good())
    stage.sim.world.segment.revoked = True
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.REFUSED, "credentials_refused")
    assert said(activation)[0][0] == "credentials_refused:token"
    assert Job.objects.get().outcome == Job.Outcome.REFUSED
    at_rest()


def test_404_is_refused_and_the_mirror_looks_again(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    job, mine = stage.claim()
    del stage.there(chosen).audience.activations[chosen.platform_id]
    from activations.answers import record

    record(job, mine, send(stage.workspace, job, mine), now=stage.now())
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.REFUSED, "not_found")
    assert chosen.platform_id in delivery.verbatim
    code, quotes = said(activation)[0]
    assert (code, quotes) == ("not_found", [delivery.verbatim])
    assert "Adobe" not in str(cards_of(activation)[0].explained.message.meaning)
    at_rest()


def test_422_is_refused_word_for_word_with_its_field(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    job, mine = stage.claim()
    stage.there(chosen).audience.enabled = False
    from activations.answers import record

    record(job, mine, send(stage.workspace, job, mine), now=stage.now())
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.REFUSED, "invalid_input")
    assert delivery.verbatim == "Audience is disabled; a resync cannot be performed."
    (card,) = cards_of(activation)
    assert (card.input_field, card.quotes) == ("performResync", [delivery.verbatim])
    stage.there(chosen).audience.enabled = True
    retry(activation, by=None)
    stage.settle()
    assert states_of(activation) == {states.FINISHED: 1}


def test_another_conflict_is_refused(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault("status", chosen, status=409)
    stage.turn()
    assert (only(activation).state, only(activation).reason) == (states.REFUSED, "conflict")
    at_rest()


# ── unknown ──


@pytest.mark.parametrize(
    ("fault", "fields", "reason"),
    [
        ("reset_after", {}, "answer_lost"),
        ("silence_after", {}, "answer_lost"),
        ("truncate", {}, "answer_unreadable"),
        ("html", {"status": 200}, "answer_unreadable"),
    ],
)
def test_an_answer_that_is_lost_after_the_effect_is_found_by_the_flag(stage, fault, fields, reason):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault(fault, chosen, **fields)
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.UNCONFIRMED, reason)
    assert Hold.objects.filter(key=Hold.WHOLE_WORKSPACE).exists(), "nothing leaves beside it"
    if stage.ledger():
        stage.turn(4)
        assert only(activation).state == states.RUNNING
        assert "found" in told(activation)
    finished(stage, activation, [chosen])


@pytest.mark.parametrize(
    ("fault", "fields"), [("reset_before", {}), ("status", {"status": 500}), ("status", {"status": 503})]
)
def test_without_a_trace_it_goes_once_more_after_the_grace(stage, fault, fields):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault(fault, chosen, **fields)
    stage.turn()
    assert only(activation).state == states.UNCONFIRMED
    stage.turn(4)
    assert only(activation).state == states.UNCONFIRMED, "not before the grace"
    look_past_the_grace(stage)
    assert "sent_again" in told(activation)
    finished(stage, activation, [chosen])


def test_no_trace_of_the_second_call_either_is_for_a_person(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault("reset_before", chosen, times=2)
    stage.turn()
    for _ in range(3):
        look_past_the_grace(stage)
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.STOPPED, "no_trace")
    assert stage.ledger() == []
    assert stage.calls("PATCH", stage.path(chosen)) == 2
    at_rest()


def test_a_lost_sender_is_looked_for(stage):
    """Killed between the call and the answer: the flag is the evidence."""
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    job, mine = stage.claim()
    send(stage.workspace, job, mine)
    stage.later += LEASE.total_seconds() + 1
    sweep(stage.workspace, now=stage.now())
    assert (only(activation).state, only(activation).reason) == (states.UNCONFIRMED, "sender_lost")
    stage.later += 4
    reconcile(stage.workspace, now=stage.now())
    assert only(activation).state == states.RUNNING
    finished(stage, activation, [chosen])


def test_a_sender_that_comes_back_after_its_lease_does_not_send(stage):
    stage.press(stage.good())
    job, mine = stage.claim()
    stage.later += LEASE.total_seconds() + 1
    sweep(stage.workspace, now=stage.now())
    answer = send(stage.workspace, job, mine)
    assert answer.code == "not_sent"
    assert stage.ledger() == []
    with pytest.raises(Exception, match="lease"):
        note_sending(segment_client_for(stage.workspace), job)


def test_what_may_have_been_taken_is_not_called_canceled(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault("reset_before", chosen)
    stage.turn()
    look_past_the_grace(stage)
    Delivery.objects.filter(state=states.RUNNING).update(state=states.QUEUED)
    assert cancel(activation, by=None) == 1
    assert states_of(activation) == {states.STOPPED: 1}


# ── followed ──


def test_a_resync_that_never_shows_is_over_after_its_grace_and_says_so(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault("resync_unseen", chosen)
    stage.turn()
    stage.turn(60)
    assert only(activation).state == states.RUNNING, "the flag may show late"
    stage.turn(70)
    delivery = only(activation)
    assert (delivery.state, delivery.reason, delivery.seen_at) == (states.FINISHED, "resync_not_seen", None)
    at_rest()


def test_a_resync_that_shows_late_is_not_over_before(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.fault("run_slow_start", chosen)
    stage.turn()
    stage.turn(10)
    assert only(activation).state == states.RUNNING
    finished(stage, activation, [chosen])
    assert only(activation).seen_at is not None


def test_an_activation_that_is_removed_meanwhile_is_unknown(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.turn()
    del stage.there(chosen).audience.activations[chosen.platform_id]
    for _ in range(12):
        stage.turn(20)
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.STOPPED, "status_unknown")
    assert "gone" in str(cards_of(activation)[0].explained.message.title)
    at_rest()


def test_a_fault_while_watching_ends_nothing(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.turn()
    stage.fault("status", chosen, method="GET", status=502, times=4)
    stage.turn(3)
    assert only(activation).state == states.RUNNING
    finished(stage, activation, [chosen])


def test_two_activations_of_one_audience_are_asked_about_in_one_call(stage):
    rows = Mapping.objects.filter(workspace=stage.workspace, enabled=True, audience__lifecycle="Live")
    rows = rows.filter(dataflow__state="enabled")
    first, second = next(
        list(rows.filter(audience=one.audience_id).select_related("audience", "dataflow"))[:2]
        for one in rows.order_by("pk")
        if rows.filter(audience=one.audience_id).count() > 1
    )
    for mapping in (first, second):
        activation = stage.press([mapping])
        delivery = only(activation)
        Delivery.objects.filter(pk=delivery.pk).update(
            state=states.RUNNING, run_id=mapping.platform_id, next_check_at=stage.now(), checks=1,
            deadline=stage.now() + timedelta(hours=1), started_at=stage.now(),
        )  # fmt: skip
    listing = stage.path(first).rpartition("/")[0]
    before = stage.calls("GET", listing)
    watch(stage.workspace, now=stage.now() + timedelta(seconds=1))
    assert stage.calls("GET", listing) == before + 1
    assert stage.calls("GET", stage.path(first)) == 0


# ── Linked Audiences ──


def test_a_linked_audience_is_run_so_that_the_resync_need_not_wait(stage):
    (chosen,) = stage.good(kind=LINKED)
    activation = stage.press([chosen])
    stage.turn()
    runs = stage.path(chosen).partition("/activations")[0] + "/runs"
    stage.turn(3)
    assert stage.calls("POST", runs) == 1
    finished(stage, activation, [chosen])
    assert stage.calls("POST", runs) == 1
    assert "run_forced" in told(activation)
    stage.turn(60)
    delivery = only(activation)
    assert delivery.activated + delivery.failed == chosen.audience.profiles
    assert delivery.next_check_at is None
    assert told(activation)[-1] == "counted"


@pytest.mark.parametrize("fields", [{"fault": "status", "status": 500}, {"fault": "reset_after"}])
def test_a_run_that_cannot_be_forced_leaves_the_resync_to_the_next(stage, fields):
    (chosen,) = stage.good(kind=LINKED)
    activation = stage.press([chosen])
    runs = stage.path(chosen).partition("/activations")[0] + "/runs"
    stage.fault(**fields, method="POST", path=runs)
    stage.turn()
    stage.turn(3)
    assert "run_not_forced" in told(activation)
    stage.settle(step=1_800)
    assert states_of(activation) == {states.FINISHED: 1}
    assert stage.calls("POST", runs) == 1, "never a second time"
    assert len(stage.ledger()) == 1


def test_what_was_delivered_stays_unknown_when_it_may_not_be_counted(stage):
    (chosen,) = stage.good(kind=LINKED)
    activation = stage.press([chosen])
    stage.settle()
    stage.fault("status", method="GET", path="/delivery-overview/*", status=403, times=None)
    stage.turn(60)
    delivery = only(activation)
    assert (delivery.state, delivery.activated, delivery.next_check_at) == (states.FINISHED, None, None)
    assert not Event.objects.filter(what="counted").exists()
