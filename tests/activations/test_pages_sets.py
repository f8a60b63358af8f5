"""The pages of sets and schedules: who may, what is named, two clicks to a press, bad input on its field."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from activations import firing, schedules, sets
from activations.models import Activation, ActivationSet, Schedule
from activations.selection import fold
from audiences.models import Dataflow, Mapping
from tests.activations.house import House, make_house, paper_of
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_workspace

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEKLY = {
    "kind": "weekly", "weekdays": ["0", "4"], "at": "09:00", "zone": "Europe/Berlin", "waits": "arm", "tolerance": "30",
}  # fmt: skip


@pytest.fixture
def house() -> House:
    return make_house(4)


def saved(house: House, *mappings: Mapping) -> ActivationSet:
    return sets.save(mappings or house.mappings[:3], name="Friday flash sale", by=house.alice)


def scheduled(house: House, of_set: ActivationSet, **fields) -> Schedule:
    known = {"kind": "daily", "zone": "Europe/Berlin"}
    return schedules.save(of_set, Schedule(**{**known, **fields}), by=house.alice)


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


class TestWho:
    def addresses(self, house: House) -> list[str]:
        made = saved(house)
        plan = scheduled(house, made)
        own = [house.url(name, made.pk) for name in ("set", "rename_set", "delete_set", "new_schedule")]
        return [
            house.url("sets"), *own,
            *(house.url(name, made.pk, plan.pk) for name in ("change_schedule", "delete_schedule")),
        ]  # fmt: skip

    def test_it_works(self, house):
        for address in self.addresses(house):
            assert house.client().get(address).status_code == 200, address

    def test_viewers_look_and_change_nothing(self, house):
        answers = [house.client(house.bob).get(address).status_code for address in self.addresses(house)]
        assert answers == [200, 200, 403, 403, 403, 403, 403]

    def test_strangers_find_nothing_and_nobody_is_sent_to_the_login(self, house):
        for address in self.addresses(house):
            assert house.client(house.charlie).get(address).status_code == 404
            assert Client().get(address).status_code == 302

    def test_a_set_that_reaches_elsewhere_is_not_there(self, house):
        made = saved(house, house.mappings[0], make_mapping(make_dataflow(make_workspace("hotels"))))
        client = house.client()
        assert client.get(house.url("set", made.pk)).status_code == 404
        assert made.name not in text(client.get(house.url("sets")))
        assert client.post(house.url("delete_set", made.pk)).status_code == 404

    @pytest.mark.parametrize("name", ["remove_from_set", "pause_schedule", "resume_schedule"])
    def test_changes_are_posted_by_those_who_may(self, house, name):
        made = saved(house)
        plan = scheduled(house, made)
        address = house.url(name, *([made.pk] if name == "remove_from_set" else [made.pk, plan.pk]))
        assert house.client().get(address).status_code == 405
        assert house.client(house.bob).post(address, {"m": [house.mappings[0].pk]}).status_code == 403
        assert made.chosen.count() == 3

    def test_a_schedule_of_another_set_is_not_found(self, house):
        made, other = saved(house), saved(house)
        plan = scheduled(house, other)
        assert house.client().post(house.url("delete_schedule", made.pk, plan.pk)).status_code == 404


class TestSaving:
    def test_from_the_press_page(self, house):
        client = house.client()
        chosen = {"m": [mapping.pk for mapping in house.mappings[:2]]}
        assert 'id="save-set"' in text(client.get(f"{house.url('activate')}?sel={fold(chosen['m'])}"))
        asked = client.post(house.url("save_set"), chosen)
        assert (asked.status_code, ActivationSet.objects.count()) == (200, 0)
        assert "Save 2 mappings as a set" in text(asked)
        sel = asked.context["sel"]
        answer = client.post(house.url("save_set"), {"sel": sel, "name": "Sale", "go": "save"})
        made = ActivationSet.objects.get()
        assert answer["Location"] == house.url("set", made.pk)
        assert set(made.mappings.all()) == set(house.mappings[:2])

    def test_from_an_activation_into_a_set(self, house):
        made = saved(house, house.mappings[0])
        activation = house.activation(*house.mappings[:3])
        asked = house.client().post(house.url("save_set"), {"activation": activation.pk})
        assert asked.context["count"] == 3
        chosen = {"sel": asked.context["sel"], "into": made.pk, "go": "save"}
        answer = house.client().post(house.url("save_set"), chosen, follow=True)
        assert "2 mappings added." in text(answer)
        assert made.chosen.count() == 3

    def test_without_a_name_nothing_is_lost(self, house):
        sel = fold(mapping.pk for mapping in house.mappings)
        answer = house.client().post(house.url("save_set"), {"sel": sel, "go": "save", "name": " "})
        assert answer.status_code == 422
        assert "Give the set a name" in text(answer)
        assert answer.context["sel"] == sel

    def test_a_name_that_another_set_has_is_refused_beside_the_field(self, house):
        made = saved(house)
        given = {"m": [house.mappings[0].pk], "name": f" {made.name} ", "go": "save"}
        answer = house.client().post(house.url("save_set"), given)
        assert answer.status_code == 422
        assert answer.context["form"].errors["name"] == [
            "Another set has this name already. Choose a different one."
        ]
        assert ActivationSet.objects.count() == 1
        assert house.client().post(house.url("save_set"), {**given, "into": made.pk}).status_code == 302

    def test_a_name_that_only_a_set_out_of_sight_has_is_free(self, house):
        made = saved(house, make_mapping(make_dataflow(make_workspace("hotels"))))
        given = {"m": [house.mappings[0].pk], "name": made.name, "go": "save"}
        assert house.client().post(house.url("save_set"), given).status_code == 302

    def test_nobody_adds_to_a_set_that_is_not_theirs_to_change(self, house):
        there = make_mapping(make_dataflow(make_workspace("hotels")))
        made = saved(house, there)
        chosen = {"m": [house.mappings[0].pk], "into": made.pk, "go": "save"}
        assert "not yours to change" in text(house.client().post(house.url("save_set"), chosen))
        assert house.client().post(house.url("save_set"), {"m": [there.pk]}).status_code == 404
        assert made.chosen.count() == 1

    @pytest.mark.parametrize("chosen", [{}, {"sel": "rubbish"}, {"m": ["x", "-1"]}])
    def test_nothing_chosen_is_said(self, house, chosen):
        answer = house.client().post(house.url("save_set"), chosen, follow=True)
        assert "nothing to save" in text(answer)

    def test_viewers_save_nothing(self, house):
        answer = house.client(house.bob).post(house.url("save_set"), {"m": [house.mappings[0].pk]})
        assert answer.status_code == 403


class TestTheSet:
    def test_two_clicks_activate_it_again(self, house):
        made, client = saved(house), house.client()
        sel = client.get(house.url("set", made.pk)).context["sel"]
        asked = client.post(house.url("confirm"), {"sel": sel, "set": made.pk})
        assert "Send <b>3" in text(asked) or "3 audiences" in text(asked)
        answer = client.post(
            house.url("press"), {"paper": paper_of(asked), "set": made.pk, "name": made.name}
        )
        assert answer.status_code == 303
        activation = Activation.objects.get()
        assert (activation.of_set, activation.set_version, activation.name) == (made, 1, made.name)
        page = text(client.get(house.url("set", made.pk)))
        assert activation.get_absolute_url() in page

    def test_workspaces_of_a_set_go_in_one_press(self, house):
        there = make_workspace("hotels")
        for user in (house.alice, house.bob):
            user.memberships.create(workspace=there, role="activator")
        made, client = saved(house, house.mappings[0], make_mapping(make_dataflow(there))), house.client()
        page = client.get(house.url("set", made.pk))
        assert [place.workspace for place in page.context["places"]] == [there, house.workspace]
        asked = client.post(house.url("confirm"), {"sel": page.context["sel"], "set": made.pk})
        client.post(house.url("press"), {"paper": paper_of(asked), "set": made.pk})
        activation = Activation.objects.get()
        assert activation.of_set == made
        assert {one.workspace for one in activation.deliveries.all()} == {there, house.workspace}
        # Bob may look at both, and press in one: he changes and presses nothing of it.
        looked = text(house.client(house.bob).get(house.url("set", made.pk)))
        assert "You may look here, but not press." in looked
        assert (
            house.client(house.bob).post(house.url("confirm"), {"sel": page.context["sel"]}).status_code
            == 403
        )

    def test_a_form_cannot_claim_a_set_that_is_not_seen(self, house):
        made = saved(house, make_mapping(make_dataflow(make_workspace("hotels"))))
        client = house.client()
        paper = house.paper(client)
        client.post(house.url("press"), {"paper": paper, "set": made.pk})
        assert Activation.objects.get().of_set is None

    def test_what_vanished_is_named_before_and_in_the_question(self, house):
        made, client = saved(house), house.client()
        Mapping.objects.filter(pk=house.mappings[0].pk).update(vanished_at=timezone.now())
        answer = client.get(house.url("set", made.pk))
        name = escape(str(house.mappings[0].audience))
        assert f"No longer mapped at Adobe, so it cannot go: {name}" in text(answer)
        chosen = {"sel": answer.context["sel"], "set": made.pk}
        asked = text(client.post(house.url("confirm"), chosen))
        assert f"{name} → Campaign S3 is blocked" in asked

    def test_removing_renaming_deleting(self, house):
        made, client = saved(house), house.client()
        chosen = {"m": [house.mappings[0].pk]}
        assert "1 mapping removed." in text(
            client.post(house.url("remove_from_set", made.pk), chosen, follow=True)
        )
        answer = client.post(house.url("rename_set", made.pk), {"name": "Saturday"}, follow=True)
        assert "You renamed it from “Friday flash sale” to “Saturday”" in text(answer)
        assert "version 3" in text(answer)
        assert client.post(house.url("rename_set", made.pk), {"name": ""}).status_code == 422
        saved(house)
        answer = client.post(house.url("rename_set", made.pk), {"name": "Friday flash sale"})
        assert "Another set has this name already." in text(answer)
        ActivationSet.objects.exclude(pk=made.pk).delete()
        asked = client.get(house.url("delete_set", made.pk))
        assert "Delete “Saturday”?" in text(asked)
        client.post(house.url("delete_set", made.pk))
        assert not ActivationSet.objects.exists()

    def test_the_last_mappings_stay(self, house):
        made = saved(house)
        chosen = {"m": [mapping.pk for mapping in house.mappings]}
        answer = house.client().post(house.url("remove_from_set", made.pk), chosen, follow=True)
        assert "Delete the set instead" in text(answer)
        assert made.chosen.count() == 3


class TestSchedules:
    def test_a_new_one_says_when_it_goes_next(self, house):
        made, client = saved(house), house.client()
        answer = client.post(house.url("new_schedule", made.pk), WEEKLY, follow=True)
        page = text(answer)
        assert "Every Monday and Friday at 09:00, Europe/Berlin" in page
        assert page.count(" 09:00 CE") >= 6
        assert Schedule.objects.get().by == house.alice
        assert "alice" in page or "In the name of" in page

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"kind": "secondly"}, "kind"),
            ({"kind": ""}, "kind"),
            ({"weekdays": []}, "weekdays"),
            ({"weekdays": ["7"]}, "weekdays"),
            ({"at": "09:00:30"}, "at"),
            ({"at": "24:00"}, "at"),
            ({"at": ""}, "at"),
            ({"zone": "Europe/Atlantis"}, "zone"),
            ({"zone": "../../etc/passwd"}, "zone"),
            ({"until": "2020-01-01"}, "until"),
            ({"until": "2026-02-30"}, "until"),
            ({"tolerance": "0"}, "tolerance"),
            ({"kind": "monthly", "month_day": "32"}, "month_day"),
            ({"kind": "once", "day": ""}, "day"),
            ({"kind": "once", "day": "2026-02-30"}, "day"),
            ({"kind": "once", "day": "2020-01-01"}, "day"),
            ({"kind": "once", "day": "9999-12-31"}, "day"),
            ({"waits": "perhaps"}, "waits"),
        ],
    )
    def test_bad_input_gets_a_sentence_on_its_field(self, house, change, field):
        made = saved(house)
        answer = house.client().post(house.url("new_schedule", made.pk), {**WEEKLY, **change})
        assert answer.status_code == 422
        form = answer.context["form"]
        assert list(form.errors) == [field]
        assert str(form.errors[field][0]).rstrip().endswith(".")
        assert escape(str(form.errors[field][0])) in answer.content.decode()
        assert not Schedule.objects.exists()

    @pytest.mark.parametrize(("given", "field"), [(WEEKLY, "at"), ({"kind": "soon", "zone": "UTC"}, "kind")])
    def test_the_same_one_twice_is_refused_beside_its_field(self, house, given, field):
        address = house.url("new_schedule", saved(house).pk)
        assert house.client().post(address, given).status_code == 302
        again = house.client().post(address, given)
        assert again.status_code == 422
        assert "The set has this very schedule already." in again.context["form"].errors[field][0]
        plan = Schedule.objects.get()
        assert house.client().post(address, {**WEEKLY, "at": "09:01"}).status_code == 302
        change = house.url("change_schedule", plan.of_set_id, plan.pk)
        assert house.client().post(change, given).status_code == 302

    def test_what_another_kind_asks_for_is_not_looked_at(self, house):
        made = saved(house)
        given = {**WEEKLY, "kind": "daily", "weekdays": ["9"], "month_day": "99", "day": "never"}
        assert house.client().post(house.url("new_schedule", made.pk), given).status_code == 302
        assert Schedule.objects.get().weekdays == []

    def test_a_time_that_does_not_exist_is_told(self, house):
        made = saved(house)
        given = {**WEEKLY, "kind": "once", "day": "2027-03-28", "at": "02:30"}
        page = text(house.client().post(house.url("new_schedule", made.pk), given, follow=True))
        assert "skip 02:30" in page
        assert "Sun 28 Mar 2027 03:00 CEST" in page

    def test_as_soon_as_allowed(self, house):
        made = saved(house)
        given = {"kind": "soon", "zone": "UTC"}
        page = text(house.client().post(house.url("new_schedule", made.pk), given, follow=True))
        assert "As soon as allowed" in page
        assert "Gives up after" in page

    def test_as_soon_as_allowed_says_before_and_after_how_many_leave_at_once(self, house):
        made, client = saved(house), house.client()
        at_once = "3 deliveries can go now: they leave within a minute of saving, without another question."
        assert at_once in text(client.get(house.url("new_schedule", made.pk)))
        given = {"kind": "soon", "zone": "UTC"}
        assert at_once in text(client.post(house.url("new_schedule", made.pk), given, follow=True))

    def test_as_soon_as_allowed_says_what_keeps_it_from_going(self, house):
        made = saved(house)
        Dataflow.objects.update(state="disabled")
        page = text(house.client().get(house.url("new_schedule", made.pk)))
        assert "3 deliveries of the set are blocked now: nothing leaves before that has changed." in page
        assert "leave within a minute" not in page
        Mapping.objects.update(vanished_at=timezone.now())
        assert 'id="soon"' not in text(house.client().get(house.url("new_schedule", made.pk)))

    def test_change_pause_resume_delete(self, house):
        made, client = saved(house), house.client()
        plan = scheduled(house, made)
        form = client.get(house.url("change_schedule", made.pk, plan.pk)).context["form"]
        assert form["kind"].value() == "daily"
        client.post(house.url("change_schedule", made.pk, plan.pk), WEEKLY)
        plan.refresh_from_db()
        assert (plan.kind, plan.weekdays) == ("weekly", [0, 4])
        assert "Paused by alice" in text(
            client.post(house.url("pause_schedule", made.pk, plan.pk), follow=True)
        )
        assert "Resumed" in text(client.post(house.url("resume_schedule", made.pk, plan.pk), follow=True))
        client.post(house.url("delete_schedule", made.pk, plan.pk))
        assert not Schedule.objects.exists()
        assert made.changes.first().what == "schedule_removed"

    def test_the_last_outcome_is_shown(self, house):
        made = saved(house)
        plan = scheduled(house, made)
        moment = timezone.now().replace(second=0, microsecond=0)
        Schedule.objects.filter(pk=plan.pk).update(fire_at=moment, at=moment.time(), zone="UTC")
        firing.fire(plan.pk)
        activation = Activation.objects.get()
        for address in (house.url("set", made.pk), house.url("sets")):
            assert activation.get_absolute_url() in text(house.client().get(address)), address
        page = text(house.client().get(house.url("activation", activation.pk)))
        assert "by a schedule of yours" in page
        assert "Your schedule of the set “Friday flash sale” activated 3 deliveries" in page
        looked = text(house.client(house.bob).get(house.url("activation", activation.pk)))
        told = "A schedule of the set “Friday flash sale” activated 3 deliveries, in the name of alice"
        assert told in looked
        assert "pressed Activate now" not in page + looked
        Schedule.objects.filter(pk=plan.pk).update(fire_at=moment - 3 * DAY)
        firing.fire(plan.pk, now=moment - 2 * DAY - timedelta(hours=5))
        assert plan.firings.count() == 2

    def test_the_overview_says_what_goes_next(self, house):
        made = saved(house)
        scheduled(house, made)
        page = text(house.client().get(house.url("overview")))
        assert "Friday flash sale" in page
        assert "Goes next" in page


class TestQueries:
    """A page costs the same however much it shows."""

    def grow(self, house: House, made: ActivationSet, count: int) -> None:
        flow = make_dataflow(house.workspace)
        sets.add(
            made, [make_mapping(flow, make_audience(house.workspace)) for _ in range(count)], by=house.alice
        )
        for number in range(count):
            plan = scheduled(house, saved(house))
            other = scheduled(house, made)
            for one in (plan, other):
                moment = timezone.now().replace(second=0, microsecond=0) - number * DAY
                Schedule.objects.filter(pk=one.pk).update(fire_at=moment, at=moment.time(), zone="UTC")
                firing.fire(one.pk, now=moment)

    def test_constant(self, house):

        made, client = saved(house), house.client()
        addresses = [house.url("set", made.pk), house.url("sets"), house.url("overview")]
        counted = []
        for count in (3, 8):
            self.grow(house, made, count)
            asked = []
            for address in addresses:
                client.get(address)
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(address).status_code == 200
                asked.append(len(captured))
            counted.append(asked)
        assert counted[0] == counted[1], dict(zip(addresses, zip(*counted, strict=True), strict=True))
