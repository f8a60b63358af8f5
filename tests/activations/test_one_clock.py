"""Hosts whose clocks differ by an hour share one clock for leases and due times: the database's."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from activations import states
from activations.dispatch import claim, dispatch, look
from activations.models import Delivery, Job
from activations.reconcile import reconcile
from activations.sweep import sweep
from activations.watch import watch
from audiences import clock
from tests.activations.world import Stage, impatient, pass_time

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db
many_hosts = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lives on one host, and has that host's clock"
)


@pytest.fixture
def stage(sim):
    return Stage(sim)


@pytest.fixture
def host(monkeypatch):
    """Become a host whose clock is wrong by so much."""
    right = timezone.now

    def become(wrong_by):
        monkeypatch.setattr(timezone, "now", lambda: right() + wrong_by)

    return become


def test_a_tasks_clock_goes_on_by_itself(django_assert_num_queries):
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 0):
        ticking = clock.ticking()
        first = ticking()
        time.sleep(0.02)
        assert timedelta(seconds=0.02) <= ticking() - first < timedelta(seconds=5)
    assert abs(first - timezone.now()) < timedelta(seconds=5)


@many_hosts
@pytest.mark.parametrize("wrong_by", [HOUR, -HOUR])
def test_the_hosts_own_clock_does_not_matter(host, wrong_by):
    right = timezone.now()
    host(wrong_by)
    assert abs(clock.now() - right) < timedelta(seconds=5)


@many_hosts
@pytest.mark.parametrize("wrong_by", [HOUR, -HOUR])
def test_a_living_sender_keeps_its_job(stage, host, wrong_by):
    stage.press(stage.good(1))
    now = clock.now()
    look(stage.workspace, now)
    assert claim(stage.workspace, now) is not None
    host(wrong_by)
    sweep(stage.workspace)
    assert Job.objects.get().outcome == Job.Outcome.SENDING
    assert Delivery.objects.get().state == states.SENDING
    dispatch(stage.workspace)
    assert stage.posts() == 0


@many_hosts
def test_a_living_watcher_keeps_the_workspace(stage, host):
    stage.press(stage.good(1))
    dispatch(stage.workspace)
    type(stage.workspace).objects.update(watched_until=clock.now() + timedelta(seconds=60))
    Delivery.objects.update(next_check_at=clock.now())
    host(HOUR)
    asked = stage.calls("/data/foundation/flowservice/runs")
    watch(stage.workspace)
    assert stage.calls("/data/foundation/flowservice/runs") == asked


@many_hosts
@pytest.mark.parametrize("fault", ["", "reset_after"])
def test_hosts_an_hour_apart_send_once_and_end_in_time(stage, host, fault):
    impatient(stage.workspace, adhoc_timeout=5)
    chosen = stage.good(3)
    if fault:
        stage.fault(fault)
    for turn in range(40):
        host((HOUR, timedelta(0), -HOUR)[turn % 3])
        if turn == 0:
            activation = stage.press(chosen)
        pass_time(stage.sim, 20)
        for verb in (sweep, dispatch, reconcile, watch):
            verb(stage.workspace)
        if not activation.deliveries.filter(state__in=states.MOVING).exists():
            break
        time.sleep(0.7)
    assert set(activation.deliveries.values_list("state", flat=True)) == {states.SUCCEEDED}
    assert stage.sent_once(chosen)
