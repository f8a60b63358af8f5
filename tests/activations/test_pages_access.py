"""Who may see which page: alice presses, bob looks, charlie is a stranger, and nobody is sent to the login."""

from __future__ import annotations

import pytest
from django.test import Client

from activations.models import Delivery
from tests.activations.house import House, make_house, running, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def pages(house: House) -> dict[str, str]:
    made = house.activation()
    job = sent(made)
    running(made, job)
    flow, audience = house.mappings[0].dataflow, house.mappings[0].audience
    return {
        "overview": house.url("overview"),
        "dataflow": house.url("dataflow", flow.platform_id),
        "audience": house.url("audience", audience.platform_id),
        "activate": house.url("activate"),
        "history": house.url("history"),
        "trends": house.url("trends"),
        "trends_csv": house.url("trends_csv", "outcomes"),
        "activation": house.url("activation", made.pk),
        "status": house.url("status", made.pk),
        "job": house.url("job", made.pk, job.pk),
        "bundle": house.url("bundle", made.pk),
    }


def changes(house: House) -> dict[str, str]:
    made = house.activation()
    return {name: house.url(name, made.pk) for name in ("cancel", "retry", "check_again")} | {
        name: house.url(name) for name in ("confirm", "press")
    }


NAMES = [
    "overview",
    "dataflow",
    "audience",
    "activate",
    "history",
    "trends",
    "trends_csv",
    "activation",
    "status",
    "job",
    "bundle",
]
CHANGES = ["cancel", "retry", "check_again", "confirm", "press"]


@pytest.mark.parametrize("name", NAMES)
def test_it_works(house, name):
    address = pages(house)[name]
    assert house.client(house.alice).get(address).status_code == 200
    assert house.client(house.bob).get(address).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_strangers_find_nothing(house, name):
    assert house.client(house.charlie).get(pages(house)[name]).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_sent_to_the_login(house, name):
    answer = Client().get(pages(house)[name])
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize("name", CHANGES)
def test_viewers_may_not_change_and_are_told_why(house, name):
    answer = house.client(house.bob).post(changes(house)[name])
    assert answer.status_code == 403
    for words in ("Activate Destinations", "View Destinations", "View Profiles", "View Segments"):
        assert words in answer.content.decode()
    assert not Delivery.objects.filter(state="canceled").exists()


@pytest.mark.parametrize("name", CHANGES)
def test_strangers_change_nothing(house, name):
    assert house.client(house.charlie).post(changes(house)[name]).status_code == 404
    assert Client().post(changes_address := changes(make_other(house))[name]).status_code == 302, (
        changes_address
    )


def make_other(house: House) -> House:
    Delivery.objects.all().delete()
    return house


@pytest.mark.parametrize("name", ["cancel", "retry", "check_again"])
def test_changes_are_posted(house, name):
    assert house.client().get(changes(house)[name]).status_code == 405


def test_changes_need_the_csrf_token(house):
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.alice)
    assert client.post(changes(house)["cancel"]).status_code == 403
    assert not Delivery.objects.filter(state="canceled").exists()


@pytest.mark.parametrize("name", ["activation", "status", "bundle"])
def test_unknown_and_foreign_ids_are_not_found(house, name):
    assert house.client().get(house.url(name, 987654321)).status_code == 404
    assert house.client().get(house.url("dataflow", "no-such")).status_code == 404
    assert house.client().get(house.url("audience", "a%2Fb ö")).status_code == 404


def test_viewers_see_a_disabled_button_with_the_reason(house):
    text = (
        house.client(house.bob)
        .get(house.url("dataflow", house.mappings[0].dataflow.platform_id))
        .content.decode()
    )
    assert "View and Activate Destinations, View Profiles, View Segments" in text
    assert 'name="m"' not in text
