"""Share links: their token, their end, whose right they carry, and what is left of them."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from hashlib import sha256

import pytest
import structlog
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activations import links, tasks
from activations.models import Activation, Event, Share, ShareLink
from activations.summary import summarize
from audiences.models import Membership, Role
from config.logs import configure, without_tokens
from tests.activations.house import House, make_house
from tests.catalogue import make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house(2)


@pytest.fixture
def made(house: House) -> Activation:
    return house.activation(name="Friday flash sale")


def test_it_works(house: House, made: Activation) -> None:
    now = timezone.now()
    link, token = links.make(made, "hour", by=house.alice, now=now)
    assert links.find(token, now) == link
    assert links.find(token[:-1], now) is None
    assert links.find("", now) is None


def test_only_a_hash_of_256_random_bits_is_kept(house: House, made: Activation) -> None:
    link, token = links.make(made, "hour", by=house.alice, now=timezone.now())
    assert len(token) == 43
    assert link.digest == sha256(token.encode()).hexdigest()
    stored = [str(value) for value in ShareLink.objects.values().get(pk=link.pk).values()]
    stored += [json.dumps(data) for data in Event.objects.values_list("data", flat=True)]
    assert not any(token in value for value in stored)
    assert links.make(made, "hour", by=house.alice, now=timezone.now())[1] != token


@pytest.mark.parametrize(("span", "lasts"), [("hour", 3600), ("day", 86_400), ("week", 604_800)])
def test_it_ends_by_the_clock(house: House, made: Activation, span: str, lasts: int) -> None:
    now = timezone.now()
    link, token = links.make(made, span, by=house.alice, now=now)
    assert links.find(token, now + timedelta(seconds=lasts - 1)) == link
    assert links.find(token, now + timedelta(seconds=lasts)) is None
    assert not links.revoke(link, by=house.alice, now=now + timedelta(seconds=lasts))


def test_a_revoked_one_is_over_at_once_and_for_good(house: House, made: Activation) -> None:
    now = timezone.now()
    link, token = links.make(made, "week", by=house.alice, now=now)
    _other, still = links.make(made, "week", by=house.alice, now=now)
    assert links.revoke(link, by=house.alice, now=now)
    assert links.find(token, now) is None
    assert links.find(still, now) is not None
    assert not links.revoke(link, by=house.alice, now=now)
    assert Event.objects.filter(what="unshared").count() == 1


def test_the_story_tells_who_and_open_pages_hear_of_it(house: House, made: Activation) -> None:
    now, version = timezone.now(), made.version
    link, _token = links.make(made, "hour", by=house.alice, now=now)
    links.revoke(link, by=house.alice, now=now + timedelta(seconds=1))
    made.refresh_from_db()
    assert made.version == version + 2
    page = house.client(house.bob).get(house.url("activation", made.pk)).content.decode()
    assert "alice made a share link" in page
    assert "alice revoked a share link" in page
    assert summarize(made).total == 2


def test_it_carries_the_right_of_whoever_made_it(house: House, made: Activation) -> None:
    now = timezone.now()
    _link, token = links.make(made, "hour", by=house.alice, now=now)
    mine = Membership.objects.filter(user=house.alice)
    mine.update(role=Role.VIEWER)
    assert links.find(token, now) is None
    mine.update(role=Role.ACTIVATOR)
    assert links.find(token, now) is not None
    house.alice.is_active = False
    house.alice.save()
    assert links.find(token, now) is None
    house.alice.is_active = True
    house.alice.save()
    mine.delete()
    assert links.find(token, now) is None
    house.alice.is_superuser = True
    house.alice.save()
    assert links.find(token, now) is not None
    house.alice.delete()
    assert links.find(token, now) is None


def test_across_workspaces_it_needs_the_right_in_each(house: House, made: Activation) -> None:
    now = timezone.now()
    _link, token = links.make(made, "hour", by=house.alice, now=now)
    far = make_workspace("far", name="Far")
    for place in (house.workspace, far):
        Share.objects.create(activation=made, workspace=place)
    assert links.find(token, now) is None
    member = Membership.objects.create(workspace=far, user=house.alice, role=Role.VIEWER)
    assert links.find(token, now) is None
    member.role = Role.ACTIVATOR
    member.save()
    assert links.find(token, now) is not None


def test_rows_of_long_ago_are_forgotten_and_the_story_stays(house: House, made: Activation) -> None:
    now = timezone.now()
    old, _token = links.make(made, "hour", by=house.alice, now=now - links.KEPT - timedelta(hours=2))
    gone, _token = links.make(made, "week", by=house.alice, now=now)
    links.revoke(gone, by=house.alice, now=now)
    ShareLink.objects.filter(pk=gone.pk).update(revoked_at=now - links.KEPT - timedelta(minutes=1))
    lately, _token = links.make(made, "hour", by=house.alice, now=now - links.KEPT)
    tasks.link_tick()
    assert list(ShareLink.objects.all()) == [lately]
    assert Event.objects.filter(what="shared").count() == 3
    assert old.pk != gone.pk


def test_looking_costs_the_same_question_for_every_kind_of_no(
    house: House, made: Activation, django_assert_num_queries
) -> None:
    now = timezone.now()
    revoked, first = links.make(made, "week", by=house.alice, now=now)
    links.revoke(revoked, by=house.alice, now=now)
    _ended, second = links.make(made, "hour", by=house.alice, now=now - timedelta(hours=2))
    for token in (first, second, "x" * 43, "short"):
        with django_assert_num_queries(1):
            assert links.find(token, now) is None


class TestLogs:
    def test_tokens_are_struck_out_of_everything(self) -> None:
        said = {
            "event": "Forbidden: /shared/abcDEF_-123/status/", "path": "http://x/shared/abcDEF_-123", "n": 4,
            "exception": "File /shared/abcDEF_-123?v=1",
        }  # fmt: skip
        assert without_tokens(None, "", said) == {
            "event": "Forbidden: /shared/[redacted]/status/", "path": "http://x/shared/[redacted]", "n": 4,
            "exception": "File /shared/[redacted]?v=1",
        }  # fmt: skip

    def test_what_django_logs_of_a_refused_form_names_no_token(self, house, made, client, capsys) -> None:
        from django.test import Client

        _link, token = links.make(made, "hour", by=house.alice, now=timezone.now())
        configure(level="DEBUG", as_json=True)
        try:
            answer = Client(enforce_csrf_checks=True).post(reverse("activations:shared", args=[token]))
            structlog.get_logger("ours").info("Asked.", path=f"/shared/{token}/")
            logging.getLogger("elsewhere").warning("GET /shared/%s/status/ 200", token)
        finally:
            configure(level="INFO", as_json=False)
        assert answer.status_code == 403
        written = capsys.readouterr().err
        assert "/shared/[redacted]/" in written
        assert token not in written


class TestAdmin:
    LIST = "admin:activations_sharelink_changelist"

    def staff(self, house: House, *rights: str) -> object:
        from django.contrib.auth.models import Permission

        house.alice.is_staff = True
        house.alice.save()
        house.alice.user_permissions.add(*Permission.objects.filter(codename="view_sharelink"))
        return house.client()

    def test_it_lists_and_revokes(self, house: House, made: Activation) -> None:
        now = timezone.now()
        link, token = links.make(made, "day", by=house.alice, now=now)
        client = self.staff(house)
        page = client.get(reverse(self.LIST)).content.decode()
        assert "Friday flash sale" in page
        assert link.digest not in page
        detail = client.get(reverse("admin:activations_sharelink_change", args=[link.pk])).content.decode()
        assert "open" in detail
        assert link.digest not in detail
        assert 'name="_save"' not in detail
        said = client.post(
            reverse(self.LIST), {"action": "revoke_chosen", "_selected_action": [link.pk]}, follow=True
        )
        assert "1 link revoked." in said.content.decode()
        assert links.find(token, timezone.now()) is None
        assert Event.objects.get(what="unshared").actor == house.alice
        assert "revoked" in client.get(reverse(self.LIST)).content.decode()

    def test_filters_tell_open_from_over(self, house: House, made: Activation) -> None:
        now = timezone.now()
        links.make(made, "day", by=house.alice, now=now)
        links.make(made, "hour", by=house.alice, now=now - timedelta(days=1))
        client = self.staff(house)
        for value, count in (("open", 1), ("over", 1), ("", 2)):
            assert client.get(reverse(self.LIST) + f"?now={value}").context["cl"].result_count == count

    def test_the_list_costs_the_same_for_many(self, house: House, made: Activation) -> None:
        client, counts = self.staff(house), []
        for more in (1, 9):
            for _ in range(more):
                links.make(made, "day", by=house.alice, now=timezone.now())
            client.get(reverse(self.LIST))
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse(self.LIST))
            counts.append(len(asked))
        assert counts[0] == counts[1]

    def test_who_may_not_press_revokes_nothing(self, house: House, made: Activation) -> None:
        link, token = links.make(made, "day", by=house.alice, now=timezone.now())
        other = make_user("dora", "activator", house.workspace)
        ShareLink.objects.update(made_by=other)
        client = self.staff(house)
        Membership.objects.filter(user=house.alice).update(role=Role.VIEWER)
        said = client.post(
            reverse(self.LIST), {"action": "revoke_chosen", "_selected_action": [link.pk]}, follow=True
        )
        assert "Nothing was done." in said.content.decode()
        assert links.find(token, timezone.now()) is not None

    def test_links_of_other_workspaces_are_not_listed(self, house: House, made: Activation) -> None:
        links.make(made, "day", by=house.alice, now=timezone.now())
        client = self.staff(house)
        Membership.objects.filter(user=house.alice).delete()
        assert "Friday flash sale" not in client.get(reverse(self.LIST)).content.decode()
