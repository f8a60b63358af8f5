"""The doctor's sight of schedules: overdue, without anybody's right, of nothing, and fruitless."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.utils import timezone

from activations import schedules, sets
from activations.doctor import examine
from activations.doctor.schedules import TICK
from activations.models import Chosen, Firing, Schedule
from activations.models.schedules import MISSED, PRESSED, REFUSED
from audiences.models import Membership, Workspace
from tests.activations.house import House, make_house
from tests.catalogue import make_mapping, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def daily(house) -> Schedule:
    of_set = sets.save(house.mappings, name="Noon", by=house.alice)
    return schedules.save(of_set, Schedule(kind="daily", zone="UTC", at=time(12)), by=house.alice)


def found(*workspaces, now=None):
    places = workspaces or Workspace.objects.all()
    return {one.code: one for one in examine(places, ask=False, now=now) if one.code.startswith("schedule")}


def test_a_healthy_one_has_no_finding(daily):
    assert found() == {}


def test_overdue(daily):
    daily.fire_at = timezone.now() - timedelta(minutes=2)
    daily.save()
    assert found() == {}, "the next tick may still come"
    one = found(now=timezone.now() + timedelta(minutes=5))["schedule_overdue"]
    assert "“Noon”" in one.what
    assert (one.do, one.since, one.workspace) == (TICK, daily.fire_at, "northwind")
    schedules.pause(daily, by=None)
    assert found(now=timezone.now() + timedelta(minutes=5)) == {}


def test_nobody_may_press_it(daily, house):
    Membership.objects.filter(user=house.alice).update(role="viewer")
    assert "alice may no longer press" in found()["schedule_without_right"].why
    Schedule.objects.update(by=None)
    assert "is gone" in found()["schedule_without_right"].why


def test_a_set_that_holds_nothing(daily):
    Chosen.objects.all().delete()
    assert "holds nothing" in found()["schedule_of_nothing"].what


def fired(schedule: Schedule, *outcomes: str) -> None:
    now = timezone.now()
    for days, outcome in enumerate(reversed(outcomes), start=1):
        moment = now - timedelta(days=days)
        Firing.objects.create(
            schedule=schedule, due_at=moment, at=moment, outcome=outcome, why="nothing_can_go"
        )


def test_it_fires_and_never_presses(daily):
    fired(daily, PRESSED, REFUSED, MISSED, REFUSED)
    one = found()["schedule_fruitless"]
    assert "nothing came of its last 3 moments" in one.what
    assert "nothing_can_go" in one.why


def test_one_press_among_the_last_is_enough(daily):
    fired(daily, REFUSED, PRESSED, REFUSED)
    assert found() == {}


def test_only_of_the_workspaces_asked_about_and_once(daily, house):
    Membership.objects.filter(user=house.alice).update(role="viewer")
    other = make_workspace("other")
    assert found(other) == {}
    Chosen.objects.create(of_set=daily.of_set, mapping=make_mapping(make_mapping().dataflow))
    everywhere = [
        one for one in examine(Workspace.objects.all(), ask=False) if one.code == "schedule_without_right"
    ]
    assert len(everywhere) == 1
