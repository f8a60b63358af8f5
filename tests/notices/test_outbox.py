"""What is news about an activation, and for whom: once per change, whoever looks and however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from activations import actions, states
from activations.models import Activation, Share
from activations.summary import Summary
from audiences.models import Membership
from notices import words
from notices.change import Change
from notices.models import Errand, Notice
from notices.outbox import collect
from notices.standing import Before, news, standing
from tests.activations.house import ended, make_house, running, sent
from tests.catalogue import make_user, make_workspace
from tests.notices.conftest import channel, finished


def told(activation: Activation) -> list[str]:
    return list(activation.notices.filter(told=True).order_by("pk").values_list("change", flat=True))


def line(activation: Activation) -> str:
    collect()
    return words.subject(activation.notices.select_related("workspace", "activation").first())


class TestWhatIsNews:
    def test_it_works(self, house):
        channel(house, "https://example.com/hook")
        activation = finished(house, "succeeded", "succeeded", "succeeded")
        assert collect() == 1
        assert told(activation) == ["well"]
        assert Errand.objects.get().state == Errand.State.WAITING
        assert collect() == 0

    def test_nothing_is_told_while_all_goes_well(self, house):
        activation = finished(house, "succeeded", "", "")
        assert collect() == 0
        assert told(activation) == []

    def test_failures_among_the_moving_need_somebody_and_are_told_once(self, house):
        activation = finished(house, "failed", "", "")
        collect()
        second, third = activation.deliveries.filter(state=states.RUNNING).select_related(
            "audience", "dataflow"
        )
        ended([second], "failed", reason="run_failed")
        collect()
        assert told(activation) == ["needs"]
        ended([third], "succeeded")
        collect()
        assert told(activation) == ["needs", "failures"]

    def test_a_kind_of_trouble_that_was_not_told_yet_is_news_while_others_go_on(self, db):
        house = make_house(4)
        channel(house, "https://example.com/hook", tells=["needs"])
        activation = finished(house, "partly", "", "", "")
        collect()
        second, third, _fourth = (
            activation.deliveries.filter(state=states.RUNNING)
            .select_related("audience", "dataflow")
            .order_by("pk")
        )
        ended([second], "failed", reason="run_failed")
        assert "2 of 4 need somebody" in line(activation)
        assert Errand.objects.count() == 2
        ended([third], "failed", reason="run_failed")
        assert collect() == 0, "more of a kind that was told is no news"
        assert told(activation) == ["needs", "needs"]

    def test_a_retry_that_fails_in_a_new_way_is_told_while_others_go_on(self, house):
        activation = finished(house, "failed", "failed")
        collect()
        assert actions.retry(activation, by=house.alice) == 2
        again = running(activation, sent(activation))
        collect()
        ended(again[:1], "partly")
        collect()
        assert told(activation) == ["failures", "needs"]

    def test_a_finished_resync_is_told_as_finished(self, house):
        activation = finished(house, "finished")
        collect()
        assert told(activation) == ["well"]
        assert line(activation).endswith(": 1 finished resyncing")

    def test_a_retry_that_works_is_a_recovery(self, house):
        channel(house, "https://example.com/hook", tells=["recovered"])
        activation = finished(house, "succeeded", "failed")
        collect()
        assert actions.retry(activation, by=house.alice) == 1
        collect()
        ended(running(activation, sent(activation)), "succeeded")
        collect()
        assert told(activation) == ["failures", "recovered"]
        assert Errand.objects.get().notice.change == Change.RECOVERED

    def test_a_retry_that_fails_is_told_again_at_its_end(self, house):
        activation = finished(house, "failed", "failed")
        collect()
        first = activation.deliveries.order_by("pk")[0]
        actions.retry(activation, by=house.alice, only=[first.pk])
        collect()
        assert told(activation) == ["failures"], (
            "what is left of the failures while the retry goes on is no news"
        )
        ended(running(activation, sent(activation)), "failed", reason="run_failed")
        collect()
        assert told(activation) == ["failures", "failures"]

    def test_what_a_person_took_back_is_no_news_but_what_ran_out_of_time_is(self, house):
        canceled = house.activation(house.mappings[0])
        actions.take_back(
            list(canceled.deliveries.select_related("audience")), what="canceled", now=timezone.now()
        )
        late = house.activation(house.mappings[1])
        actions.take_back(
            list(late.deliveries.select_related("audience")), what="never_sent", now=timezone.now()
        )
        collect()
        assert told(canceled) == []
        assert told(late) == ["failures"]
        assert line(late).endswith("never sent: time ran out (fixable)")

    def test_one_that_cannot_be_judged_does_not_keep_the_others_from_being_told(self, house):
        broken, fine = finished(house, "failed"), None
        fine = house.activation(house.mappings[1])
        ended(running(fine, sent(fine)), "succeeded")
        broken.deliveries.update(findings="nonsense")
        with pytest.raises(AttributeError):
            collect()
        assert told(fine) == ["well"]
        broken.refresh_from_db()
        assert broken.told < broken.version

    @given(st.lists(st.sampled_from([Change.WELL, Change.FAILURES, Change.NEEDS, Change.GOING, Change.OFF])))
    def test_no_change_is_told_twice_in_a_row_and_recovery_follows_trouble(self, course):
        before, said = Before(), []
        for now in course:
            what = news(before, now)
            if what is None:
                continue
            if what.told:
                said.append(what.change)
            trouble = said and said[-1] in (Change.NEEDS, Change.FAILURES)
            before = Before(what.change, bool(trouble))
        for place, change in enumerate(said):
            if change == Change.RECOVERED:
                assert said[place - 1] in (Change.NEEDS, Change.FAILURES)
            if change == Change.WELL and place:
                assert said[place - 1] in (Change.WELL, Change.RECOVERED)

    def test_an_unknown_outcome_needs_somebody(self):
        assert standing(Summary({"stopped": 1, "running": 1}), 0) == Change.NEEDS
        assert standing(Summary({"unconfirmed": 1}), 0) == Change.GOING
        assert standing(Summary({"canceled": 2}), 0) == Change.OFF
        assert standing(Summary({}), 0) == Change.OFF


class TestTheSubject:
    def test_it_names_place_activation_dataflow_and_what_can_be_fixed(self, house):
        activation = finished(house, "succeeded", "succeeded", "failed", name="Friday flash sale")
        assert line(activation) == "[prod] Friday flash sale → Campaign S3: 1 of 3 failed (fixable)"

    def test_a_name_that_says_where_is_not_told_twice(self, house):
        assert line(finished(house, "succeeded")) == "[prod] Audience 0000 → Campaign S3: 1 delivered"

    def test_several_kinds_of_trouble_are_counted(self, house):
        activation = finished(house, "succeeded", "failed", "partly", name="Storm warning")
        assert "2 of 3 need somebody (fixable): 1 partly delivered · 1 failed" in line(activation)

    def test_what_still_goes_is_said(self, house):
        assert line(finished(house, "failed", "", "", name="A")).endswith(
            "1 of 3 failed (fixable), 2 still going"
        )

    def test_the_text_says_what_to_do_and_links_when_the_site_is_known(self, house, settings):
        settings.SITE_URL = "https://activate.example.com/"
        activation = finished(house, "failed", name="A")
        collect()
        text = words.text(Notice.objects.get())
        assert "“The run failed.”" in text
        with override("de"):
            assert "„The run failed.“" in words.text(Notice.objects.get())
        assert f"https://activate.example.com/w/northwind/activations/{activation.pk}/" in text
        settings.SITE_URL = ""
        assert "http" not in words.text(Notice.objects.get())


class TestForWhom:
    def test_own_channels_hear_of_workspaces_that_their_owner_may_look_at(self, house):
        for person in (house.alice, house.bob, house.charlie, make_user("root", is_superuser=True)):
            channel(house, "https://example.com/hook", owner=person, name=person.username)
        gone = make_user("gone", "viewer", house.workspace, is_active=False)
        channel(house, "https://example.com/hook", owner=gone)
        finished(house, "succeeded")
        collect()
        names = sorted(Errand.objects.values_list("channel__name", flat=True))
        assert names == ["alice", "bob", "root"]

    def test_of_what_reaches_into_several_workspaces_only_who_sees_all_of_them_hears(self, house):
        away = make_workspace("away")
        Membership.objects.create(user=house.bob, workspace=away, role="viewer")
        for person in (house.alice, house.bob, make_user("root", is_superuser=True)):
            channel(house, "https://example.com/hook", owner=person, name=person.username)
        activation = finished(house, "succeeded")
        for place in (house.workspace, away):
            Share.objects.create(activation=activation, workspace=place)
        collect()
        assert sorted(Errand.objects.values_list("channel__name", flat=True)) == ["bob", "root"]
        assert [Notice.objects.visible_to(one).count() for one in (house.alice, house.bob)] == [0, 1]

    def test_only_mine_means_what_i_asked_for(self, house):
        for person in (house.alice, house.bob):
            channel(house, "https://example.com/hook", owner=person, about="mine", name=person.username)
        finished(house, "succeeded")
        collect()
        assert [errand.channel.name for errand in Errand.objects.all()] == ["alice"]

    def test_a_channel_that_is_off_or_asked_for_other_changes_hears_nothing(self, house):
        channel(house, "https://example.com/hook", enabled=False)
        channel(house, "https://example.com/hook", tells=["failures"])
        finished(house, "succeeded")
        collect()
        assert not Errand.objects.exists()

    def test_a_channel_belongs_to_a_person_or_to_a_workspace(self, house):
        with pytest.raises(IntegrityError), transaction.atomic():
            channel(house, "https://example.com/hook", owner=house.alice, workspace=house.workspace)


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_one_notice_and_one_errand_per_channel():
    house = make_house()
    channel(house, "https://example.com/hook")
    channel(house, "https://example.com/hook", owner=house.alice)
    found = [finished(house, "succeeded") for _ in range(1)]
    start = Barrier(2)

    def work() -> int:
        try:
            start.wait(10)
            return collect()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        written = [future.result() for future in [pool.submit(work), pool.submit(work)]]
    assert sum(written) == 1
    assert Notice.objects.filter(activation__in=found).count() == 1
    assert Errand.objects.count() == 2


def test_what_happened_before_there_were_notices_is_no_news(house):
    """The migration's own statement."""
    from importlib import import_module

    from django.apps import apps

    activation = finished(house, "failed")
    import_module("activations.migrations.0013_mark_what_is_told").nothing_to_tell(apps, None)
    assert collect(timezone.now() + timedelta(days=1)) == 0
    assert told(activation) == []
