"""The page of a share link: what people outside see, what they do not, and how it ends; and who makes links."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activations import links, states
from activations.models import Activation, Delivery, Event, ShareLink
from activations.outside import OVERDUE
from tests.activations.house import House, ended, make_house, running, sent
from tests.activations.test_pages_activation import mixed

pytestmark = pytest.mark.django_db
PAGES = ("shared", "shared_screen")
POLLS = ("shared_status", "shared_screen_status")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house() -> House:
    return make_house(6)


def link_to(house: House, made: Activation, span: str = "hour", **changes: object) -> str:
    link, token = links.make(made, span, by=house.alice, now=timezone.now())
    if changes:
        ShareLink.objects.filter(pk=link.pk).update(**changes)
    made.refresh_from_db()
    return token


def url(name: str, token: str) -> str:
    return reverse(f"activations:{name}", args=[token])


def test_it_works(house: House) -> None:
    made = mixed(house)
    page = Client().get(url("shared", link_to(house, made))).content.decode()
    for words in (
        "Friday flash sale", "2 delivered · 2 failed · 2 running of 6", "48,198", "Campaign S3", "Audience 0001",
        "The run failed at Adobe", "X-1: disk full", "Shared to look at, until",
        "<title>4/6 · Friday flash sale",
    ):  # fmt: skip
        assert words in page, words


def test_outsiders_are_not_told_that_they_are_needed(house: House) -> None:
    made = mixed(house)
    moving = made.deliveries.filter(state=states.RUNNING).select_related("audience", "dataflow")
    ended(list(moving[:1]), states.PARTLY)
    made.refresh_from_db()
    token = link_to(house, made)
    for name in ("shared", "shared_status"):
        page = Client().get(url(name, token)).content.decode()
        assert "2 delivered · 3 need somebody · 1 running of 6" in page
        assert "need you" not in page


def test_it_names_nobody_leads_nowhere_and_offers_nothing(house: House) -> None:
    made = house.activation(name="Friday flash sale", reason="Kim wants it")
    moving = running(made, sent(made, outcome="accepted", status=200, request_id="req-1"))
    ended(
        moving[:1],
        states.FAILED,
        reason="run_failed",
        issues=[{"code": "X", "message": "ask kim@example.com"}],
    )
    joined = moving[1:2]
    Delivery.objects.filter(pk=joined[0].pk).update(
        joined=True, started_by="kim@example.com", reason="joins_run"
    )
    waiting = moving[2].pk
    pause = {"code": "paused", "sentence": "Paused by alice until noon: she counts", "do": "wait"}
    Delivery.objects.filter(pk=waiting).update(
        state=states.ARMED, reason="paused", findings=[pause], verbatim="x"
    )
    Delivery.objects.filter(pk=moving[3].pk).update(state=states.CANCELED)
    Event.objects.create(
        workspace=house.workspace, activation=made, delivery=moving[3], at=timezone.now(), what="canceled",
        actor=house.alice,
    )  # fmt: skip
    token = link_to(house, made)
    inside = house.client().get(house.url("activation", made.pk)).content.decode()
    for words in ("Paused by alice", "by alice", "Kim wants it", "kim@example.com", "req-1", "run-"):
        assert words in inside, words
    for name in (*PAGES, *POLLS):
        page = Client().get(url(name, token)).content.decode()
        for words in (
            "alice",
            "Kim",
            "kim@",
            "req-1",
            "run-",
            "<form",
            "<button",
            "/w/northwind",
            "For IT",
            "support",
        ):
            assert words not in page, (name, words)
        inward = re.findall(r'(?:href|hx-get|src)="(/[^"]*)"', page)
        assert inward
        assert all(link.startswith((f"/shared/{token}/", "/static/")) for link in inward)


def test_who_is_signed_in_sees_no_more(house: House) -> None:
    token = link_to(house, mixed(house))
    page = house.client().get(url("shared", token)).content.decode()
    assert "alice" not in page
    assert "/w/northwind" not in page


@pytest.mark.parametrize("name", [*PAGES, *POLLS])
def test_nobody_keeps_it_and_its_address_goes_nowhere(house: House, name: str) -> None:
    token = link_to(house, mixed(house))
    for asked in (token, "unknown"):
        answer = Client().get(url(name, asked))
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert not answer.cookies
    if name in PAGES:
        assert (
            '<meta name="robots" content="noindex, nofollow">'
            in Client().get(url(name, token)).content.decode()
        )


@pytest.mark.parametrize("name", [*PAGES, *POLLS])
def test_ended_revoked_and_unknown_ones_answer_alike(house: House, name: str) -> None:
    made, past = mixed(house), timezone.now() - timedelta(seconds=1)
    tokens = [link_to(house, made, ends_at=past), link_to(house, made, revoked_at=past), "A" * 43, "short"]
    for headers in ({}, HTMX):
        answers = [Client().get(url(name, token), headers=headers) for token in tokens]
        bodies = {answer.content for answer in answers}
        assert len(bodies) == 1
        if name in PAGES and not headers:
            assert [answer.status_code for answer in answers] == [404] * 4
        text = bodies.pop().decode()
        assert "This link shows nothing" in text
        assert "Friday flash sale" not in text
        seen = [dict(answer.items()) for answer in answers]
        assert all(one == seen[0] for one in seen)


def test_what_is_posted_changes_nothing(house: House) -> None:
    made = house.activation()
    token = link_to(house, made)
    for name in (*PAGES, *POLLS):
        assert Client().post(url(name, token)).status_code == 405


@pytest.mark.parametrize("name", POLLS)
def test_an_unchanged_poll_costs_one_query(house: House, name: str, django_assert_num_queries) -> None:
    made = mixed(house)
    token = link_to(house, made)
    with django_assert_num_queries(1):
        answer = Client().get(url(name, token) + f"?v={made.version}", headers=HTMX)
    assert (answer.status_code, answer.content) == (204, b"")
    answer = Client().get(url(name, token) + f"?v={made.version - 1}", headers=HTMX)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert f"v={made.version}" in text
    assert '<p id="announce" hx-swap-oob="innerHTML">2 delivered' in text
    assert "<html" not in text
    assert text.count("?v=") == 1


@pytest.mark.parametrize("name", POLLS)
def test_an_open_page_becomes_a_sentence_when_the_link_ends(house: House, name: str) -> None:
    made = mixed(house)
    token = link_to(house, made)
    ShareLink.objects.update(ends_at=timezone.now())
    answer = Client().get(url(name, token) + f"?v={made.version}", headers=HTMX)
    assert answer.status_code == 286
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#main", "innerHTML")
    text = answer.content.decode()
    assert "Ask whoever sent it for a new one" in text
    assert "hx-get" not in text


def test_it_asks_on_when_all_is_over_for_a_retry_may_begin(house: House) -> None:
    made = mixed(house)
    ended(list(made.deliveries.filter(state=states.RUNNING).select_related("audience")), states.SUCCEEDED)
    token = link_to(house, made)
    for name in (*PAGES, *POLLS):
        page = Client().get(url(name, token)).content.decode()
        assert 'hx-trigger="every 30s"' in page
        assert 'hx-trigger="every 15s"' not in page
        assert "over after" in page


def test_that_nobody_watches_is_said(house: House) -> None:
    made = mixed(house)
    token = link_to(house, made)
    for late, said in ((timedelta(seconds=5), False), (OVERDUE * 2, True)):
        made.deliveries.filter(state=states.RUNNING).update(next_check_at=timezone.now() - late)
        for name in PAGES:
            assert ("Nobody watches" in Client().get(url(name, token)).content.decode()) is said


def test_opening_is_noted_once_a_minute_and_polls_are_not(house: House) -> None:
    token = link_to(house, mixed(house))
    Client().get(url("shared_status", token))
    assert ShareLink.objects.get().opened_at is None
    Client().get(url("shared", token))
    first = ShareLink.objects.get().opened_at
    assert first is not None
    Client().get(url("shared", token))
    assert ShareLink.objects.get().opened_at == first
    ShareLink.objects.update(opened_at=first - timedelta(minutes=2))
    Client().get(url("shared_screen", token))
    assert ShareLink.objects.get().opened_at >= first


@pytest.mark.parametrize("name", [*PAGES, *POLLS])
def test_queries_do_not_grow_with_the_deliveries(name: str) -> None:
    house = make_house(200)
    few, many = house.activation(*house.mappings[:10]), house.activation(*house.mappings[10:])
    counts = []
    for made in (few, many):
        ended(running(made, sent(made))[:5], states.FAILED, reason="run_failed")
        address = url(name, link_to(house, made))
        Client().get(address)
        with CaptureQueriesContext(connection) as asked:
            Client().get(address)
        counts.append(len(asked))
    # The few go in one call, and ask how long that usually takes.
    assert counts[1] <= counts[0] <= 14


class TestMaking:
    def test_it_works(self, house: House) -> None:
        made, client = mixed(house), house.client()
        page = client.get(house.url("share", made.pk)).content.decode()
        assert "None. Links that ended" in page
        answer = client.post(house.url("share", made.pk), {"span": "hour"})
        assert "no-store" in answer["Cache-Control"]
        text = answer.content.decode()
        (address,) = re.findall(r'id="address">([^<]+)<', text)
        assert address.startswith("http://testserver/shared/")
        assert Client().get(address).status_code == 200
        again = client.get(house.url("share", made.pk)).content.decode()
        assert address not in again
        assert "you" in again
        assert "just now" in again
        assert "1 link open" in client.get(house.url("activation", made.pk)).content.decode()
        (link,) = ShareLink.objects.all()
        said = client.post(house.url("revoke", made.pk, link.pk), follow=True).content.decode()
        assert "The link is revoked" in said
        assert Client().get(address).status_code == 404
        twice = client.post(house.url("revoke", made.pk, link.pk), follow=True).content.decode()
        assert "The link was over before." in twice

    def test_the_answer_loaded_again_shows_the_same_link(self, house: House) -> None:
        made, client = mixed(house), house.client()
        address = house.url("share", made.pk)
        given = {"span": "hour", "form": client.get(address).context["form"]}
        first, again = client.post(address, given), client.post(address, given)
        assert first.context["address"] == again.context["address"] != ""
        assert ShareLink.objects.count() == Event.objects.filter(what="shared").count() == 1
        assert links.find(first.context["address"].rstrip("/").rpartition("/")[2], timezone.now())
        other = client.post(address, {"span": "hour", "form": first.context["form"]})
        assert other.context["address"] != first.context["address"]
        client.post(house.url("revoke", made.pk, first.context["made"].pk))
        over = client.post(address, given)
        assert over.context["address"] == ""
        assert "The link that this form made is over." in over.content.decode()

    def test_under_the_address_of_the_house_where_it_is_known(self, house: House, settings) -> None:
        settings.SITE_URL = "https://activate.example.com/"
        text = house.client().post(house.url("share", mixed(house).pk), {"span": "day"}).content.decode()
        assert 'id="address">https://activate.example.com/shared/' in text

    @pytest.mark.parametrize("span", ["", "year", "hour\0"])
    def test_another_length_makes_none(self, house: House, span: str) -> None:
        text = house.client().post(house.url("share", mixed(house).pk), {"span": span}).content.decode()
        assert "Choose how long the link lasts." in text
        assert not ShareLink.objects.exists()

    def test_who_may_look_sees_the_links_and_makes_none(self, house: House) -> None:
        made = mixed(house)
        link_to(house, made)
        bob = house.client(house.bob)
        page = bob.get(house.url("share", made.pk)).content.decode()
        assert "alice" in page
        assert "An administrator can make you an activator" in page
        assert "<form" not in page.split("<main")[1]
        assert bob.post(house.url("share", made.pk), {"span": "hour"}).status_code == 403
        assert bob.post(house.url("revoke", made.pk, ShareLink.objects.get().pk)).status_code == 403
        assert ShareLink.objects.get().revoked_at is None

    def test_strangers_find_nothing(self, house: House) -> None:
        made = mixed(house)
        link_to(house, made)
        revoke = house.url("revoke", made.pk, ShareLink.objects.get().pk)
        for client, status in ((house.client(house.charlie), 404), (Client(), 302)):
            assert client.get(house.url("share", made.pk)).status_code == status
            assert client.post(house.url("share", made.pk), {"span": "hour"}).status_code == status
            assert client.post(revoke).status_code == status
        assert ShareLink.objects.count() == 1

    def test_a_link_of_another_activation_is_not_found(self, house: House) -> None:
        made = mixed(house)
        link_to(house, made)
        Delivery.objects.all().update(state=states.SUCCEEDED)
        other = house.activation(press="another")
        assert (
            house.client().post(house.url("revoke", other.pk, ShareLink.objects.get().pk)).status_code == 404
        )

    def test_it_needs_the_csrf_token(self, house: House) -> None:
        made = mixed(house)
        client = Client(enforce_csrf_checks=True)
        client.force_login(house.alice)
        assert client.post(house.url("share", made.pk), {"span": "hour"}).status_code == 403
        assert not ShareLink.objects.exists()

    def test_the_list_costs_the_same_for_many(self, house: House) -> None:
        made, client, counts = mixed(house), house.client(), []
        for more in (1, 12):
            for _ in range(more):
                link_to(house, made)
            with CaptureQueriesContext(connection) as asked:
                client.get(house.url("share", made.pk))
            counts.append(len(asked))
        assert counts[0] == counts[1]
