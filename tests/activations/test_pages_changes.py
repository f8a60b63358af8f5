"""Changing mappings and dataflows from their pages, and the way out of an error card."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activations.models import Delivery
from audiences.models import Dataflow, Mapping, Wish
from audiences.wishes import states
from audiences.wishes.forms import today
from audiences.wishes.lines import lines_of
from audiences.wishes.moves import move
from tests.activations.house import House, make_house, refused, sent
from tests.catalogue import make_audience, make_dataflow

pytestmark = pytest.mark.django_db
GOOD = {
    "export_mode": "DAILY_FULL_EXPORT", "frequency": "DAILY", "trigger": "SCHEDULED", "start_time": "05:00",
    "start_date": "2026-01-01", "end_date": "", "file_name_template": "%SEGMENT_ID%_%TIMESTAMP%",
}  # fmt: skip


@pytest.fixture
def house() -> House:
    return make_house()


def page(house: House, name: str, *args: Any) -> str:
    return reverse(f"audiences:{name}", args=[house.workspace.slug, *args])


def pages(house: House) -> dict[str, str]:
    flow, audience = house.mappings[0].dataflow.platform_id, house.mappings[0].audience.platform_id
    return {
        "add_audience": page(house, "add_audience", flow),
        "choose_dataflow": page(house, "choose_dataflow", audience),
        "mapping": page(house, "mapping", flow, audience),
        "unmap": page(house, "unmap", flow, audience),
        "switch": page(house, "switch", flow, "disable"),
    }


NAMES = ["add_audience", "choose_dataflow", "mapping", "unmap", "switch"]
FORMS = ["mapping", "unmap", "switch"]


def fields(answer: Any) -> dict[str, str]:
    """What a form of ours carries hidden."""
    found = re.findall(r'type="hidden" name="(press|seen|next)" value="([^"]*)"', answer.content.decode())
    return dict(found)


def sealed(client: Client, address: str) -> dict[str, str]:
    return fields(client.get(address))


@pytest.mark.parametrize("name", NAMES)
def test_it_works(house: House, name: str) -> None:
    assert house.client(house.alice).get(pages(house)[name]).status_code == 200


def test_words_of_an_export_that_no_list_has_are_kept_and_shown(house: House) -> None:
    """An example of Adobe's writes CHAINED, which no list of frequencies has."""
    mapping = house.mappings[0]
    Mapping.objects.filter(pk=mapping.pk).update(frequency="CHAINED", export_mode="SOME_NEW_MODE")
    text = house.client().get(mapping.dataflow.get_absolute_url()).content.decode()
    assert "CHAINED · some new mode" in text


@pytest.mark.parametrize("name", NAMES)
def test_viewers_are_told_why_not_and_change_nothing(house: House, name: str) -> None:
    client = house.client(house.bob)
    for answer in (client.get(pages(house)[name]), client.post(pages(house)[name], GOOD)):
        assert answer.status_code in (403, 405)
        if answer.status_code == 403:
            assert "Manage Destinations" in answer.content.decode()
    assert not Wish.objects.exists()


@pytest.mark.parametrize("name", NAMES)
def test_strangers_find_nothing(house: House, name: str) -> None:
    client = house.client(house.charlie)
    assert client.get(pages(house)[name]).status_code == 404
    assert client.post(pages(house)[name], GOOD).status_code in (404, 405)
    assert not Wish.objects.exists()


@pytest.mark.parametrize("name", FORMS)
def test_changes_need_the_csrf_token(house: House, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.alice)
    assert client.post(pages(house)[name], GOOD).status_code == 403
    assert not Wish.objects.exists()


def test_an_audience_is_found_and_mapped(house: House) -> None:
    client, flow = house.client(), house.mappings[0].dataflow
    fresh = make_audience(house.workspace, "Storm warning")
    listed = client.get(page(house, "add_audience", flow.platform_id), {"q": "storm"}).content.decode()
    address = page(house, "mapping", flow.platform_id, fresh.platform_id)
    assert address in listed
    assert house.mappings[0].audience.name not in listed
    answer = client.post(address, {**GOOD, **sealed(client, address)})
    assert answer.status_code == 302
    assert answer["Location"] == flow.get_absolute_url()
    wish = Wish.objects.get()
    assert (wish.what, wish.by, wish.audience, wish.seen) == ("map", house.alice, fresh, {})
    assert wish.wanted == {**GOOD, "end_date": ""}
    shown = client.get(answer["Location"]).content.decode()
    assert "Map Storm warning to Campaign S3" in shown
    assert f"{page(house, 'wish', wish.pk)}?seen=queued" in shown


def test_a_new_mapping_is_proposed_like_the_newest_from_today_on(house: House) -> None:
    Mapping.objects.filter(pk=house.mappings[2].pk).update(
        mapped_at=timezone.now(),
        trigger="SCHEDULED",
        start_time="09:00",
        file_name_template="%SEGMENT_ID%.csv",
    )
    fresh = make_audience(house.workspace)
    address = page(house, "mapping", house.mappings[0].dataflow.platform_id, fresh.platform_id)
    initial = house.client().get(address).context["form"].initial
    assert (initial["start_time"], initial["file_name_template"]) == ("09:00", "%SEGMENT_ID%.csv")
    assert (initial["start_date"], initial["end_date"]) == (today().isoformat(), "")


def test_a_schedule_that_ended_is_proposed_extended_and_says_what_was_seen(house: House) -> None:
    mapping, client = house.mappings[0], house.client()
    ended = today() - timedelta(days=3)
    Mapping.objects.filter(pk=mapping.pk).update(end_date=ended, file_name_template="%SEGMENT_ID%")
    address = pages(house)["mapping"]
    first = client.get(address)
    assert first.context["form"].initial["end_date"] == (today() + timedelta(days=30)).isoformat()
    client.post(address, {**first.context["form"].initial, **fields(first)})
    wish = Wish.objects.get()
    assert (wish.what, wish.seen["end_date"]) == ("alter", ended.isoformat())


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("frequency", "EVERY_3_HOURS", "does not go with"),
        ("start_time", "", "Choose an hour"),
        ("end_date", "2025-01-01", "after the first day"),
        ("start_date", "soon", "Enter a valid date"),
        ("file_name_template", "x" * 256, "at most 255"),
        ("trigger", "SOMETIMES", "not one of the available choices"),
    ],
)
def test_what_is_wrong_stands_on_its_field_and_nothing_is_asked(
    house: House, field: str, value: str, said: str
) -> None:
    client, address = house.client(), pages(house)["mapping"]
    answer = client.post(address, {**GOOD, **sealed(client, address), field: value})
    assert answer.status_code == 422
    assert any(said in str(error) for error in answer.context["form"].errors[field])
    assert not Wish.objects.exists()


def test_a_double_click_is_one_wish_and_a_second_form_is_told(house: House) -> None:
    client, address = house.client(), pages(house)["unmap"]
    once = sealed(client, address)
    for _ in range(2):
        assert client.post(address, once).status_code == 302
    assert Wish.objects.count() == 1
    answer = client.post(address, sealed(client, address))
    assert answer.status_code == 200
    assert "on its way" in answer.content.decode()


def test_a_dataflow_is_switched_after_a_question(house: House) -> None:
    client, address = house.client(), pages(house)["switch"]
    asked = client.get(address)
    assert "3 audiences are exported no more" in asked.content.decode()
    assert not Wish.objects.exists()
    client.post(address, fields(asked))
    assert (Wish.objects.get().what, Wish.objects.get().audience) == ("disable", None)


@pytest.mark.parametrize(
    "there", ["https://elsewhere.example/", "//elsewhere.example", "once", "javascript:1", "\0"]
)
def test_only_our_own_addresses_are_gone_back_to(house: House, there: str) -> None:
    client, address = house.client(), pages(house)["switch"]
    answer = client.post(address, {**sealed(client, address), "next": there})
    assert answer["Location"] == house.mappings[0].dataflow.get_absolute_url()


def asked(house: House, mapping: Mapping, what: str = "alter", **known: Any) -> Wish:
    from audiences.wishes.actions import ask

    known = {"by": house.alice, "press": f"p{Wish.objects.count()}", "wanted": GOOD, **known}
    return ask(house.workspace, what, dataflow=mapping.dataflow, audience=mapping.audience, **known)


def over(wish: Wish, state: str, **known: Any) -> Wish:
    now = timezone.now()
    move(wish, states.SENDING, what="taken_up", now=now)
    move(wish, state, what=state, now=now, **known)
    return wish


def test_the_poll_is_silent_until_something_changed_then_ends(house: House) -> None:
    wish, client = asked(house, house.mappings[0]), house.client(house.bob)
    address = page(house, "wish", wish.pk)
    assert client.get(address, {"seen": "queued"}).status_code == 204
    move(wish, states.SENDING, what="taken_up", now=timezone.now())
    answer = client.get(address, {"seen": "queued"})
    assert "hx-get" in answer.content.decode()
    assert "HX-Refresh" not in answer
    move(wish, states.DONE, what="done", now=timezone.now())
    answer = client.get(address, {"seen": "sending"})
    assert answer["HX-Refresh"] == "true"
    assert "hx-get" not in answer.content.decode()
    assert house.client(house.charlie).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_refusal_comes_back_to_its_field_with_the_platforms_words(house: House) -> None:
    said = "The endDate must be after the startDate."
    wish = over(asked(house, house.mappings[0]), states.REFUSED, reason="refused", verbatim=said)
    client, flow = house.client(), house.mappings[0].dataflow
    shown = client.get(flow.get_absolute_url()).content.decode()
    assert said in shown
    assert "Correct it" in shown
    answer = client.get(pages(house)["mapping"], {"again": wish.pk})
    assert answer.context["form"].errors == {"end_date": [f"Adobe said: {said}"]}
    assert answer.context["form"].data["start_time"] == "05:00"


def test_what_changed_meanwhile_says_what(house: House) -> None:
    found = {"mapped": "yes", **GOOD, "end_date": "2031-01-01"}
    over(asked(house, house.mappings[0], seen=GOOD), states.CHANGED, found=found)
    shown = house.client().get(house.mappings[0].dataflow.get_absolute_url()).content.decode()
    assert "you saw —, now it is 2031-01-01" in shown
    assert "Look and ask again" in shown
    assert "Look and ask again" not in (
        house.client(house.bob).get(house.mappings[0].dataflow.get_absolute_url()).content.decode()
    )


def stuck(house: House, **mirror: Any) -> tuple[Any, Mapping]:
    """A delivery refused as "not part of this dataflow", and what the mirror says of its mapping."""
    made = house.activation(house.mappings[0])
    refused(made, sent(made))
    Mapping.objects.filter(pk=house.mappings[0].pk).update(**mirror)
    house.mappings[0].refresh_from_db()
    return made, house.mappings[0]


@pytest.mark.parametrize(
    ("mirror", "word"),
    [
        ({"vanished_at": timezone.now()}, "Map it"),
        ({"end_date": today() - timedelta(days=2)}, "Extend the schedule"),
        ({"start_date": today() + timedelta(days=2)}, "Move the start"),
        ({}, "Check the mapping"),
    ],
)
def test_the_card_has_a_way_out(house: House, mirror: dict[str, Any], word: str) -> None:
    made, _mapping = stuck(house, **mirror)
    shown = house.client().get(made.get_absolute_url()).content.decode()
    assert word in shown
    assert f"{pages(house)['mapping']}?next=" in shown
    looker = house.client(house.bob).get(made.get_absolute_url()).content.decode()
    assert f"{pages(house)['mapping']}?next=" not in looker
    assert word in looker


def test_after_the_mapping_the_retry_is_armed_for_the_hour(house: House) -> None:
    made, mapping = stuck(house, vanished_at=timezone.now())
    client = house.client()
    wish = asked(house, mapping, "map")
    assert (
        f"{page(house, 'wish', wish.pk)}?seen=queued" in client.get(made.get_absolute_url()).content.decode()
    )
    over(wish, states.DONE)
    mapping.vanished_at, mapping.mapped_at = None, timezone.now()
    mapping.save()
    shown = client.get(made.get_absolute_url()).content.decode()
    assert "it is armed and goes at" in shown
    client.post(house.url("retry", made.pk), {})
    again = Delivery.objects.get(retry_of__isnull=False)
    assert (again.state, again.reason) == ("armed", "mapped_recently")
    assert timedelta(minutes=59) < again.not_before - timezone.now() < timedelta(minutes=61)


def test_a_disabled_dataflow_can_be_enabled_from_its_card(house: House) -> None:
    flow = house.mappings[0].dataflow
    other = make_dataflow(house.workspace, state="disabled")
    from tests.catalogue import make_mapping

    blocked = make_mapping(other, house.mappings[0].audience)
    made = house.activation(house.mappings[1], blocked)
    shown = house.client().get(made.get_absolute_url()).content.decode()
    assert f"{page(house, 'switch', other.platform_id, 'enable')}?next=" in shown
    assert flow.is_enabled


def test_the_cards_cost_one_query_however_many_ways_there_are(
    house: House, django_assert_max_num_queries: Any
) -> None:
    from activations.cards import cards_of

    made = house.activation()
    refused(made, sent(made))
    with django_assert_max_num_queries(2):
        cards = cards_of(made)
    assert len(cards[0].ways) == 3


def test_a_page_never_shows_a_change_as_done_beside_what_was_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page whose wish is over asks no more: what the worker changes while it is read must stand on it."""
    client, flow = house.client(house.alice), house.mappings[0].dataflow
    Dataflow.objects.filter(pk=flow.pk).update(state="enabled")

    def lines_read_last_before_the_change(wishes: Any) -> list[Any]:
        found = lines_of(wishes)
        Dataflow.objects.filter(pk=flow.pk).update(state="disabled")
        return found

    view = import_module("activations.views.dataflow")
    monkeypatch.setattr(view, "lines_of", lines_read_last_before_the_change)
    shown = client.get(reverse("activations:dataflow", args=[house.workspace.slug, flow.platform_id]))
    assert page(house, "switch", flow.platform_id, "enable") in shown.content.decode()
