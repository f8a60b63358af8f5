"""When runs are asked about: near their usual length, in full calls, and rarer the more there are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from activations import states
from activations.cadence import ENOUGH, LONGEST, PER_CALL, SHORTEST, Cadence, Usual
from activations.models import Delivery
from audiences.models import Dataflow, Run
from tests.activations.world import only

RUNS = "/data/foundation/flowservice/runs"
USUAL = Usual(soon=20, middle=30, late=40)


def asked(stage):
    """How many runs each question so far was about."""
    calls = [call for call in stage.sim.world.ledger.calls if call.path == RUNS]
    return len(calls)


def ages(cadence, length, dataflow=1):
    """The ages at which a run of this length is asked about, the last one after its end."""
    found = [cadence.first(dataflow)]
    while found[-1] < length:
        found.append(found[-1] + cadence.next(dataflow, found[-1]))
    return found


def lived(stage, dataflow, *lengths, ago=timedelta(hours=1)):
    """Ad-hoc runs of a dataflow that took so many seconds, in the mirror."""
    began = timezone.now() - ago
    for number, length in enumerate(lengths):
        Run.objects.create(
            workspace=stage.workspace, dataflow=dataflow, platform_id=f"past-{dataflow.pk}-{number}",
            status="succeeded", ad_hoc=True, created_at=began, completed_at=began + timedelta(seconds=length),
        )  # fmt: skip


class TestOneRun:
    def test_without_a_past_it_is_asked_about_at_once_and_then_rarer(self):
        found = ages(Cadence(1, {}), 40)
        assert found[0] == SHORTEST
        assert len(found) <= 10

    @pytest.mark.parametrize("length", [2, 3, 5, 9])
    def test_a_short_run_is_seen_within_seconds(self, length):
        assert ages(Cadence(1, {}), length)[-1] - length <= 4

    def test_with_a_past_the_first_question_comes_when_it_may_be_over(self):
        found = ages(Cadence(1, {1: USUAL}), 30)
        assert found[0] == USUAL.soon
        assert found[-1] - 30 <= (USUAL.late - USUAL.soon) / 5
        assert len(found) < len(ages(Cadence(1, {}), 30))

    def test_a_dataflow_without_a_past_takes_the_workspaces(self):
        assert Cadence(1, {1: None}, elsewhere=USUAL).first(1) == USUAL.soon

    def test_what_takes_long_is_still_looked_at_for_an_early_end(self):
        hour = Cadence(1, {1: Usual(3000, 3500, 4000)})
        assert hour.first(1) == LONGEST
        assert hour.next(1, 60) == LONGEST

    def test_what_lasts_longer_than_usual_is_asked_about_ever_more_rarely(self):
        cadence = Cadence(1, {1: USUAL})
        waits = [cadence.next(1, age) for age in (40, 60, 80, 200, 4000)]
        assert waits == sorted(waits)
        assert waits[-1] == LONGEST


@pytest.mark.parametrize("cadence", [Cadence(2000, {}), Cadence(2000, {1: Usual(13, 20, 37)})])
def test_two_thousand_runs_of_ten_to_forty_seconds_cost_few_calls(cadence):
    """All questions in full calls, with the number under way falling as runs end."""
    under_way = [(10 + 30 * number / 2000, cadence.first(1)) for number in range(2000)]
    questions = 0
    while under_way:
        now = min(due for _, due in under_way)
        due = [(length, at) for length, at in under_way if at <= now]
        questions += -(-len(due) // PER_CALL)
        rest = [(length, at) for length, at in under_way if at > now]
        going_on = [length for length, _ in due if length > now]
        left = Cadence(len(rest) + len(going_on), cadence.usual)
        under_way = rest + [(length, now + left.next(1, now)) for length in going_on]
    assert 25 + questions <= 2 * (25 + 20)


@pytest.mark.django_db
class TestThePast:
    def test_it_is_of_ad_hoc_runs_that_ended_lately(self, stage):
        flow = Dataflow.objects.filter(workspace=stage.workspace).first()
        Run.objects.filter(dataflow=flow).delete()
        lived(stage, flow, *range(10, 10 + ENOUGH - 1))
        now = timezone.now()
        assert Cadence.of(stage.workspace, [flow.pk], now).usual == {flow.pk: None}
        Run.objects.filter(dataflow=flow).delete()
        lived(stage, flow, *range(10, 20))
        Run.objects.create(
            workspace=stage.workspace, dataflow=flow, platform_id="scheduled", status="succeeded",
            created_at=now - timedelta(hours=2), completed_at=now,
        )  # fmt: skip
        assert Cadence.of(stage.workspace, [flow.pk], now).usual == {flow.pk: Usual(11, 15, 19)}
        later = Cadence.of(stage.workspace, [flow.pk], now + timedelta(days=30))
        assert (later.usual, later.elsewhere) == ({}, None)

    def test_a_run_that_cannot_be_over_yet_is_not_asked_about(self, stage):
        (mapping,) = stage.good(1)
        lived(stage, mapping.dataflow, *[18] * ENOUGH)
        activation = stage.press([mapping])
        stage.turn()
        before = asked(stage)
        stage.turn(5)
        assert asked(stage) == before
        delivery = only(activation)
        assert (delivery.state, delivery.checks) == (states.RUNNING, 0)
        assert (delivery.next_check_at - delivery.started_at).total_seconds() == pytest.approx(18, abs=0.2)
        stage.turn(14)
        assert asked(stage) == before + 1

    def test_a_call_is_filled_with_those_whose_turn_is_next(self, stage):
        activation = stage.press(stage.good(3))
        stage.turn()
        stage.turn(3)
        before = asked(stage)
        due = activation.deliveries.order_by("pk").first()
        Delivery.objects.exclude(pk=due.pk).update(next_check_at=stage.now() + timedelta(seconds=60))
        stage.turn(45)
        assert asked(stage) == before + 1
        assert not activation.deliveries.filter(state__in=states.MOVING).exists()

    def test_it_costs_two_queries(self, stage, django_assert_num_queries):
        flows = list(Dataflow.objects.filter(workspace=stage.workspace).values_list("pk", flat=True))
        with django_assert_num_queries(2):
            Cadence.of(stage.workspace, flows, timezone.now())
