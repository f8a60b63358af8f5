"""The pace and the expected end of a large press, in words: from our own history, and unknown where it tells nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activations import states
from activations.models import Activation, Delivery, Job
from activations.outlook import outlook
from audiences.models import Workspace
from tests.activations.house import House, ended, make_house, running, sent
from tests.catalogue import make_audience, make_mapping

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house(12, max_per_job=4)


def on_its_way(house: House, ago: int = 120, *, over: int = 0, queued: int = 0) -> Activation:
    """Everything left `ago` seconds ago but the last `queued`; the first `over` are over."""
    made = house.activation(name="Storm warning")
    moving = running(made, sent(made))
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=ago))
    ended(moving[:over], states.SUCCEEDED)
    if queued:
        late = [one.pk for one in moving[-queued:]]
        Delivery.objects.filter(pk__in=late).update(state=states.QUEUED)
    return made


def remembered(house: House, seconds: list[int]) -> None:
    """Deliveries of yesterday through the same dataflow that took so long."""
    flow, now = house.mappings[0].dataflow, timezone.now()
    mappings = [make_mapping(flow, make_audience(house.workspace)) for _ in seconds]
    moved = running(made := house.activation(*mappings), sent(made))
    for delivery, took in zip(moved, seconds, strict=True):
        began = now - timedelta(days=1)
        known = {"started_at": began, "finished_at": began + timedelta(seconds=took)}
        Delivery.objects.filter(pk=delivery.pk).update(state=states.SUCCEEDED, **known)


def told(made: Activation) -> Any:
    found = outlook(made, timezone.now())
    assert found is not None
    return found


def test_it_works(house: House) -> None:
    """Ten over in two minutes: the last two take as long as they did."""
    made = on_its_way(house, over=10)
    found = told(made)
    assert found.pace == "10 are over since the first left 2 min ago: about 5 a minute."
    assert found.end.startswith("At this pace the rest is over about ")
    left = found.ends_at - timezone.now()
    assert timedelta(seconds=20) < left < timedelta(seconds=28)
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert "about 5 a minute" in page
    assert "At this pace the rest is over about" in page
    assert "At most 4 go in one call. Adobe names no limit of calls; we make 50 a second at most." in page


def test_what_is_unknown_is_said(house: House) -> None:
    found = told(on_its_way(house))
    assert found.ends_at is None
    assert found.pace == "None of it is over yet."
    assert found.end == "When the rest will be over is unknown: too little has ended to tell."


def test_a_few_that_are_over_tell_no_pace_but_are_told(house: House) -> None:
    found = told(on_its_way(house, ago=7200, over=2))
    assert found.pace == "2 are over since the first left 2 h ago: about 1 an hour."
    assert found.ends_at is None


def test_before_any_is_over_the_last_days_tell(house: House) -> None:
    remembered(house, [20, 22, 24, 26, 90])
    found = told(on_its_way(house))
    assert found.end.startswith("Going by how long it took lately, the rest may be over about ")
    assert timedelta(seconds=85) < found.ends_at - timezone.now() < timedelta(seconds=91)


def test_what_has_not_left_yet_makes_the_end_unknown(house: House) -> None:
    remembered(house, [20, 22, 24, 26, 90])
    assert told(on_its_way(house, queued=3)).ends_at is None


def test_armed_ones_are_not_reckoned_in(house: House) -> None:
    made = on_its_way(house, over=10)
    alone = told(made).ends_at
    later = make_mapping(house.mappings[0].dataflow, make_audience(house.workspace), mapped_at=timezone.now())
    armed = house.activation(later)
    armed.deliveries.update(activation=made)
    found = told(made)
    assert "1 armed one is not reckoned in: it goes later, by itself." in found.end
    assert abs(found.ends_at - alone) < timedelta(seconds=5)


def test_being_told_to_slow_down_is_said(house: House) -> None:
    made = on_its_way(house)
    Workspace.objects.update(send_after=timezone.now() + timedelta(minutes=3))
    assert told(made).limits[0].startswith("Adobe asked to slow down: nothing leaves before ")


def test_resyncs_go_one_after_the_other(house: House) -> None:
    """At Segment the rest takes as long as all of it in turn, and two are a large press already."""
    remembered(house, [60] * 5)
    made = on_its_way(house, queued=11)
    Workspace.objects.update(platform="segment")
    found = told(made)
    assert timedelta(seconds=710) < found.ends_at - timezone.now() < timedelta(seconds=721)
    assert found.limits == ("Segment takes one resync at a time in a workspace, and 50 such calls a minute.",)


def small(house: House) -> Activation:
    made = house.activation(*house.mappings[:4])
    running(made, sent(made))
    return made


def test_a_press_that_one_call_carries_says_how_long_it_usually_takes(house: House) -> None:
    remembered(house, [20, 22, 24, 26, 90])
    made = small(house)
    found = told(made)
    assert found.pace == "Usually it takes 24 s, and 9 of 10 are over within 1 min 30 s."
    assert found.end.startswith("It may be over about ")
    assert timedelta(seconds=85) < found.ends_at - timezone.now() < timedelta(seconds=91)
    page = house.client().get(house.url("activation", made.pk)).content.decode()
    assert "Usually it takes 24 s" in page
    made.deliveries.update(started_at=timezone.now() - timedelta(minutes=5))
    assert told(made).end == "This time it takes longer."


def test_what_left_later_is_not_late(house: House) -> None:
    """A retry, or one that was armed, leaves long after the press: its own start counts."""
    remembered(house, [20, 22, 24, 26, 90])
    made = small(house)
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    made.deliveries.exclude(pk=made.deliveries.last().pk).update(
        state=states.SUCCEEDED, started_at=timezone.now() - timedelta(minutes=5)
    )
    assert told(made).end.startswith("It may be over about ")


def test_what_usually_happens_is_said_to_be_unknown_where_too_little_has_ended(house: House) -> None:
    remembered(house, [20, 22, 24, 26])
    found = told(small(house))
    assert found.ends_at is None
    assert found.pace == "How long it usually takes is unknown: too few have ended lately to tell."


def test_finished_resyncs_tell_the_pace(house: House) -> None:
    """At Segment nothing is ever called delivered: what has finished is over."""
    made = on_its_way(house, over=10)
    made.deliveries.filter(state=states.SUCCEEDED).update(state=states.FINISHED)
    Workspace.objects.update(platform="segment")
    assert told(made).pace == "10 are over since the first left 2 min ago: about 5 a minute."


def test_what_is_over_expects_nothing(house: House) -> None:
    made = on_its_way(house, over=12)
    assert outlook(made, timezone.now()) is None


def test_it_costs_few_queries_however_much_was_pressed(house: House) -> None:
    made = on_its_way(house)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        outlook(made, timezone.now())
    assert len(asked) == 3
