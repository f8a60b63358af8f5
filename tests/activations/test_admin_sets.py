"""The administrator's pages of sets and schedules: to look at, and to pause and resume as on the pages."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from activations import schedules, sets
from activations.models import Schedule
from tests.activations.house import House, make_house
from tests.activations.test_admin import said
from tests.catalogue import make_dataflow, make_mapping, make_workspace

pytestmark = pytest.mark.django_db
SETS, SCHEDULES = "admin:activations_activationset_changelist", "admin:activations_schedule_changelist"


@pytest.fixture
def house() -> House:
    house = make_house(2)
    for user in (house.alice, house.bob):
        user.is_staff = True
        user.save()
        user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return house


def scheduled(house: House, *mappings, name="Friday") -> Schedule:
    made = sets.save(mappings or house.mappings, name=name, by=house.alice)
    return schedules.save(made, Schedule(kind="daily", zone="Europe/Berlin"), by=house.alice)


def act(house: House, user, plan: Schedule, action: str):
    chosen = {"action": action, "_selected_action": [plan.pk]}
    return house.client(user).post(reverse(SCHEDULES), chosen, follow=True)


def test_it_works(house):
    plan = scheduled(house)
    client = house.client()
    assert "Friday" in client.get(reverse(SETS)).content.decode()
    page = client.get(reverse("admin:activations_activationset_change", args=[plan.of_set_id]))
    assert "saved with 2 mappings" in page.content.decode()
    page = client.get(reverse("admin:activations_schedule_change", args=[plan.pk]))
    assert "Every day at 09:00, Europe/Berlin" in page.content.decode()
    assert "1 schedule paused." in said(act(house, house.alice, plan, "pause"))
    plan.refresh_from_db()
    assert plan.paused_by == house.alice
    assert "1 schedule resumed." in said(act(house, house.alice, plan, "resume"))
    plan.refresh_from_db()
    assert plan.paused_at is None


def test_who_may_not_press_pauses_nothing(house):
    plan = scheduled(house)
    assert "Nothing was done" in said(act(house, house.bob, plan, "pause"))
    plan.refresh_from_db()
    assert plan.paused_at is None


def test_sets_that_reach_elsewhere_are_not_listed(house):
    there = make_mapping(make_dataflow(make_workspace("hotels")))
    scheduled(house, house.mappings[0], there, name="Both houses")
    for name in (SETS, SCHEDULES):
        assert "Both houses" not in house.client().get(reverse(name)).content.decode()
