"""Jobs and holds: full jobs, an audience in one job at a time, and any number of dispatchers at once."""

import threading
from datetime import timedelta
from itertools import zip_longest

import pytest
from django.db import IntegrityError, connection, transaction

from activations import states
from activations.actions import CannotRequest, request, retry
from activations.dispatch import claim, dispatch, look
from activations.lease import renewed
from activations.models import Delivery, Hold, Job
from activations.tasks import sweep_tick
from audiences.models import Audience
from simulator.server import Simulator
from tests.activations.world import Stage, at_rest, impatient, only, states_of, that


def sizes():
    return list(Job.objects.order_by("pk").values_list("size", flat=True))


def many(stage, count):
    """Mappings made ready for sending, as many as asked: the mirror and the platform agree on them."""
    found = [m for m in that(stage.workspace, "ready") if not m.audience.external][:count]
    assert len(found) == count
    return found


@pytest.mark.django_db
class TestHolds:
    def test_a_hold_per_audience_that_goes_with_its_last_delivery(self, stage):
        one, two = stage.twins()
        activation = stage.press([one, two])
        stage.turn()
        # Within one call an audience may go to several destinations (contract §8.2's own example).
        assert states_of(activation) == {states.RUNNING: 2}
        assert stage.posts() == 1
        assert list(Hold.objects.values_list("key", flat=True)) == [one.audience.platform_id]
        first = activation.deliveries.first()
        run = stage.sim.world.sandboxes["prod"].runs.by_id[first.run_id]
        run.ends = stage.sim.world.now()
        stage.turn(3)
        assert states_of(activation) == {states.RUNNING: 1, states.SUCCEEDED: 1}
        assert Hold.objects.count() == 1, "its other delivery still needs it"
        stage.settle()
        assert stage.sent_once([one, two])
        at_rest()

    def test_a_second_press_of_the_audience_waits_for_the_first(self, stage):
        one, two = stage.twins()
        first = stage.press([one])
        stage.turn()
        second = stage.press([two])
        assert only(second).state == states.QUEUED
        assert {f["code"] for f in only(second).findings} >= {"audience_held"}
        stage.turn()
        assert only(second).state == states.QUEUED
        assert stage.posts() == 1
        stage.settle()
        assert only(first).state == only(second).state == states.SUCCEEDED
        assert stage.sent_once([one, two])
        at_rest()

    def test_one_audience_on_more_dataflows_than_fit_a_job(self, stage):
        one, two = stage.twins()
        stage.workspace.max_per_job = 1
        stage.workspace.save()
        activation = stage.press([one, two])
        stage.turn()
        assert states_of(activation) == {states.RUNNING: 1, states.QUEUED: 1}
        stage.settle()
        assert states_of(activation) == {states.SUCCEEDED: 2}
        assert stage.sent_once([one, two])
        assert sizes() == [1, 1]

    def test_orphan_holds_are_swept_even_when_nothing_else_is_going_on(self, stage):
        job = Job.objects.create(
            workspace=stage.workspace, created_at=stage.now(), lease_until=stage.now(), size=1,
            outcome=Job.Outcome.ACCEPTED,
        )  # fmt: skip
        Hold.objects.create(workspace=stage.workspace, key="left behind", job=job)
        sweep_tick()
        assert not Hold.objects.exists()

    def test_a_hold_that_is_needed_is_not_swept(self, stage):
        stage.press(stage.good(1))
        stage.turn()
        sweep_tick()
        assert Hold.objects.count() == 1

    def test_the_hold_is_unique(self, stage):
        job = Job.objects.create(
            workspace=stage.workspace, created_at=stage.now(), lease_until=stage.now(), size=1
        )
        Hold.objects.create(workspace=stage.workspace, key="a", job=job)
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.create(workspace=stage.workspace, key="a", job=job)

    def test_a_mapping_moves_once(self, stage):
        activation = stage.press(stage.good(1))
        delivery = only(activation)
        delivery.pk = None
        delivery.superseded = True
        with pytest.raises(IntegrityError), transaction.atomic():
            delivery.save()

    def test_nothing_is_claimed_while_nothing_may_go(self, stage):
        assert stage.claim() is None
        assert not Job.objects.exists()

    def test_a_workspace_without_a_limit_still_sends(self, stage):
        stage.workspace.max_per_job = 0
        stage.workspace.save()
        chosen = stage.good(2)
        activation = stage.press(chosen)
        stage.settle()
        assert states_of(activation) == {states.SUCCEEDED: 2}


@pytest.mark.django_db
def test_172_deliveries_go_in_three_jobs():
    with Simulator(port=0, seed=3, dataflows=12, audiences=300) as sim:
        stage = Stage(sim)
        impatient(stage.workspace, adhoc_timeout=5)
        chosen = many(stage, 172)
        activation = stage.press(chosen)
        stage.turn()
        assert sizes() == [80, 80, 12]
        assert stage.posts() == 3
        assert stage.sent_once(chosen)
        assert states_of(activation) == {states.RUNNING: 172}
        stage.settle()
        at_rest()


@pytest.mark.django_db
def test_2000_deliveries_on_50_dataflows_go_in_25_posts():
    with Simulator(port=0, seed=3, dataflows=84, audiences=2_100) as sim:
        stage = Stage(sim)
        impatient(stage.workspace, adhoc_timeout=10)
        ready = that(stage.workspace, "ready")
        flows: dict[int, list] = {}
        for mapping in ready:
            flows.setdefault(mapping.dataflow_id, []).append(mapping)
        largest = sorted(flows.values(), key=len, reverse=True)[:50]
        chosen = [m for column in zip_longest(*largest) for m in column if m is not None][:2_000]
        assert len(chosen) == 2_000
        assert len({m.dataflow_id for m in chosen}) == 50
        stage.press(chosen)
        stage.turn()
        while Delivery.objects.filter(state=states.QUEUED).exists():
            stage.turn(60)
        assert stage.sent_once(chosen)
        assert stage.posts() == 25
        assert sizes() == [80] * 25


@pytest.mark.django_db
def test_a_living_sender_keeps_its_lease(stage, transactional_db):
    job = Job.objects.create(
        workspace=stage.workspace, created_at=stage.now(), lease_until=stage.now(), size=1
    )
    with renewed(job, every=timedelta(milliseconds=20)):
        threading.Event().wait(0.3)
    job.refresh_from_db()
    assert job.lease_until > stage.now() + timedelta(seconds=40)


def in_threads(count, work):
    """Run `work(number)` in so many threads at once; returns their results, raises their first error."""
    ready, results, errors = threading.Barrier(count), [None] * count, []

    def one(number):
        try:
            ready.wait(10)
            results[number] = work(number)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return results


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_dispatchers(self, stage):
        impatient(stage.workspace, adhoc_timeout=10)
        stage.workspace.max_per_job = 4
        stage.workspace.save()
        chosen = that(stage.workspace, "ready")
        stage.press(chosen)
        for _ in range(4):
            in_threads(4, lambda _: dispatch(type(stage.workspace).objects.get()))
            stage.turn(60)
        stage.settle()
        assert stage.sent_once(chosen)
        at_rest()

    @pytest.mark.skipif(not connection.features.has_select_for_update, reason="rows are locked one by one")
    def test_a_locked_audience_keeps_none_of_its_deliveries_from_a_job(self, stage):
        """As a sync holds it while it writes: claiming skips locked deliveries, and locks nothing else."""
        chosen = stage.good(2)
        stage.press(chosen)
        assert look(stage.workspace, stage.now()) == 2
        with transaction.atomic():
            audiences = Audience.objects.filter(pk__in=[mapping.audience_id for mapping in chosen])
            assert len(audiences.select_for_update(no_key=True)) == 2
            ((job, mine),) = in_threads(1, lambda _: claim(stage.workspace, stage.now()))
        assert (job.size, len(mine)) == (2, 2)

    def test_presses_of_the_same_audiences(self, stage):
        chosen = stage.good(6)

        def press(number):
            order = chosen if number % 2 else chosen[::-1]
            try:
                return request(stage.workspace, order, by=None, press=f"race-{number}")
            except CannotRequest as error:
                return error

        made = in_threads(4, press)
        activations = [one for one in made if not isinstance(one, Exception)]
        refused = [one for one in made if isinstance(one, Exception)]
        assert len(activations) == 1
        assert {one.code for one in refused} == {"nothing_can_go"}
        stage.settle()
        assert stage.sent_once(chosen)

    def test_one_press_twice(self, stage):
        chosen = stage.good(3)
        made = in_threads(4, lambda _: request(stage.workspace, chosen, by=None, press="double click"))
        assert len({one.pk for one in made}) == 1
        stage.settle()
        assert stage.sent_once(chosen)

    def test_everything_the_workers_do(self, stage):
        """Dispatch, reconcile, watch and sweep in many threads, with an answer lost in between."""
        impatient(stage.workspace, adhoc_timeout=5)
        stage.workspace.max_per_job = 5
        stage.workspace.save()
        chosen = stage.good(20)
        stage.press(chosen[:10])
        stage.press(chosen[10:])
        stage.fault("reset_after", times=2)
        for _ in range(10):
            in_threads(3, lambda _: stage.turn())
            stage.turn(15)
        stage.settle()
        assert stage.sent_once(chosen)
        assert set(Delivery.objects.values_list("state", flat=True)) == {states.SUCCEEDED}
        at_rest()

    def test_retries(self, stage):
        activation = stage.press([stage.ending("failed")])
        stage.settle()
        made = in_threads(3, lambda _: retry(activation, by=None))
        assert sorted(made) == [0, 0, 1]
        assert activation.deliveries.filter(superseded=False).count() == 1
