"""The verbs of people: press, cancel, retry, check again; each once, each told, none in the dark."""

from datetime import timedelta

import pytest
from django.utils import timezone

from activations import states
from activations.actions import CannotRequest, cancel, check_again, retry
from activations.facts import verdicts
from activations.models import Activation, Delivery, Event, Job
from audiences.models import Mapping, User, Workspace
from tests.activations.world import at_rest, only, pair, states_of, that, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password="a long password")


def test_it_works(stage, alice):
    chosen = stage.good(3)
    activation = stage.press(chosen, by=alice, name="Flash sale", reason="rain")
    assert states_of(activation) == {states.QUEUED: 3}
    assert (activation.name, activation.reason, activation.requested_by) == ("Flash sale", "rain", alice)
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 3}
    assert stage.sent_once(chosen)
    at_rest()


# ── press ──


def test_the_same_token_answers_with_the_activation_it_made(stage):
    chosen = stage.good(2)
    first = stage.press(chosen, press="token")
    stage.settle()
    assert stage.press(chosen, press="token") == first
    assert stage.press(stage.good(4)[2:], press="token") == first
    stage.settle()
    assert stage.sent_once(chosen)


def test_a_page_that_is_out_of_date_sends_nothing(stage):
    chosen = stage.good(2)
    seen_at = timezone.now()
    first = stage.press(chosen[:1])
    stage.settle()
    with pytest.raises(CannotRequest) as refusal:
        stage.press(chosen, seen_at=seen_at)
    assert refusal.value.code == "page_out_of_date"
    assert refusal.value.instead == first
    assert first.name in str(refusal.value)
    assert Activation.objects.count() == 1
    stage.press(chosen, seen_at=timezone.now())


def test_a_page_is_not_out_of_date_because_somebody_took_his_press_back(stage):
    chosen = stage.good(1)
    seen_at = timezone.now()
    cancel(stage.press(chosen), by=None)
    assert states_of(stage.press(chosen, seen_at=seen_at)) == {states.QUEUED: 1}


def test_nothing_chosen(stage):
    with pytest.raises(CannotRequest) as refusal:
        stage.press([])
    assert refusal.value.code == "nothing_chosen"


def test_what_is_on_its_way_is_blocked_beside_what_may_go(stage):
    one, two = stage.good(2)
    stage.press([one])
    second = stage.press([one, two])
    assert states_of(second) == {states.BLOCKED: 1, states.QUEUED: 1}
    blocked = second.deliveries.get(state=states.BLOCKED)
    assert (blocked.mapping, blocked.reason) == (one, "already_in_flight")
    assert blocked.finished_at
    stage.settle()
    assert stage.sent_once([one, two])


def test_nothing_can_go_and_nothing_is_stored(stage):
    blocked = that(stage.workspace, "blocked")[:3]
    with pytest.raises(CannotRequest) as refusal:
        stage.press(blocked)
    assert refusal.value.code == "nothing_can_go"
    assert set(refusal.value.verdicts) == set(blocked)
    assert all(verdict.main.severity == "stop" for verdict in refusal.value.verdicts.values())
    assert not Activation.objects.exists()
    assert not Event.objects.exists()


def test_a_mapping_chosen_twice_goes_once(stage):
    chosen = stage.good(1)
    assert states_of(stage.press(chosen * 3)) == {states.QUEUED: 1}


def test_endless_names_are_cut(stage):
    activation = stage.press(stage.good(1), name="n" * 5_000, reason="r" * 5_000)
    activation.refresh_from_db()
    assert (len(activation.name), len(activation.reason)) == (200, 500)


def test_an_activation_without_a_name_says_what_goes_where(stage):
    one = stage.good(1)
    assert stage.press(one).name == f"{one[0].audience.name} → {one[0].dataflow.name}"[:200]
    several = stage.good(5)[1:]
    flows = {m.dataflow_id for m in several}
    assert stage.press(several).name == f"4 audiences → {len(flows)} destinations"


def test_what_was_found_and_expected_is_kept(stage):
    mapping = stage.good(1)[0]
    stage.workspace.jobs_per_day = 0
    stage.workspace.save()
    delivery = only(stage.press([mapping]))
    assert [finding["code"] for finding in delivery.findings] == ["budget_used"]
    assert delivery.expected == mapping.audience.profiles
    assert delivery.expected_as_of == mapping.audience.profiles_as_of


def test_what_was_delivered_from_this_snapshot_is_said_before_it_goes_again(stage):
    (mapping,) = stage.good(1)
    stage.press([mapping])
    stage.settle()
    mapping.refresh_from_db()
    again = verdicts(stage.workspace, [mapping], now=stage.now())[mapping.pk]
    assert again.will_go == "ready"
    assert [finding.code for finding in again.findings] == ["already_delivered"]
    assert "from this same snapshot" in str(again.main.sentence)
    Workspace.objects.update(snapshot_at=stage.now() + timedelta(hours=1))
    stage.workspace.refresh_from_db()
    fresh = verdicts(stage.workspace, [mapping], now=stage.now())[mapping.pk]
    assert not fresh.findings, "another snapshot has other people"


# ── armed ──


def test_armed_goes_by_itself_once_at_the_first_allowed_moment(stage):
    waiting = next(m for m in that(stage.workspace, "waits") if m.audience.profiles)
    allowed = waiting.mapped_at + stage.workspace.mapping_wait
    activation = stage.press([waiting])
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.ARMED, "mapped_recently")
    assert delivery.not_before == allowed
    stage.turn((allowed - stage.now()).total_seconds() - 5)
    assert only(activation).state == states.ARMED
    assert stage.posts() == 0
    stage.turn(6)
    assert only(activation).state == states.RUNNING
    stage.settle()
    assert only(activation).state == states.SUCCEEDED
    assert stage.sent_once([waiting])
    assert told(activation)[:3] == ["requested", "released", "sent"]
    at_rest()


def test_armed_that_turns_out_impossible_is_blocked(stage):
    waiting = that(stage.workspace, "waits")[0]
    activation = stage.press([waiting])
    Mapping.objects.filter(pk=waiting.pk).update(vanished_at=timezone.now())
    stage.turn(3_600)
    assert (only(activation).state, only(activation).reason) == (states.BLOCKED, "not_mapped")
    assert stage.posts() == 0
    at_rest()


def test_many_armed_are_judged_in_a_constant_number_of_queries(stage, django_assert_max_num_queries):
    from activations.sweep import release_armed

    waiting = that(stage.workspace, "waits")
    assert len(waiting) > 1
    stage.press(waiting)
    Delivery.objects.update(next_check_at=timezone.now())
    with django_assert_max_num_queries(12 + len(waiting)):
        release_armed(stage.workspace, timezone.now())


def test_what_has_not_left_by_its_deadline_is_never_sent(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.fault("status", status=429, times=None)
    stage.turn()
    stage.later += stage.workspace.send_limit.total_seconds() + 60
    stage.heal()
    stage.turn()
    assert states_of(activation) == {states.CANCELED: 2}
    assert {d.reason for d in activation.deliveries.all()} == {"never_sent"}
    assert stage.ledger() == []
    assert told(activation).count("never_sent") == 2
    at_rest()


# ── cancel ──


def test_only_what_is_unsent_can_be_taken_back(stage, alice):
    waiting = that(stage.workspace, "waits")[0]
    sent, unsent = stage.good(2)
    activation = stage.press([sent])
    stage.turn()
    other = stage.press([unsent, waiting])
    assert cancel(activation, by=alice) == 0
    assert cancel(other, by=alice) == 2
    assert cancel(other, by=alice) == 0
    assert states_of(other) == {states.CANCELED: 2}
    assert {d.reason for d in other.deliveries.all()} == {"canceled"}
    stage.settle()
    assert stage.sent_once([sent])
    assert set(Event.objects.filter(what="canceled").values_list("actor", flat=True)) == {alice.pk}


def test_cancel_takes_back_only_what_is_named(stage):
    activation = stage.press(stage.good(3))
    some = activation.deliveries.first()
    assert cancel(activation, by=None, only=[some.pk]) == 1
    assert states_of(activation) == {states.CANCELED: 1, states.QUEUED: 2}


# ── retry ──


def test_a_retry_is_a_new_delivery_that_names_the_old(stage, alice):
    mapping = stage.good(1)[0]
    activation = stage.press([mapping])
    stage.fault("run_error")
    stage.settle()
    old = only(activation)
    assert old.state == states.FAILED
    assert retry(activation, by=alice) == 1
    assert retry(activation, by=alice) == 0, "pressing twice asks once"
    new = activation.deliveries.get(superseded=False)
    assert (new.retry_of, new.state) == (old, states.QUEUED)
    old.refresh_from_db()
    assert (old.superseded, old.state) == (True, states.FAILED)
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 1}
    assert stage.ledger() == [pair(mapping)] * 2
    event = Event.objects.get(what="retried")
    assert (event.delivery, event.actor) == (new, alice)


def test_retry_asks_for_what_needs_it_and_leaves_the_rest(stage):
    bad, good = stage.ending("failed"), stage.good(1)[0]
    activation = stage.press([bad, good])
    stage.settle()
    assert retry(activation, by=None) == 1
    assert activation.deliveries.get(superseded=False, mapping=good).retry_of is None


@pytest.mark.parametrize("outcome", ["empty", "partial"])
def test_what_was_delivered_in_a_way_is_retried_only_by_name(stage, outcome):
    activation = stage.press([stage.ending(outcome)])
    stage.settle()
    assert retry(activation, by=None) == 0
    assert retry(activation, by=None, only=[only(activation).pk]) == 1


def test_what_was_taken_back_is_retried_only_by_name(stage):
    activation = stage.press(stage.good(1))
    cancel(activation, by=None)
    assert retry(activation, by=None) == 0
    assert retry(activation, by=None, only=[only(activation).pk]) == 1


def test_a_retry_of_what_is_now_pressed_elsewhere_is_blocked(stage):
    mapping = stage.ending("failed")
    activation = stage.press([mapping])
    stage.settle()
    stage.press([mapping])
    assert retry(activation, by=None) == 1
    new = activation.deliveries.get(superseded=False)
    assert (new.state, new.reason) == (states.BLOCKED, "already_in_flight")


def test_delivered_is_not_retried(stage):
    activation = stage.press(stage.good(1))
    stage.settle()
    assert retry(activation, by=None, only=[only(activation).pk]) == 0


# ── check again ──


def test_what_was_pressed_anew_meanwhile_is_not_checked_again(stage):
    mapping = stage.good(1)[0]
    first = stage.press([mapping])
    stage.fault("reset_before", times=2)
    stage.settle()
    assert only(first).state == states.STOPPED
    second = stage.press([mapping])
    assert check_again(first, by=None) == 0
    stage.settle()
    assert (only(first).state, only(second).state) == (states.STOPPED, states.SUCCEEDED)
    assert check_again(first, by=None) == 1
    stage.settle()
    at_rest()


# ── the story ──


def test_every_change_is_an_event_and_a_new_version(stage):
    chosen = stage.good(2)
    activation = stage.press(chosen)
    versions = [activation.version]
    for _ in range(3):
        stage.turn(20)
        activation.refresh_from_db()
        versions.append(activation.version)
    assert versions == sorted(versions)
    assert versions[-1] > versions[0]
    assert set(told(activation)) == {"requested", "sent", "accepted", "succeeded"}
    for delivery in activation.deliveries.all():
        path = [event.data["to"] for event in delivery.events.order_by("pk")]
        assert path == [states.QUEUED, states.SENDING, states.RUNNING, states.SUCCEEDED]
    stage.turn(20)
    activation.refresh_from_db()
    assert activation.version == versions[-1], "nothing changed, so the page is not told that it did"


def test_a_job_keeps_what_was_said(stage):
    chosen = stage.good(2)
    stage.press(chosen)
    stage.turn()
    job = Job.objects.get()
    assert (job.size, job.status, job.outcome) == (2, 200, Job.Outcome.ACCEPTED)
    asked = sorted((flow, one) for flow, audiences in job.request.items() for one in audiences)
    assert asked == sorted(map(pair, chosen))
    assert '"order"' in job.answer
    assert job.answered_at - job.created_at < timedelta(seconds=10)


def test_v1_names_the_latest_export_job(stage):
    stage.workspace.adhoc_version = "v1"
    stage.workspace.save()
    chosen = stage.good(2)
    activation = stage.press(chosen)
    stage.settle()
    job = Job.objects.get()
    assert job.version == "v1"
    assert job.export_id
    assert states_of(activation) == {states.SUCCEEDED: 2}
    assert stage.sent_once(chosen)


def test_v1_without_an_export_job_is_refused_in_one_piece(stage):
    stage.workspace.adhoc_version = "v1"
    stage.workspace.save()
    activation = stage.press(stage.good(3))
    stage.fault("status", path="/data/core/ups/export/jobs", method="GET", status=404, times=None)
    stage.turn()
    assert states_of(activation) == {states.REFUSED: 3}
    assert stage.posts() == 0
    assert Job.objects.count() == 1
    at_rest()
