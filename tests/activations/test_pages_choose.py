"""Choosing: will it go, the matrix, the tray, and a selection that survives pages and searches."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from activations.selection import LARGEST, fold, unfold
from activations.views import choose
from audiences.models import Audience, Mapping
from tests.activations.house import House, make_house
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_run


@pytest.fixture
def house(db) -> House:
    return make_house()


@given(st.sets(st.integers(min_value=1, max_value=LARGEST), max_size=300))
def test_a_selection_folds_and_unfolds(pks):
    assert unfold(fold(pks)) == pks


@given(st.text(max_size=80))
def test_a_forged_selection_is_no_error(text):
    assert isinstance(unfold(text), set)


def test_two_thousand_ids_fit_an_address():
    assert len(fold(range(1000, 21_000, 10))) < 4000
    assert len(fold(range(1, 20_001))) < 2000


def test_a_bomb_unfolds_to_little():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"1," * 10_000_000)).decode()
    assert len(unfold(bomb)) <= 20_000


def every_kind(house: House) -> dict[str, object]:
    flow, workspace, now = house.mappings[0].dataflow, house.workspace, timezone.now()

    def mapped(name: str, **fields):
        return make_mapping(flow, make_audience(workspace, name, **fields.pop("audience", {})), **fields)

    found = {
        "waits": mapped("Brand new", mapped_at=now - timedelta(minutes=19)),
        "blocked": mapped("Lapsed", end_date=now.date() - timedelta(days=3)),
        "look": mapped("Nobody counted", audience={"profiles": None}),
        "joins": mapped("Going on"),
    }
    make_run(
        flow, found["joins"].audience, status="running", word="inProgress", ad_hoc=True, completed_at=None
    )
    return found


def test_will_it_go_in_words(house):
    every_kind(house)
    page = house.client().get(house.url("dataflow", house.mappings[0].dataflow.platform_id)).content.decode()
    for words in (
        "Waits until", "Mapped 19 min ago; Adobe needs 60.", "Extend the schedule", "Joins", "Ready, look",
        "The platform gives no profile count", "no count from Adobe", "Daily · full", "after evaluation",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("disabled aria-describedby") == 1


@pytest.mark.parametrize("page", ["dataflow", "activate"])
def test_what_is_ticked_is_chosen_however_large_its_number(house, page):
    """A number for people has separators, one in a form has none."""
    flow, audience = house.mappings[0].dataflow, house.mappings[0].audience
    Mapping.objects.all().delete()
    make_mapping(flow, audience, pk=1_234_567)
    address = house.url(page, *([flow.platform_id] if page == "dataflow" else []))
    shown = house.client().get(address).content.decode()
    ticked = re.search(r'name="m" id="m1234567" value="([^"]+)"', shown)
    assert ticked, "its box is on the page"
    answer = house.client().post(house.url("confirm"), {"m": ticked[1]})
    assert [row.mapping.pk for row in answer.context["plan"].rows] == [1_234_567]


@pytest.mark.parametrize("page", ["dataflow", "activate"])
def test_the_moment_of_counting_is_said_once_for_the_rows_that_share_it(house, page):
    then = timezone.now().replace(hour=6, minute=4) - timedelta(days=1)
    Audience.objects.update(profiles_as_of=then)
    flow = house.mappings[0].dataflow
    make_mapping(flow, make_audience(house.workspace, "Counted later"))
    address = house.url(page, *([flow.platform_id] if page == "dataflow" else []))
    answer = house.client().get(address)
    assert answer.context["counted_at"] == then
    text = answer.content.decode()
    assert text.count('<span class="under said">') == 3
    assert text.count("as of ") == 1 + 4, "the heading, and each row for who hears it or has a phone"


def test_no_moment_is_said_for_all_where_each_row_has_its_own(house):
    address = house.url("dataflow", house.mappings[0].dataflow.platform_id)
    assert house.client().get(address).context["counted_at"] is None


@pytest.mark.parametrize(
    ("kind", "count"), [("ready", 3), ("look", 1), ("waits", 1), ("joins", 1), ("blocked", 1)]
)
def test_filter_chips_count_and_filter(house, kind, count):
    every_kind(house)
    address = house.url("dataflow", house.mappings[0].dataflow.platform_id)
    page = house.client().get(f"{address}?show={kind}").content.decode()
    assert page.count("data-row") == count
    assert house.client().get(f"{address}?q=lapsed").content.decode().count("data-row") == 1


def test_select_all_ticks_what_can_go_and_works_without_scripts(house):
    every_kind(house)
    address = house.url("dataflow", house.mappings[0].dataflow.platform_id)
    page = house.client().get(f"{address}?all=1").content.decode()
    assert page.count(" checked") == 6
    assert "Activate 6 audiences" in page
    assert "4 go now" in page
    assert "1 joins a run" in page


def test_the_tray_says_what_a_press_would_do(house):
    found = every_kind(house)
    chosen = [*house.mappings, found["waits"], found["blocked"]]
    answer = house.client().post(house.url("tray"), {"m": [m.pk for m in chosen]})
    text = answer.content.decode()
    assert "4 audiences" in text
    assert "3 go now" in text
    assert "1 waits until" in text
    assert "3 deliveries leave in 1 job." in text
    assert "Today 0 of 20 jobs used." in text
    assert "192,840 profiles" in text


def test_what_is_unknown_is_not_told_as_no_profiles_and_what_changed_is_heard(house):
    Audience.objects.update(profiles=None)
    tray = house.client().post(house.url("tray"), {"m": [house.mappings[0].pk]}).content.decode()
    told = " ".join(tray.split())
    assert "profile counts unknown" in told
    assert "0 profiles" not in told
    heard = told[told.index('id="announce" hx-swap-oob') :]
    assert "1 goes now" in heard
    nothing = house.client().post(house.url("tray"), {}).content.decode()
    assert "Nothing is selected." in nothing


def test_only_real_mappings_of_batch_dataflows_are_offered(house):
    make_mapping(make_dataflow(house.workspace, "Streaming one", kind="streaming"))
    make_audience(house.workspace, "Mapped nowhere")
    page = house.client().get(house.url("activate")).content.decode()
    assert page.count("data-row") == 3
    assert "Streaming one" not in page
    assert "Mapped nowhere" not in page


def test_search_on_both_sides(house):
    make_mapping(make_dataflow(house.workspace, "Braze SFTP"), make_audience(house.workspace, "Shoppers"))
    client = house.client()
    for query, count in (
        ("q=shop", 1),
        ("to=braze", 1),
        ("q=audience&to=campaign", 3),
        ("q=shop&to=nowhere", 0),
    ):
        assert client.get(f"{house.url('activate')}?{query}").content.decode().count("data-row") == count, (
            query
        )
    only = house.mappings[1].audience.platform_id
    assert client.get(f"{house.url('activate')}?audience={only}").content.decode().count("data-row") == 1


def test_the_selection_survives_search_paging_and_going_back(house, monkeypatch):
    monkeypatch.setattr(choose, "PER_PAGE", 2)
    client, address = house.client(), house.url("activate")
    first, second, third = house.mappings
    page = client.get(address)
    there = client.post(address, {"m": [first.pk], "shown": page.context["shown"], "sel": "", "go": "page:2"})
    assert there.status_code == 302
    assert unfold(parse_qs(urlsplit(there["Location"]).query)["sel"][0]) == {first.pk}
    page = client.get(there["Location"])
    assert len(page.context["plan"].going) == 1
    form = {"m": [third.pk], "shown": page.context["shown"], "sel": page.context["all_chosen"]}
    asked = client.post(house.url("confirm"), form)
    assert "Send 2 audiences" in asked.content.decode()
    back = client.get(f"{address}?sel={asked.context['back']}")
    assert {row.mapping.pk for row in back.context["plan"].going} == {first.pk, third.pk}
    # Unticked on its own page, it is no longer chosen.
    form = {"m": [], "shown": fold([first.pk, second.pk]), "sel": fold([first.pk, third.pk]), "go": "look"}
    moved = client.post(address, form)
    assert unfold(parse_qs(urlsplit(moved["Location"]).query)["sel"][0]) == {third.pk}


def test_select_all_matching_leaves_out_what_is_blocked(house):
    found = every_kind(house)
    answer = house.client().post(house.url("activate"), {"go": "all"})
    chosen = unfold(parse_qs(urlsplit(answer["Location"]).query)["sel"][0])
    assert found["blocked"].pk not in chosen
    assert len(chosen) == 6
    none = house.client().post(house.url("activate"), {"go": "none", "sel": fold(chosen)})
    assert "sel=" not in none["Location"]


def test_a_choice_of_things_that_are_gone_is_no_error(house):
    assert (
        house.client().get(f"{house.url('activate')}?sel={fold([1, 999_999_999])}&page=x").status_code == 200
    )


def test_one_audience_to_two_destinations_counts_deliveries(house):
    other = make_mapping(make_dataflow(house.workspace, "Braze SFTP"), house.mappings[0].audience)
    page = house.client().post(house.url("confirm"), {"m": [house.mappings[0].pk, other.pk]}).content.decode()
    assert "Send 1 audience to 2 destinations" in page
    assert "2 deliveries" in page


def count_queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_catalogue():
    house = make_house(10)
    client = house.client()
    flow = house.mappings[0].dataflow
    audience = house.mappings[0].audience
    addresses = [
        house.url("activate"), house.url("dataflow", flow.platform_id), house.url("audience", audience.platform_id),
        house.url("overview"), house.url("history"),
    ]  # fmt: skip
    house.activation(*house.mappings[:2])
    before = [count_queries(client, address) for address in addresses]
    for number in range(190):
        make_mapping(flow, make_audience(house.workspace, f"More {number}"))
    for number in range(10):
        make_mapping(make_dataflow(house.workspace, f"Flow {number}"), audience)
    house.activation(*house.mappings[2:])
    assert [count_queries(client, address) for address in addresses] == before
    assert max(before) <= 20
