"""The overview: is anything on fire, what goes next, and how fast it usually is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from activations import schedules, sets, states
from activations.models import Delivery, Schedule
from tests.activations.bygone import bygone
from tests.activations.house import House, make_house

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def house() -> House:
    return make_house(6)


def page(house: House) -> str:
    return re.sub(r"\s+", " ", house.client().get(house.url("overview")).content.decode())


def midnight():
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def test_an_empty_past_is_said_in_words(house):
    text = page(house)
    for words in ("nothing was timed in 30 days", "Nothing is armed, and no schedule is due", "Nothing needs you",
                  "before the first outcome here", "Nothing is moving"):  # fmt: skip
        assert words in text, words


def test_the_time_until_delivered_names_what_it_is_compared_to(house):
    bygone(house.mappings[0], midnight() - DAY, took=600)
    assert "none today; 1 in 29 days before, 9 of 10 in 10 min" in page(house)
    bygone(house.mappings[0], midnight() + MINUTE, took=250)
    text = page(house)
    assert "4 min 10 s" in text
    assert "29 days before: 10 min, 9 of 10 in 10 min" in text


def test_a_first_day_has_nothing_to_compare_with(house):
    bygone(house.mappings[0], midnight() + MINUTE, took=250)
    assert "nothing before to compare with" in page(house)


def test_what_failed_today_is_told_from_what_failed_before(house):
    bygone(house.mappings[0], midnight() + MINUTE, states.FAILED, reason="run_failed")
    bygone(house.mappings[1], midnight() - MINUTE, states.REFUSED, reason="not_in_schedule")
    text = page(house)
    assert "1 today, the others within 3 days" in text
    assert "The run failed at Adobe" in text
    assert "Not mapped, or outside its schedule" in text


def test_what_needs_somebody_since_midnight_alone_has_no_others(house):
    bygone(house.mappings[0], midnight() + MINUTE, states.FAILED, reason="run_failed")
    assert "all of them since midnight" in page(house)
    assert "the others" not in page(house)


@pytest.mark.parametrize("state", [states.EMPTY, states.PARTLY])
def test_what_came_empty_or_in_part_is_not_counted_as_delivered(house, state):
    bygone(house.mappings[0], midnight() + MINUTE, took=9)
    bygone(house.mappings[1], midnight() + MINUTE, state, took=9)
    assert "<small>Delivered today</small><b>1</b>" in page(house)
    assert "1 more empty or in part" in page(house)
    wall = house.client().get(house.url("board")).content.decode()
    assert '<b class="done tone">1</b> delivered today' in wall
    assert '<b class="look tone">1</b> empty or in part' in wall


def test_more_kinds_of_trouble_than_fit_are_counted(house):
    for number, reason in enumerate(
        ("schedule_ended", "not_batch", "dataflow_disabled", "audience_vanished")
    ):
        bygone(house.mappings[number], timezone.now() - MINUTE, states.BLOCKED, reason=reason)
    found = house.client().get(house.url("overview"))
    assert len(found.context["now"].cards) == 3
    assert found.context["now"].unshown == 1
    assert "1 more" in found.content.decode()


def test_trouble_of_several_activations_opens_none_of_them(house):
    bygone(house.mappings[0], timezone.now() - MINUTE, states.FAILED, reason="run_failed")
    assert "Open “" in page(house)
    bygone(house.mappings[1], timezone.now() - MINUTE, states.FAILED, reason="run_failed")
    text = page(house)
    assert "2 deliveries in 2 activations" in text
    assert f'href="{house.url("history")}?outcome=needs">Find them in the history</a>' in text
    assert "Open “" not in text


def test_armed_and_scheduled_come_in_one_order(house):
    made = sets.save(house.mappings[:1], name="Nightly", by=house.alice)
    schedules.save(made, Schedule(kind="daily", zone="Europe/Berlin"), by=house.alice)
    Schedule.objects.update(fire_at=timezone.now() + 2 * DAY)
    soon, late, some_time = (
        house.activation(one, name=name)
        for one, name in zip(house.mappings[1:], ("Soon", "Late", "Waits"), strict=False)
    )
    for made, at in ((soon, timezone.now() + DAY), (late, timezone.now() + 3 * DAY), (some_time, None)):
        Delivery.objects.filter(activation=made).update(
            state=states.ARMED, not_before=at, reason="scheduled_export_running"
        )
    now = house.client().get(house.url("overview")).context["now"]
    assert [one.title for one in now.coming] == ["Soon", "Nightly", "Late", "Waits"]
    assert now.coming[-1].words == "1 armed: A scheduled export is running"
    assert (now.moving, now.armed, now.running) == (3, 3, 0)


def test_what_is_armed_and_not_listed_is_counted(house):
    for mapping in house.mappings:
        made = house.activation(mapping)
        Delivery.objects.filter(activation=made).update(state=states.ARMED, not_before=None)
    text = page(house)
    assert f'href="{house.url("history")}?outcome=moving">2 more armed</a>' in text
    Delivery.objects.filter(activation=made).update(state=states.CANCELED)
    assert "1 more armed" in page(house)


def test_more_activations_than_fit_are_counted(house):
    for mapping in house.mappings:
        house.activation(mapping)
    text = page(house)
    assert "3 more activations move" in text
