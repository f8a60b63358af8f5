"""The pages of notices and channels: who may see which, what they show, and what they never show."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from notices import rounds, signing
from notices.bell import AT_MOST, unread
from notices.models import Channel, Errand, Notice
from notices.outbox import collect
from tests.activations.house import House
from tests.catalogue import make_user, make_workspace
from tests.notices.conftest import channel, finished

pytestmark = pytest.mark.django_db
SETTINGS = "/settings/notifications/"
SLACK = "https://hooks.slack.com/services/T0000000A/B0000000A/abcdefghijklmnopqrstuvwx"


@pytest.fixture
def root(house: House) -> Client:
    return house.client(make_user("root", is_superuser=True, is_staff=True))


def add(client: Client, kind: str, **fields: Any) -> Any:
    scope = fields.pop("scope", "")
    known = {"name": "Mine", "tells": ["failures", "recovered"], "about": "all", **fields}
    return client.post(f"{SETTINGS}new/{kind}/{scope}", known)


def secret_on(client: Client) -> str:
    html = client.get(f"{SETTINGS}new/webhook/").content.decode()
    found = re.search(r'name="secret" value="([^"]+)"', html)
    assert found
    return found[1].replace("&#x2B;", "+")


class TestChannels:
    def test_it_works(self, house, settings):
        client = house.client()
        assert "None yet" in client.get(SETTINGS).content.decode()
        settings.EMAIL_URL = "smtp://mail.example.com"
        answer = add(client, "email", address="alice@example.com")
        made = Channel.objects.get()
        assert answer.url == reverse("notices:channel", args=[made.pk])
        assert (made.owner, made.address, made.place) == (
            house.alice,
            "alice@example.com",
            "alice@example.com",
        )
        assert client.post(f"{answer.url}test/").url == answer.url
        html = client.get(answer.url).content.decode()
        assert "Waiting" in html
        assert 'hx-trigger="every 1s"' in html
        rounds.carry_due()
        html = client.get(answer.url).content.decode()
        assert "Sent" in html
        assert "hx-trigger" not in html
        assert mail.outbox[0].to == ["alice@example.com"]
        assert "Sent" in client.get(SETTINGS).content.decode()

    def test_a_slack_address_is_kept_encrypted_and_never_shown(self, house):
        client = house.client()
        page = add(client, "chat", address=SLACK).url
        made = Channel.objects.get()
        assert made.place == "Slack"
        assert "B0000000A" not in made.address_encrypted
        pages = [page, f"{page}edit/", f"{page}remove/", SETTINGS]
        shown = "".join(client.get(url).content.decode() for url in pages)
        assert "Slack" in shown
        assert "B0000000A" not in shown
        assert "B0000000A" not in repr(made)

    def test_an_empty_address_keeps_the_present_one(self, house):
        client = house.client()
        page = add(client, "chat", address=SLACK).url
        add_url = f"{page}edit/"
        assert (
            client.post(add_url, {"name": "Ours", "tells": ["well"], "about": "mine", "address": ""}).url
            == page
        )
        made = Channel.objects.get()
        assert (made.name, made.address, made.tells, made.about) == ("Ours", SLACK, ["well"], "mine")

    def test_a_webhook_is_offered_a_fresh_secret_that_is_never_shown_again(self, house):
        client = house.client()
        first, second = secret_on(client), secret_on(client)
        assert first != second
        page = add(client, "webhook", address="https://example.com/hook", secret=first).url
        made = Channel.objects.get()
        assert (made.secret, made.place) == (first, "example.com")
        assert first not in client.get(page).content.decode() + client.get(f"{page}edit/").content.decode()

    @pytest.mark.parametrize(
        ("kind", "address", "said"),
        [
            ("email", "not an address", "Enter a valid email address"),
            ("chat", "nonsense", "looks like"),
            ("chat", "https://example.com/hook", "Add it as a webhook instead"),
            ("chat", "https://hooks.slack.com.evil.example/services/T/B/C", "Add it as a webhook instead"),
            ("chat", "syslog://", "looks like"),
            ("chat", "dbus://session", "acts on the server itself"),
            ("webhook", "http://example.com/hook", "begins with https://"),
            ("webhook", "https://localhost/hook", "this machine or a network of the house"),
            ("webhook", "https://169.254.169.254/latest", "this machine or a network of the house"),
            ("webhook", "https://[::ffff:10.0.0.1]/", "this machine or a network of the house"),
            ("webhook", "https://example.com:port/", "This is no web address"),
            ("webhook", "ftp://example.com/", "begins with https://"),
        ],
    )
    def test_bad_addresses_get_a_sentence(self, house, kind, address, said):
        answer = add(house.client(), kind, address=address, secret=signing.new_secret())
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not Channel.objects.exists()

    @pytest.mark.parametrize("secret", ["short", "whsec_short", "whsec_!!!", "whsec_" + "A" * 400])
    def test_a_weak_secret_is_refused(self, house, secret):
        answer = add(house.client(), "webhook", address="https://example.com/", secret=secret)
        assert answer.status_code == 422
        assert not Channel.objects.exists()

    def test_nothing_to_tell_is_refused(self, house):
        assert (
            "Choose at least one"
            in add(house.client(), "email", address="a@example.com", tells=[]).content.decode()
        )

    def test_it_can_be_switched_off_and_removed(self, house):
        client = house.client()
        page = add(client, "email", address="a@example.com").url
        finished(house, "failed")
        collect()
        client.post(f"{page}switch/", {"on": "0"})
        assert Errand.objects.get().state == Errand.State.DROPPED
        assert "Switch on" in client.get(page).content.decode()
        client.post(f"{page}switch/", {"on": "1"})
        assert Channel.objects.get().enabled
        assert client.get(f"{page}remove/").status_code == 200
        assert Channel.objects.exists()
        client.post(f"{page}remove/")
        assert not Channel.objects.exists()

    def test_failures_are_shown_on_its_page(self, house, receiver):
        receiver.answers, receiver.body = [500], "the queue is full"
        made = channel(house, receiver.url, owner=house.alice)
        finished(house, "failed")
        collect()
        rounds.carry_due()
        html = house.client().get(reverse("notices:channel", args=[made.pk])).content.decode()
        assert "It answered 500. the queue is full" in html
        assert "Failed, tried again" in html
        assert "It is left alone until" in html

    def test_without_a_mail_server_the_form_and_the_channel_say_so(self, house, settings):
        settings.EMAIL_URL = ""
        client, said = house.client(), "No mail server is set"
        assert said in client.get(f"{SETTINGS}new/email/").content.decode()
        assert said not in client.get(f"{SETTINGS}new/webhook/").content.decode()
        page = client.get(add(client, "email", address="alice@example.com").url)
        assert said in page.content.decode()
        assert page.context["channel"].shown.word == "On, but failing"
        assert "On, but failing" in client.get(SETTINGS).content.decode()
        settings.EMAIL_URL = "smtp://mail.example.com"
        again = client.get(reverse("notices:channel", args=[page.context["channel"].pk]))
        assert again.context["channel"].shown.word == "On"
        assert said not in again.content.decode()

    def test_one_whose_last_try_failed_is_not_simply_on(self, house):
        made = channel(house, "https://example.com/hook", owner=house.alice, workspace=None, failures=1)
        page = house.client().get(reverse("notices:channel", args=[made.pk])).content.decode()
        assert "On, but failing" in page

    def test_an_unchanged_poll_says_nothing(self, house):
        client = house.client()
        page = add(client, "email", address="a@example.com").url
        client.post(f"{page}test/")
        mark = re.search(r"errands/\?v=(\w+)", client.get(page).content.decode())[1]
        assert client.get(f"{page}errands/?v={mark}").status_code == 204
        rounds.carry_due()
        assert "No mail server is set" in client.get(f"{page}errands/?v={mark}").content.decode()


class TestWhoMay:
    def test_own_channels_are_nobody_elses(self, house, root):
        page = add(house.client(), "email", address="alice@example.com").url
        for client in (house.client(house.bob), house.client(house.charlie), root):
            assert client.get(page).status_code == 404
            assert client.post(f"{page}test/").status_code == 404
            assert client.post(f"{page}remove/").status_code == 404
            assert "alice@example.com" not in client.get(SETTINGS).content.decode()

    def test_a_workspaces_channels_are_its_administrators(self, house, root):
        answer = add(root, "email", address="ops@example.com", scope="?for=northwind")
        made = Channel.objects.get()
        assert (made.workspace, made.owner) == (house.workspace, None)
        assert "ops@example.com" in root.get(SETTINGS).content.decode()
        for person in (house.alice, house.bob, house.charlie):
            client = house.client(person)
            assert client.get(answer.url).status_code == 404
            assert add(client, "email", address="x@example.com", scope="?for=northwind").status_code == 404
            assert "ops@example.com" not in client.get(SETTINGS).content.decode()

    def test_staff_with_the_permission_look_after_their_own_workspaces(self, house):
        from django.contrib.auth.models import Permission

        staff = make_user("staff", "viewer", house.workspace, is_staff=True)
        staff.user_permissions.add(Permission.objects.get(codename="change_channel"))
        make_workspace("elsewhere")
        client = house.client(staff)
        assert add(client, "email", address="x@example.com", scope="?for=northwind").status_code == 302
        assert add(client, "email", address="x@example.com", scope="?for=elsewhere").status_code == 404

    def test_changes_need_post_and_a_login(self, house):
        page = add(house.client(), "email", address="a@example.com").url
        assert house.client().get(f"{page}test/").status_code == 405
        assert house.client().get(f"{page}switch/").status_code == 405
        assert Client().get(SETTINGS).url.startswith(reverse("login"))
        assert Client(enforce_csrf_checks=True).post(f"{page}test/").status_code in (302, 403)


class TestTheBell:
    def test_it_counts_what_is_new_until_it_is_read(self, house):
        client = house.client()
        finished(house, "failed", name="Flash sale")
        collect()
        assert unread(house.alice) == unread(house.bob) == 1
        assert unread(house.charlie) == 0
        html = client.get(house.url("overview")).content.decode()
        assert re.search(r'class="count state moving">1<', html)
        html = client.get("/notices/").content.decode()
        assert "Flash sale → Campaign S3" in html
        assert ">failed (fixable)<" in html
        assert ">New<" in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)
        client.post("/notices/read/", {"up_to": Notice.objects.get().pk})
        assert unread(house.alice) == 0
        assert unread(house.bob) == 1
        assert "Mark all as read" not in client.get("/notices/").content.decode()

    def test_what_came_after_the_page_was_shown_stays_new(self, house):
        finished(house, "failed")
        collect()
        shown = Notice.objects.get().pk
        finished(house, "succeeded", press="second")
        collect()
        client = house.client()
        client.post("/notices/read/", {"up_to": shown})
        assert unread(house.alice) == 1
        client.post("/notices/read/", {"up_to": 10**30})
        assert unread(house.alice) == 1, "an absurd number is no number"
        client.post("/notices/read/", {"up_to": 10**9})
        finished(house, "succeeded", press="third")
        collect()
        assert unread(house.alice) == 1, "nobody reads ahead"

    def test_only_mine_is_a_choice(self, house):
        client = house.client(house.bob)
        finished(house, "failed")
        collect()
        assert client.post(SETTINGS, {"about": "mine"}).status_code == 302
        assert unread(house.bob) == 0
        assert "Nothing to tell yet" in client.get("/notices/").content.decode()

    def test_a_stranger_sees_nothing_and_news_of_before_are_none(self, house):
        finished(house, "failed", name="Flash sale")
        collect()
        assert "Flash sale" not in house.client(house.charlie).get("/notices/").content.decode()
        late = make_user("late", "viewer", house.workspace)
        assert unread(late) == 0

    def test_it_is_one_query_and_counts_no_further_than_people_care(self, house, django_assert_num_queries):
        activation = finished(house, "failed")
        collect()
        Notice.objects.bulk_create(
            Notice(
                workspace=house.workspace, activation=activation, version=1000 + n, change="failures",
                at=Notice.objects.get().at, data={"counts": {"failed": 1}},
            )
            for n in range(150)
        )  # fmt: skip
        with django_assert_num_queries(1):
            assert unread(house.alice) == AT_MOST
        assert ">99+<" in house.client().get(house.url("overview")).content.decode()


def queries(client: Client, url: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_no_page_asks_more_for_more(house, root):
    made = channel(house, "https://example.com/hook")
    channel(house, "https://example.com/hook", owner=house.alice)
    finished(house, "failed")
    collect()
    pages = ["/notices/", SETTINGS, reverse("notices:channel", args=[made.pk])]
    few = [queries(root, url) for url in pages]
    for number in range(6):
        channel(house, "https://example.com/hook", name=f"Channel {number}")
        finished(house, "failed", press=f"press {number}", name=f"Sale {number}")
        make_workspace(f"more-{number}")
        collect()
    assert [queries(root, url) for url in pages] == few
    assert max(few) <= 9


def test_the_administration_shows_no_address_and_no_secret(house, root):
    made = channel(house, "https://example.com/very-secret-path")
    finished(house, "failed")
    collect()
    shown = ""
    for model in ("channel", "errand", "notice"):
        listed = root.get(f"/admin/notices/{model}/")
        assert listed.status_code == 200
        shown += listed.content.decode()
    answer = root.get(f"/admin/notices/channel/{made.pk}/change/")
    shown += answer.content.decode()
    assert "very-secret-path" not in shown
    assert made.address_encrypted not in shown
    assert made.secret_encrypted not in shown
    root.post("/admin/notices/channel/", {"action": "switch_off", "_selected_action": [made.pk]})
    made.refresh_from_db()
    assert not made.enabled
