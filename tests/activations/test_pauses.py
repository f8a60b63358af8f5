"""Pauses and blackouts: nothing leaves while one stands, everything else goes on, and everybody is told."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from activations import pauses, states
from activations.dispatch import dispatch
from activations.facts import verdicts
from activations.models import Delivery, Event, Pause
from activations.sweep import sweep
from audiences.models import Workspace
from audiences.told import read
from tests.activations.house import make_house
from tests.activations.world import only, states_of
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_user, make_workspace

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=30)


def boss():
    return make_user("boss", is_staff=True, is_superuser=True, first_name="Ann", last_name="Lee")


def test_it_works(stage):
    """Paused: nothing leaves. Lifted: it goes by itself, once."""
    chosen = stage.good(2)
    made = pauses.pause(workspace=stage.workspace, reason="Adobe maintenance", by=boss())
    activation = stage.press(chosen)
    stage.turn(30)
    assert states_of(activation) == {states.ARMED: 2}
    assert stage.posts() == 0
    assert pauses.lift(made, by=None)
    stage.settle()
    assert stage.sent_once(chosen)
    assert states_of(activation) == {states.SUCCEEDED: 2}


class TestScopes:
    def test_a_global_pause_holds_every_workspace(self, stage):
        chosen = stage.good(1)
        pauses.pause(reason="Freeze", by=None)
        activation = stage.press(chosen)
        stage.turn(20)
        assert states_of(activation) == {states.ARMED: 1}
        assert stage.posts() == 0

    def test_a_pause_of_another_workspace_holds_nothing_here(self, stage):
        pauses.pause(workspace=make_workspace("other"), reason="Theirs", by=None)
        chosen = stage.good(1)
        stage.press(chosen)
        stage.settle()
        assert stage.sent_once(chosen)

    def test_a_pause_of_a_destination_lets_the_others_go(self, stage):
        first, *rest = stage.good()
        other = next(m for m in rest if m.dataflow.destination_id != first.dataflow.destination_id)
        pauses.pause(
            workspace=stage.workspace, destination=first.dataflow.destination, reason="Key change", by=None
        )
        activation = stage.press([first, other])
        stage.settle(at_most=6)
        assert stage.sent_once([other])
        assert activation.deliveries.get(mapping=first).state == states.ARMED

    def test_the_longest_of_several_decides(self):
        house = make_house()
        now = timezone.now()
        pauses.pause(workspace=house.workspace, reason="Short", by=None, ends_at=now + SOON)
        pauses.pause(reason="Long", by=None, ends_at=now + 2 * SOON)
        assert pauses.standing(house.workspace, timezone.now()).whole.reason == "Long"
        pauses.pause(workspace=house.workspace, reason="Open", by=None)
        assert pauses.standing(house.workspace, timezone.now()).whole.reason == "Open"

    def test_one_query_answers_for_any_number_of_mappings(self, django_assert_num_queries):
        house = make_house(20)
        pauses.pause(workspace=house.workspace, reason="Stop", by=boss())
        with django_assert_num_queries(1):
            found = pauses.standing(house.workspace, timezone.now())
            assert all(
                found.on(mapping.dataflow.destination_id).who == "Ann Lee" for mapping in house.mappings
            )


class TestTime:
    def test_a_blackout_begins_and_ends_by_itself(self, stage):
        begins = timezone.now() + timedelta(seconds=60)
        pauses.pause(
            workspace=stage.workspace, kind="blackout", reason="Sale", by=None,
            starts_at=begins, ends_at=begins + timedelta(seconds=120),
        )  # fmt: skip
        stage.turn(70)
        chosen = stage.good(1)
        now = stage.now()
        verdict = verdicts(stage.workspace, chosen, now=now)[chosen[0].pk]
        assert (verdict.will_go, verdict.clears_at) == ("waits", begins + timedelta(seconds=120))
        activation = stage.press(chosen)
        stage.turn(1)
        assert states_of(activation) == {states.ARMED: 1}
        stage.turn(115)
        stage.settle()
        assert stage.sent_once(chosen)

    def test_a_pause_that_begins_later_stops_nothing_now(self, stage):
        pauses.pause(reason="Tomorrow", by=None, starts_at=timezone.now() + timedelta(days=1))
        chosen = stage.good(1)
        stage.press(chosen)
        stage.settle()
        assert stage.sent_once(chosen)

    def test_a_deadline_passes_during_a_pause_too(self, stage):
        chosen = stage.good(1)
        pauses.pause(workspace=stage.workspace, reason="Long", by=None)
        Workspace.objects.filter(pk=stage.workspace.pk).update(send_limit=timedelta(minutes=1))
        stage.workspace.refresh_from_db()
        activation = stage.press(chosen)
        stage.turn(90)
        assert (only(activation).state, only(activation).reason) == (states.CANCELED, "never_sent")


class TestWhatIsUnderWay:
    def test_what_was_queued_is_armed_and_says_why(self, stage):
        activation = stage.press(stage.good(1))
        made = pauses.pause(workspace=stage.workspace, reason="Stop now", by=boss())
        assert dispatch(stage.workspace) == 0
        sweep(stage.workspace)
        delivery = only(activation)
        assert (delivery.state, delivery.reason) == (states.ARMED, "paused")
        assert [f["code"] for f in delivery.findings].count("paused") == 1
        assert "Stop now" in str(read(delivery.findings[0]["sentence"]))
        assert "Ann Lee" in str(read(delivery.findings[0]["sentence"]))
        assert activation.events.get(what="armed").data["pause"] == made.pk
        sweep(stage.workspace)
        assert activation.events.filter(what="armed").count() == 1, "told once"

    def test_what_is_running_is_watched_to_its_end(self, stage):
        chosen = stage.good(1)
        activation = stage.press(chosen)
        dispatch(stage.workspace)
        pauses.pause(workspace=stage.workspace, reason="Stop", by=None)
        stage.settle()
        assert states_of(activation) == {states.SUCCEEDED: 1}

    def test_what_is_unconfirmed_is_found_but_not_sent_again(self, stage):
        stage.fault("reset_before")
        chosen = stage.good(1)
        activation = stage.press(chosen)
        dispatch(stage.workspace)
        assert states_of(activation) == {states.UNCONFIRMED: 1}
        made = pauses.pause(workspace=stage.workspace, reason="Stop", by=None)
        posts = stage.posts()
        for _ in range(8):
            stage.turn(20)
        assert stage.posts() == posts, "no second POST while paused"
        assert states_of(activation) == {states.QUEUED: 1}, "a second call stays queued, never blocked"
        pauses.lift(made, by=None)
        stage.settle()
        assert stage.sent_once(chosen)

    def test_an_effect_without_an_answer_is_adopted_during_a_pause(self, stage):
        stage.fault("reset_after")
        chosen = stage.good(1)
        activation = stage.press(chosen)
        dispatch(stage.workspace)
        pauses.pause(workspace=stage.workspace, reason="Stop", by=None)
        stage.settle()
        assert states_of(activation) == {states.SUCCEEDED: 1}
        assert stage.sent_once(chosen)


class TestLifting:
    def test_lifting_twice_is_lifting_once(self):
        made = pauses.pause(reason="Stop", by=None)
        assert pauses.lift(made, by=None)
        assert not pauses.lift(made, by=None)

    def test_what_is_over_cannot_be_lifted(self):
        now = timezone.now()
        made = pauses.pause(reason="Stop", by=None, starts_at=now - SOON, ends_at=now - timedelta(minutes=1))
        assert not pauses.lift(made, by=None)

    def test_lifting_before_the_end_wakes_what_waits(self):
        house = make_house(2)
        made = pauses.pause(
            workspace=house.workspace, reason="Stop", by=None, ends_at=timezone.now() + timedelta(hours=3)
        )
        activation = house.activation()
        assert set(activation.deliveries.values_list("state", flat=True)) == {states.ARMED}
        pauses.lift(made, by=house.alice)
        sweep(house.workspace)
        assert set(activation.deliveries.values_list("state", flat=True)) == {states.QUEUED}

    def test_each_affected_workspace_has_it_in_its_story(self):
        one, two = make_workspace("one"), make_workspace("two")
        ann = boss()
        made = pauses.pause(reason="Stop", by=ann)
        pauses.lift(made, by=ann)
        for place in (one, two):
            told = Event.objects.filter(workspace=place).order_by("pk")
            assert [event.what for event in told] == ["paused", "lifted"]
            assert {event.actor for event in told} == {ann}
            assert told[0].data["reason"] == "Stop"


class TestRefusals:
    def test_a_reason_is_required(self):
        with pytest.raises(ValueError, match="reason"):
            pauses.pause(reason="  ", by=None)

    def test_a_destination_belongs_to_its_workspace(self):
        flow = make_dataflow(make_workspace("one"))
        with pytest.raises(ValueError, match="another workspace"):
            pauses.pause(workspace=make_workspace("two"), destination=flow.destination, reason="x", by=None)
        with pytest.raises(ValueError, match="another workspace"):
            pauses.pause(destination=flow.destination, reason="x", by=None)

    @pytest.mark.parametrize("kind", ["pause", "blackout"])
    def test_a_window_ends_after_it_begins(self, kind):
        now = timezone.now()
        with pytest.raises(ValueError):
            pauses.pause(reason="x", by=None, kind=kind, starts_at=now, ends_at=now)

    def test_a_blackout_has_an_end(self):
        with pytest.raises(ValueError, match="end"):
            pauses.pause(reason="x", by=None, kind="blackout")
        with pytest.raises(IntegrityError), transaction.atomic():
            Pause.objects.create(reason="x", kind="blackout")


class TestBanner:
    def test_every_page_of_the_workspace_tells_who_why_and_until_when(self):
        house = make_house()
        pauses.pause(workspace=house.workspace, reason="<b>Freeze</b>", by=boss())
        client = house.client(house.bob)
        for url in (
            house.url("overview"), house.url("history"), house.url("activate"),
            house.url("dataflow", house.mappings[0].dataflow.platform_id),
            reverse("audiences:destinations", args=[house.workspace.slug]),
            reverse("audiences:audiences", args=[house.workspace.slug]),
        ):  # fmt: skip
            page = client.get(url).content.decode()
            assert page.count("data-pause") == 1, url
            assert "Paused by Ann Lee since" in page
            assert "Reason: “&lt;b&gt;Freeze&lt;/b&gt;”." in page
            assert reverse("admin:activations_pause_changelist") not in page

    def test_staff_are_led_to_the_pauses(self):
        house = make_house()
        pauses.pause(reason="Freeze", by=None)
        page = house.client(boss()).get(house.url("overview")).content.decode()
        assert reverse("admin:activations_pause_changelist") in page

    def test_no_pause_no_banner_and_one_query_at_most(self, django_assert_num_queries):
        house = make_house()
        with django_assert_num_queries(1):
            assert not pauses.shown_on(house.workspace).pauses
        with django_assert_num_queries(0):
            pauses.shown_on(house.workspace)
        assert "data-pause" not in house.client().get(house.url("overview")).content.decode()

    def test_the_choice_says_until_when(self):
        house = make_house()
        ends = timezone.now() + SOON
        pauses.pause(workspace=house.workspace, reason="Freeze", by=boss(), ends_at=ends)
        page = (
            house.client().get(house.url("dataflow", house.mappings[0].dataflow.platform_id)).content.decode()
        )
        assert "Waits until" in page


class TestAdmin:
    def add(self, client, **fields):
        known = {
            "reason": "Freeze", "kind": "pause", "workspace": "", "destination": "",
            "starts_at_0": "2026-01-01", "starts_at_1": "00:00:00", "ends_at_0": "", "ends_at_1": "",
        }  # fmt: skip
        return client.post(reverse("admin:activations_pause_add"), {**known, **fields})

    def keeper(self, house):
        """Staff of one workspace with every right on pauses, but no superuser."""
        from django.contrib.auth.models import Permission

        person = make_user("keeper", "activator", house.workspace, is_staff=True)
        person.user_permissions.set(Permission.objects.filter(content_type__app_label="activations"))
        return person

    def test_a_superuser_pauses_everything_and_lifts_it(self):
        house = make_house()
        ann = boss()
        client = house.client(ann)
        assert self.add(client).status_code == 302
        made = Pause.objects.get()
        assert (made.workspace, made.by, made.kind) == (None, ann, "pause")
        change = reverse("admin:activations_pause_change", args=[made.pk])
        assert "_lift" in client.get(change).content.decode()
        assert client.post(change, {"_lift": "1"}).status_code == 302
        made.refresh_from_db()
        assert made.lifted_by == ann
        assert "_lift" not in client.get(change).content.decode()

    def test_looking_lifts_nothing(self):
        house = make_house()
        made = pauses.pause(reason="Freeze", by=None)
        client = house.client(boss())
        client.get(reverse("admin:activations_pause_change", args=[made.pk]), {"_lift": "1"})
        made.refresh_from_db()
        assert made.lifted_at is None

    def test_staff_pause_their_own_workspace_only(self):
        house = make_house()
        other = make_workspace("other")
        client = house.client(self.keeper(house))
        assert self.add(client).status_code == 200, "global is for superusers"
        assert self.add(client, workspace=other.pk).status_code == 200
        assert not Pause.objects.exists()
        assert self.add(client, workspace=house.workspace.pk).status_code == 302
        assert Pause.objects.get().workspace == house.workspace

    def test_staff_see_global_pauses_but_cannot_lift_them(self):
        house = make_house()
        made = pauses.pause(reason="Freeze all", by=None)
        hidden = pauses.pause(workspace=make_workspace("other"), reason="Their secret", by=None)
        client = house.client(self.keeper(house))
        listed = client.get(reverse("admin:activations_pause_changelist")).content.decode()
        assert "Freeze all" in listed
        assert "Their secret" not in listed
        client.post(reverse("admin:activations_pause_change", args=[made.pk]), {"_lift": "1"})
        client.post(
            reverse("admin:activations_pause_changelist"),
            {"action": "lift_chosen", "_selected_action": [made.pk, hidden.pk]},
        )
        assert Pause.objects.filter(lifted_at=None).count() == 2

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"reason": ""}, "This field is required"),
            ({"kind": "blackout"}, "say when it ends"),
            ({"ends_at_0": "2025-01-01", "ends_at_1": "00:00:00"}, "must end after it begins"),
            ({"ends_at_0": "2026-01-02", "ends_at_1": "00:00:00"}, "would never stand"),
        ],
    )
    def test_nonsense_is_refused_in_words(self, fields, said):
        house = make_house()
        answer = self.add(house.client(boss()), **fields)
        assert said in answer.content.decode()
        assert not Pause.objects.exists()

    def test_a_destination_of_another_workspace_is_refused(self):
        house = make_house()
        foreign = make_dataflow(make_workspace("other")).destination
        answer = self.add(house.client(boss()), workspace=house.workspace.pk, destination=foreign.pk)
        assert "another workspace" in answer.content.decode()

    def test_nobody_deletes_the_history(self):
        house = make_house()
        made = pauses.pause(reason="Freeze", by=None)
        answer = house.client(boss()).post(
            reverse("admin:activations_pause_delete", args=[made.pk]), {"post": "yes"}
        )
        assert answer.status_code == 403
        assert Pause.objects.exists()


def test_a_large_queue_is_held_back_in_few_queries(django_assert_max_num_queries):
    house = make_house(1)
    flow = house.mappings[0].dataflow
    more = [make_mapping(flow, make_audience(house.workspace)) for _ in range(120)]
    house.activation(*more)
    pauses.pause(workspace=house.workspace, reason="Stop", by=None)
    with django_assert_max_num_queries(16):
        pauses.hold_back(house.workspace, timezone.now())
    assert Delivery.objects.filter(state=states.ARMED).count() == 120
