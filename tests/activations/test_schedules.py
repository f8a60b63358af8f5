"""Schedules: saved only if they can fire, fired once, late within their tolerance or recorded as missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from activations import actions, firing, pauses, schedules, sets, states
from activations.models import Activation, Delivery, Firing, Schedule
from activations.tasks import schedule_tick
from audiences.models import Mapping
from tests.activations.house import House, make_house
from tests.activations.test_holds import in_threads
from tests.catalogue import make_dataflow, make_mapping, make_workspace

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def house(db) -> House:
    return make_house(3)


def saved(house: House, *mappings: Mapping, **fields) -> Schedule:
    """A schedule of a set; daily at noon UTC unless said otherwise."""
    of_set = sets.save(mappings or house.mappings, name="Noon", by=house.alice)
    known = {"kind": "daily", "zone": "UTC", "at": time(12)}
    return schedules.save(of_set, Schedule(**{**known, **fields}), by=house.alice)


def came(schedule: Schedule, ago: timedelta = timedelta(0)) -> datetime:
    """Its moment came so long ago; returns the moment."""
    moment = timezone.now().replace(second=0, microsecond=0) - ago
    schedule.at = moment.time()
    schedule.fire_at = moment
    schedule.save()
    return moment


class TestSaving:
    def test_it_works(self, house):
        schedule = saved(house, kind="weekly", weekdays=[4], at=time(9), zone="Europe/Berlin")
        local = schedule.fire_at.astimezone(ZoneInfo("Europe/Berlin"))
        assert (local.weekday(), local.time()) == (4, time(9))
        assert timezone.now() < schedule.fire_at < timezone.now() + 7 * DAY
        assert schedule.of_set.changes.first().what == "schedule_added"

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"kind": "weekly"}, "weekdays"),
            ({"kind": "monthly", "month_day": 0}, "month_day"),
            ({"kind": "monthly", "month_day": 32}, "month_day"),
            ({"kind": "once"}, "day"),
            ({"kind": "once", "day": date(2020, 1, 1)}, "day"),
            ({"kind": "once", "day": date(9999, 12, 31)}, "day"),
            ({"kind": "daily", "until": date(2020, 1, 1)}, "until"),
            ({"kind": "soon", "until": date(2020, 1, 1)}, "until"),
            ({"at": time(9, 0, 1)}, "at"),
            ({"tolerance": timedelta(0)}, "tolerance"),
            ({"tolerance": timedelta(days=9)}, "tolerance"),
        ],
    )
    def test_what_never_fires_or_cannot_be_meant_is_refused_on_its_field(self, house, fields, field):
        with pytest.raises(sets.CannotChange) as why:
            saved(house, **fields)
        assert why.value.field == field
        assert str(why.value).endswith(".")
        assert not Schedule.objects.exists()

    def test_an_end_before_the_first_moment_is_refused(self, house):
        today = timezone.now().date()
        other = (today + DAY).weekday()
        with pytest.raises(sets.CannotChange) as why:
            saved(house, kind="weekly", weekdays=[other], until=today)
        assert why.value.field == "until"

    def test_a_time_that_a_day_skips_is_told(self, house):
        schedule = saved(house, kind="once", day=date(2027, 3, 28), at=time(2, 30), zone="Europe/Berlin")
        assert schedule.fire_at == datetime(2027, 3, 28, 1, tzinfo=UTC)
        assert schedules.moved_from(schedule) == "02:30"
        schedule.at = time(3)
        assert schedules.moved_from(schedule) == ""

    def test_pausing_and_resuming_make_up_for_nothing(self, house):
        schedule = saved(house)
        moment = came(schedule)
        assert schedules.pause(schedule, by=house.alice)
        assert not schedules.pause(schedule, by=house.alice)
        assert firing.fire(schedule.pk) is None
        assert schedules.resume(schedule, by=house.alice)
        assert not schedules.resume(schedule, by=house.alice)
        schedule.refresh_from_db()
        assert schedule.fire_at == moment + DAY
        assert not Activation.objects.exists()

    def test_what_is_past_cannot_be_resumed_nor_what_is_over_changed(self, house):
        schedule = saved(house, kind="once", day=timezone.now().date() + DAY)
        schedules.pause(schedule, by=None)
        Schedule.objects.filter(pk=schedule.pk).update(day=timezone.now().date() - DAY)
        with pytest.raises(sets.CannotChange):
            schedules.resume(schedule, by=None)
        Schedule.objects.filter(pk=schedule.pk).update(fire_at=None)
        with pytest.raises(sets.CannotChange):
            schedules.save(schedule.of_set, schedule, by=house.alice)


class TestFiring:
    def test_it_works(self, house):
        schedule = saved(house)
        moment = came(schedule)
        made = firing.fire(schedule.pk)
        assert (made.outcome, made.due_at) == ("pressed", moment)
        activation = Activation.objects.get()
        assert (activation.source, activation.requested_by) == ("schedule", house.alice)
        assert (activation.of_set, activation.name) == (schedule.of_set, "Noon")
        assert activation.press == made.press == firing.token(schedule, moment)
        assert activation.deliveries.filter(state=states.QUEUED).count() == 3
        schedule.refresh_from_db()
        assert schedule.fire_at == moment + DAY
        assert firing.fire(schedule.pk) is None

    def test_before_its_moment_nothing_happens(self, house):
        schedule = saved(house)
        assert firing.fire(schedule.pk, now=schedule.fire_at - MINUTE) is None
        assert not Firing.objects.exists()

    def test_once_is_over_after_it_fired(self, house):
        schedule = saved(house, kind="once", day=timezone.now().date() + DAY)
        assert firing.fire(schedule.pk, now=schedule.fire_at + MINUTE).outcome == "pressed"
        schedule.refresh_from_db()
        assert schedule.is_over

    def test_the_same_moment_never_presses_twice(self, house):
        schedule = saved(house)
        moment = came(schedule)
        firing.fire(schedule.pk)
        Schedule.objects.filter(pk=schedule.pk).update(fire_at=moment)
        assert firing.fire(schedule.pk) is None
        Firing.objects.all().delete()
        Schedule.objects.filter(pk=schedule.pk).update(fire_at=moment)
        assert firing.fire(schedule.pk).outcome == "pressed"
        assert Activation.objects.count() == 1
        assert Delivery.objects.count() == 3

    def test_late_within_the_tolerance_it_fires(self, house):
        schedule = saved(house, tolerance=30 * MINUTE)
        came(schedule, ago=20 * MINUTE)
        assert firing.fire(schedule.pk).outcome == "pressed"

    def test_later_it_is_recorded_as_missed(self, house):
        schedule = saved(house, tolerance=30 * MINUTE)
        moment = came(schedule, ago=3 * DAY + 40 * MINUTE)
        assert firing.fire(schedule.pk).outcome == "missed"
        assert list(Firing.objects.order_by("due_at").values_list("due_at", "outcome")) == [
            (moment + n * DAY, "missed") for n in range(4)
        ]
        schedule.refresh_from_db()
        assert schedule.fire_at == moment + 4 * DAY
        assert not Activation.objects.exists()

    def test_of_several_missed_moments_the_last_may_still_go(self, house):
        schedule = saved(house, tolerance=30 * MINUTE)
        came(schedule, ago=2 * DAY + 10 * MINUTE)
        assert firing.fire(schedule.pk).outcome == "pressed"
        assert Firing.objects.filter(outcome="missed").count() == 2
        assert Activation.objects.count() == 1

    def test_who_may_no_longer_press_sends_nothing(self, house):
        schedule = saved(house)
        came(schedule)
        house.alice.memberships.update(role="viewer")
        made = firing.fire(schedule.pk)
        assert (made.outcome, made.why) == ("refused", "may_not_press")
        assert not Delivery.objects.exists()

    def test_what_cannot_go_is_refused_with_its_reason(self, house):
        schedule = saved(house)
        came(schedule)
        Mapping.objects.update(end_date=timezone.now().date() - DAY)
        made = firing.fire(schedule.pk)
        assert (made.outcome, made.why) == ("refused", "nothing_can_go")

    def test_what_vanished_is_blocked_and_named(self, house):
        schedule = saved(house)
        came(schedule)
        Mapping.objects.filter(pk=house.mappings[0].pk).update(vanished_at=timezone.now())
        assert firing.fire(schedule.pk).outcome == "pressed"
        assert Delivery.objects.get(state=states.BLOCKED).mapping == house.mappings[0]

    def test_armed_what_has_to_wait_goes_later(self, house):
        schedule = saved(house)
        came(schedule)
        pauses.pause(workspace=house.workspace, reason="Freeze", by=None)
        assert firing.fire(schedule.pk).outcome == "pressed"
        assert Delivery.objects.filter(state=states.ARMED).count() == 3

    def test_skipping_leaves_out_what_has_to_wait(self, house):
        schedule = saved(house, waits="skip")
        came(schedule)
        Mapping.objects.filter(pk=house.mappings[0].pk).update(mapped_at=timezone.now())
        made = firing.fire(schedule.pk)
        assert (made.outcome, made.left_out) == ("pressed", 1)
        activation = Activation.objects.get()
        assert activation.on_export == Activation.OnExport.STOP
        assert set(activation.deliveries.values_list("mapping", flat=True)) == {
            m.pk for m in house.mappings[1:]
        }

    def test_skipping_everything_is_an_outcome_of_its_own(self, house):
        schedule = saved(house, waits="skip")
        came(schedule)
        Mapping.objects.update(mapped_at=timezone.now())
        made = firing.fire(schedule.pk)
        assert (made.outcome, made.left_out) == ("skipped", 3)
        assert not Activation.objects.exists()

    def test_every_workspace_of_the_set_is_pressed(self, house):
        there = make_workspace("hotels")
        house.alice.memberships.create(workspace=there, role="activator")
        schedule = saved(house, house.mappings[0], make_mapping(make_dataflow(there)))
        came(schedule)
        made = firing.fire(schedule.pk)
        assert Activation.objects.get().press == made.press
        assert {one.workspace for one in Delivery.objects.all()} == {house.workspace, there}

    def test_a_press_that_fails_leaves_the_moment_unclaimed(self, house, monkeypatch):
        schedule = saved(house)
        moment = came(schedule)

        def busy(*args, **fields):
            raise actions.CannotRequest("Busy.", code="pressed_elsewhere")

        with monkeypatch.context() as patch:
            patch.setattr(firing, "request", busy)
            with pytest.raises(actions.CannotRequest):
                firing.fire(schedule.pk)
        schedule.refresh_from_db()
        assert schedule.fire_at == moment
        assert firing.fire(schedule.pk).outcome == "pressed"


class TestAsSoonAsAllowed:
    def test_it_goes_when_nothing_is_blocked_any_more(self, house):
        Mapping.objects.filter(pk=house.mappings[0].pk).update(start_date=timezone.now().date() + 2 * DAY)
        schedule = saved(house, kind="soon")
        assert firing.fire(schedule.pk) is None
        schedule.refresh_from_db()
        assert schedule.fire_at > timezone.now()
        assert not Firing.objects.exists()
        Mapping.objects.update(start_date=timezone.now().date() - DAY)
        made = firing.fire(schedule.pk, now=timezone.now() + 2 * MINUTE)
        assert made.outcome == "pressed"
        schedule.refresh_from_db()
        assert schedule.is_over

    def test_what_only_waits_is_armed_at_once(self, house):
        Mapping.objects.update(mapped_at=timezone.now())
        schedule = saved(house, kind="soon", waits="skip")
        assert firing.fire(schedule.pk).outcome == "pressed"
        assert Delivery.objects.filter(state=states.ARMED).count() == 3

    def test_what_vanished_holds_nothing_up(self, house):
        Mapping.objects.filter(pk=house.mappings[0].pk).update(vanished_at=timezone.now())
        assert firing.fire(saved(house, kind="soon").pk).outcome == "pressed"

    def test_while_nothing_of_it_is_there_it_waits(self, house):
        """A mirror that was emptied by mistake must not use the schedule up."""
        Mapping.objects.update(vanished_at=timezone.now())
        schedule = saved(house, kind="soon")
        assert firing.fire(schedule.pk) is None
        Mapping.objects.update(vanished_at=None)
        assert firing.fire(schedule.pk, now=timezone.now() + 2 * MINUTE).outcome == "pressed"

    def test_it_gives_up_after_its_last_day(self, house):
        Mapping.objects.update(end_date=timezone.now().date() - DAY)
        schedule = saved(house, kind="soon")
        made = firing.fire(schedule.pk, now=timezone.now() + 9 * DAY)
        assert (made.outcome, made.why) == ("refused", "never_allowed")
        schedule.refresh_from_db()
        assert schedule.is_over


def test_the_tick_fires_what_is_due(house, monkeypatch):
    schedule = saved(house)
    saved(house)
    came(schedule)
    asked = []
    monkeypatch.setattr("activations.tasks.fire_schedule.delay", asked.append)
    schedule_tick()
    assert asked == [schedule.pk]


@pytest.mark.django_db(transaction=True)
def test_two_beats_fire_once():
    house = make_house(3)
    schedule = saved(house)
    came(schedule)
    results = in_threads(4, lambda number: firing.fire(schedule.pk))
    assert sum(one is not None for one in results) == 1
    assert Activation.objects.count() == 1
    assert Delivery.objects.count() == 3
    assert Firing.objects.count() == 1
