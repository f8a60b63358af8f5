"""History and overview: filters the address carries, pages by key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from activations import past, states
from activations.models import Activation
from tests.activations.house import House, ended, make_house, refused, running, sent
from tests.catalogue import make_audience, make_dataflow, make_mapping

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house(4)


def three(house: House) -> tuple[Activation, Activation, Activation]:
    one = house.activation(house.mappings[0], name="Delivered one")
    ended(running(one, sent(one)), states.SUCCEEDED, activated=5, files=1)
    two = house.activation(house.mappings[1], name="Refused one")
    refused(two, sent(two))
    other = make_mapping(
        make_dataflow(house.workspace, "Braze SFTP"), make_audience(house.workspace, "Shoppers")
    )
    three = house.activation(other, by=None, name="Moving one")
    return one, two, three


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Delivered one", "Refused one", "Moving one"}),
        ("outcome=delivered", {"Delivered one"}),
        ("outcome=needs", {"Refused one"}),
        ("outcome=moving", {"Moving one"}),
        ("outcome=canceled", set()),
        ("destination=braze", {"Moving one"}),
        ("audience=shoppers", {"Moving one"}),
        ("destination=nowhere", set()),
        ("until=2020-01-01", set()),
        (
            "until=rubbish&before=rubbish&who=rubbish&outcome=rubbish",
            {"Delivered one", "Refused one", "Moving one"},
        ),
        ("before=2026-01-01T00:00:00Z_99999999999999999999", None),
        ("until=9999-12-31", {"Delivered one", "Refused one", "Moving one"}),
    ],
)
def test_filters(house, query, names):
    three(house)
    answer = house.client().get(f"{house.url('history')}?{query}")
    assert answer.status_code == 200
    if names is not None:
        assert {activation.name for activation, _ in answer.context["rows"]} == names


def test_who_pressed(house):
    three(house)
    answer = house.client().get(f"{house.url('history')}?who={house.alice.pk}")
    assert {activation.name for activation, _ in answer.context["rows"]} == {"Delivered one", "Refused one"}


def test_empty_says_what_to_do_next(house):
    assert "Choose audiences" in house.client().get(house.url("history")).content.decode()
    assert "Choose audiences" in house.client().get(house.url("overview")).content.decode()


def test_pages_by_key_show_every_row_once(house, monkeypatch):
    monkeypatch.setattr(past, "PER_PAGE", 2)
    moment = timezone.now()
    for number in range(5):
        Activation.objects.create(
            workspace=house.workspace, name=f"a{number}", press=str(number),
            requested_at=moment - timedelta(minutes=number // 2),
        )  # fmt: skip
    client, address, seen = house.client(), house.url("history"), []
    query = ""
    for _ in range(4):
        answer = client.get(address + query)
        seen += [activation.pk for activation, _summary in answer.context["rows"]]
        if not answer.context["older"]:
            break
        query = f"?before={answer.context['older']}"
    assert len(seen) == len(set(seen)) == 5


def test_overview_shows_what_moves_and_what_needs_somebody(house):
    three(house)
    page = house.client().get(house.url("overview")).content.decode()
    for words in (
        "Moving one",
        "Not mapped, or outside its schedule",
        "Open “Refused one”",
        "Jobs today (UTC)",
    ):
        assert words in page, words
    assert "Nothing is moving" not in page
