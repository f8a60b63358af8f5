"""A set's own channels and listeners: told besides what people chose, and only while somebody may look."""

from __future__ import annotations

import pytest

from activations import sets, states
from activations.actions import retry
from activations.models import ActivationSet
from audiences.models import Membership
from notices import actions, rounds
from notices.bell import unread
from notices.change import About
from notices.models import Channel, Errand, Listener, Notice, Reader
from notices.outbox import collect
from tests.activations.house import House, ended, running, sent
from tests.catalogue import make_mapping, make_user, make_workspace
from tests.notices.conftest import channel, finished

pytestmark = pytest.mark.django_db
URL = "https://example.com/hook"


@pytest.fixture
def flash(house: House) -> ActivationSet:
    return sets.save(house.mappings, name="Friday flash sale", by=house.alice)


def of_set(house: House, flash: ActivationSet, url: str = URL, **fields) -> Channel:
    return channel(house, url, workspace=None, of_set=flash, created_by=house.alice, **fields)


def told(made: Channel) -> list[str]:
    return list(made.errands.order_by("pk").values_list("notice__change", flat=True))


class TestChannels:
    def test_it_works(self, house, flash, receiver):
        """Once per change and on recovery, over the wire; another activation of the workspace is not its business."""
        made = of_set(house, flash, receiver.url)
        finished(house, "failed", "", press="another")
        other = house.activation(house.mappings[2], of_set=flash, press="of the set")
        (one,) = running(other, sent(other))
        ended([one], states.FAILED, reason="run_failed")
        collect()
        collect()
        assert told(made) == ["failures"]
        retry(other, by=house.alice)
        ended(running(other, sent(other)), states.SUCCEEDED)
        collect()
        assert told(made) == ["failures", "recovered"]
        rounds.carry_due()
        rounds.carry_due()
        assert [one.json["type"] for one in receiver.heard] == ["activation.failures", "activation.recovered"]

    def test_a_test_takes_the_same_way(self, house, flash, receiver):
        made = of_set(house, flash, receiver.url)
        actions.test(made)
        rounds.carry_due()
        assert receiver.heard[0].json["data"]["subject"].startswith("[Friday flash sale]")

    def test_it_is_silent_when_who_added_it_may_no_longer_look(self, house, flash):
        made = of_set(house, flash)
        Membership.objects.filter(user=house.alice).delete()
        finished(house, "succeeded", of_set=flash)
        collect()
        assert told(made) == []

    def test_what_waits_is_dropped_when_they_lose_the_right_meanwhile(self, house, flash, receiver):
        made = of_set(house, flash, receiver.url)
        finished(house, "succeeded", of_set=flash)
        collect()
        Membership.objects.filter(user=house.alice).delete()
        rounds.carry_due()
        assert receiver.heard == []
        assert made.errands.get().state == Errand.State.DROPPED

    def test_a_channel_of_nobody_any_more_says_nothing(self, house, flash, receiver):
        made = of_set(house, flash, receiver.url)
        finished(house, "succeeded", of_set=flash)
        collect()
        Channel.objects.update(created_by=None)
        rounds.carry_due()
        assert made.errands.get().state == Errand.State.DROPPED

    def test_who_saves_it_anew_stands_for_it(self, house, flash):
        made = of_set(house, flash)
        Channel.objects.update(created_by=None)
        page = f"/settings/notifications/{made.pk}/"
        client = house.client()
        assert "it tells nothing" in client.get(page).content.decode()
        client.post(f"{page}edit/", {"name": "Ours", "address": "", "secret": "", "tells": ["well"]})
        assert "it tells nothing" not in client.get(page).content.decode()
        finished(house, "succeeded", of_set=flash)
        collect()
        assert told(made) == ["well"]

    def test_a_set_that_is_deleted_takes_its_channels_along(self, house, flash):
        of_set(house, flash)
        sets.delete(flash, by=house.alice)
        assert not Channel.objects.exists()


class TestListeners:
    def test_a_named_person_hears_though_they_chose_only_their_own(self, house, flash):
        Reader.objects.create(user=house.bob, about=About.MINE)
        mine = channel(house, URL, owner=house.bob, about=About.MINE)
        finished(house, "succeeded", of_set=flash, press="before")
        collect()
        assert (unread(house.bob), told(mine)) == (0, [])
        assert actions.listen(flash, house.bob)
        finished(house, "succeeded", of_set=flash, press="after")
        collect()
        assert told(mine) == ["well"]
        assert unread(house.bob) == 2, "in the dashboard it shows what was before, too"
        assert Notice.objects.for_reader(house.bob, About.MINE).count() == 2

    def test_who_may_not_look_at_all_of_it_is_not_told(self, house, flash):
        assert not actions.listen(flash, house.charlie)
        elsewhere = make_mapping()
        Membership.objects.create(workspace=elsewhere.workspace, user=house.alice, role="activator")
        both = sets.save([house.mappings[0], elsewhere], name="Both", by=house.alice)
        assert not actions.listen(both, house.bob)
        assert not Listener.objects.exists()

    def test_a_listener_who_leaves_hears_no_more(self, house, flash):
        mine = channel(house, URL, owner=house.bob, about=About.MINE)
        actions.listen(flash, house.bob)
        Membership.objects.filter(user=house.bob).delete()
        finished(house, "succeeded", of_set=flash)
        collect()
        assert told(mine) == []


class TestPages:
    def address(self, house, flash):
        return f"/w/{house.workspace.slug}/sets/{flash.pk}/told/"

    def test_it_works(self, house, flash):
        client = house.client()
        page = client.get(house.url("set", flash.pk)).content.decode()
        assert self.address(house, flash) in page
        added = client.post(
            f"/settings/notifications/new/webhook/?set={flash.pk}",
            {"name": "War room", "address": URL, "secret": "whsec_" + "QUJD" * 10, "tells": ["failures"]},
        )
        made = Channel.objects.get()
        assert (made.of_set, made.owner, made.workspace, made.created_by) == (flash, None, None, house.alice)
        assert added.url == f"/settings/notifications/{made.pk}/"
        assert "Friday flash sale" in client.get(added.url).content.decode()
        assert "War room" in client.get(self.address(house, flash)).content.decode()
        assert "War room" in client.get("/settings/notifications/").content.decode()
        said = client.post(self.address(house, flash), {"login": "charlie"})
        assert "may not look at every workspace" in said.content.decode()
        client.post(self.address(house, flash), {"login": "bob"})
        assert Listener.objects.get().person == house.bob
        client.post(f"{self.address(house, flash)}{house.bob.pk}/remove/")
        assert not Listener.objects.exists()

    def test_who_may_only_look_sees_no_channel_and_changes_nothing(self, house, flash):
        made = of_set(house, flash)
        actions.listen(flash, house.alice)
        client = house.client(house.bob)
        page = client.get(self.address(house, flash)).content.decode()
        assert "Operations" not in page
        assert "1 channel" in page
        assert client.post(self.address(house, flash), {"login": "bob"}).status_code == 403
        assert client.post(f"{self.address(house, flash)}{house.alice.pk}/remove/").status_code == 403
        assert client.get(f"/settings/notifications/{made.pk}/").status_code == 404
        assert client.get(f"/settings/notifications/new/email/?set={flash.pk}").status_code == 404

    def test_anybody_takes_themselves_off(self, house, flash):
        actions.listen(flash, house.bob)
        assert (
            house.client(house.bob).post(f"{self.address(house, flash)}{house.bob.pk}/remove/").status_code
            == 302
        )
        assert not Listener.objects.exists()

    def test_strangers_find_nothing(self, house, flash):
        client = house.client(make_user("dora", "viewer", make_workspace("elsewhere")))
        assert client.get(self.address(house, flash)).status_code == 404

    def test_it_costs_the_same_however_many_there_are(self, house, flash, django_assert_num_queries):
        client = house.client()
        of_set(house, flash)
        actions.listen(flash, house.alice)
        client.get(self.address(house, flash))
        with django_assert_num_queries(COST):
            client.get(self.address(house, flash))
        for number in range(10):
            of_set(house, flash, name=f"Channel {number}")
            actions.listen(flash, make_user(f"person-{number}", "viewer", house.workspace))
        with django_assert_num_queries(COST):
            client.get(self.address(house, flash))


COST = 9
