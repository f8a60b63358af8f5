"""Activate on-demand as a matrix: windows and pages, search as it is typed, several workspaces, ways out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activations.selection import fold, unfold
from activations.views import choose
from audiences.models import Mapping, Membership, Workspace
from tests.activations.house import House, make_house
from tests.catalogue import (
    make_audience,
    make_dataflow,
    make_destination,
    make_mapping,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db
FOUND = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "found"}


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def away(house: House) -> Workspace:
    workspace = make_workspace("zoo", name="Zoo Hotels")
    Membership.objects.create(user=house.alice, workspace=workspace, role="activator")
    return workspace


@pytest.fixture
def segment(house: House) -> Workspace:
    workspace = make_workspace("shop", name="Shop on Segment", platform="segment", org="Shop · Production")
    Membership.objects.create(user=house.alice, workspace=workspace, role="activator")
    return workspace


def connect(workspace: Workspace, count: int = 2) -> list[Mapping]:
    """So many audiences of a Segment space, each with its own connection to one destination."""
    destination = make_destination(workspace, "Braze (Actions)")
    found = []
    for number in range(count):
        audience = make_audience(workspace, f"Guest {number}")
        flow = make_dataflow(
            workspace,
            f"Guest {number} to Braze",
            kind="connection",
            destination=destination,
            audience=audience,
        )
        found.append(
            make_mapping(
                flow, audience, platform_id=f"activation-{number}", activation_type="Audience Entered"
            )
        )
    return found


def where(answer: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(answer["Location"]).query)


def shown(house: House, query: str = "", **more: Any) -> Any:
    return house.client().get(f"{house.url('activate')}?{query}", **more).context


def test_a_row_is_an_audience_and_a_column_a_dataflow(house):
    braze = make_dataflow(house.workspace, "Braze SFTP")
    twice = make_mapping(braze, house.mappings[0].audience)
    matrix = shown(house)["matrix"]
    assert [column.name for column in matrix.columns] == ["Braze SFTP", "Campaign S3"]
    first, second, _third = matrix.lines
    assert [[row.mapping for row in rows] for _column, rows in first.cells] == [[twice], [house.mappings[0]]]
    assert [[row.mapping for row in rows] for _column, rows in second.cells] == [[], [house.mappings[1]]]
    assert matrix.found == 4


def test_columns_come_in_windows_and_rows_in_pages(house, monkeypatch):
    monkeypatch.setattr(choose, "PER_PAGE", 2)
    monkeypatch.setattr(choose, "COLUMNS", 1)
    other = [make_mapping(make_dataflow(house.workspace, name)) for name in ("Zebra", "Yak")]
    first = shown(house)["matrix"]
    assert ([c.name for c in first.columns], len(first.lines)) == (["Campaign S3"], 2)
    form = {"go": "columns:2", "page": "2", "columns": "1", "sel": fold([house.mappings[0].pk])}
    there = house.client().post(house.url("activate"), form)
    assert where(there)["columns"] == ["2"]
    assert "page" not in where(there), "other columns have other audiences"
    second = house.client().get(there["Location"]).context
    assert [line.audience for line in second["matrix"].lines] == [other[1].audience]
    assert [row.mapping for row in second["plan"].going] == [house.mappings[0]]
    turned = house.client().post(house.url("activate"), {"go": "page:2", "page": "1", "columns": "2"})
    assert (where(turned)["columns"], where(turned)["page"]) == (["2"], ["2"])
    searched = house.client().post(
        house.url("activate"), {"go": "look", "page": "2", "columns": "2", "q": "x"}
    )
    assert where(searched) == {"q": ["x"]}


@pytest.mark.parametrize(
    "query", ["page=99999999999999999999&columns=-1", "page=x&columns=%00", "in=%00&q=%00&to=%27"]
)
def test_absurd_addresses_get_a_page(house, query):
    assert shown(house, query)["matrix"] is not None


class TestSearch:
    def typed(self, house: House, **form: Any) -> Any:
        return house.client().post(house.url("activate"), form, **FOUND)

    def test_what_is_typed_is_answered_by_the_list_alone(self, house):
        kept = house.mappings[2]
        answer = self.typed(house, q="0001", m=[kept.pk], shown=fold([kept.pk]))
        text = answer.content.decode()
        assert "<html" not in text
        assert "1 mapping found" in text
        assert text.count('name="m"') == 1
        assert "Activate 1 audience" in text, "what was ticked before stays ticked"
        address = answer["HX-Replace-Url"]
        assert unfold(parse_qs(urlsplit(address).query)["sel"][0]) == {kept.pk}
        again = house.client().get(address)
        assert again.context["search"].q == "0001"
        assert again.context["plan"].going[0].mapping == kept

    def test_without_scripts_the_same_form_leads_to_the_same_address(self, house):
        form = {"q": "0001", "go": "look"}
        there = house.client().post(house.url("activate"), form)
        assert there["Location"] == self.typed(house, **form)["HX-Replace-Url"]

    def test_what_matches_nothing_says_so_and_loses_nothing(self, house):
        answer = self.typed(house, q="no such audience", sel=fold([house.mappings[0].pk]))
        text = answer.content.decode()
        assert "No mapping fits" in text
        assert "What you selected stays selected" in text
        assert "Activate 1 audience" in text

    def test_dataflows_chosen_elsewhere(self, house):
        braze = make_mapping(make_dataflow(house.workspace, "Braze SFTP"))
        page = shown(house, f"flow={braze.dataflow.platform_id}")
        assert [row.mapping for row in page["matrix"].rows] == [braze]


class TestSelection:
    def test_all_matching_survives_pages_and_windows(self, house, monkeypatch):
        monkeypatch.setattr(choose, "PER_PAGE", 1)
        monkeypatch.setattr(choose, "COLUMNS", 1)
        make_mapping(make_dataflow(house.workspace, "Zebra"))
        there = house.client().post(house.url("activate"), {"go": "all"})
        context = house.client().get(there["Location"]).context
        assert len(context["plan"].going) == 4
        assert (
            "Select what can go of the 4 matching" in house.client().get(there["Location"]).content.decode()
        )

    def test_what_is_ticked_stands_in_the_address_at_once(self, house):
        ticked = {"m": [house.mappings[1].pk], "q": "audience", "columns": "1", "page": "1"}
        address = house.client().post(house.url("tray"), ticked)["HX-Replace-Url"]
        context = house.client().get(address).context
        assert [row.mapping for row in context["plan"].going] == [house.mappings[1]]
        assert context["search"].q == "audience"
        assert "HX-Replace-Url" not in house.client().post(house.url("tray"), {"m": []})

    def test_what_is_gone_is_said_and_the_rest_stays(self, house):
        page = house.client().get(f"{house.url('activate')}?sel={fold([house.mappings[0].pk, 999_999])}")
        text = page.content.decode()
        assert "1 mapping of your selection is not there any more" in text
        assert "Activate 1 audience" in text

    def test_a_selection_of_others_workspaces_is_none(self, house):
        foreign = make_mapping(make_dataflow(make_workspace("closed")))
        context = shown(house, f"sel={fold([foreign.pk])}")
        assert context["gone"] == 1
        assert not context["plan"].rows

    def test_what_is_blocked_by_now_can_be_left_out_and_what_waits_armed(self, house):
        flow, now = house.mappings[0].dataflow, timezone.now()
        waits = make_mapping(
            flow, make_audience(house.workspace, "New"), mapped_at=now - timedelta(minutes=19)
        )
        lapsed = make_mapping(
            flow, make_audience(house.workspace, "Lapsed"), end_date=now.date() - timedelta(days=3)
        )
        chosen = fold([house.mappings[0].pk, waits.pk, lapsed.pk])
        page = house.client().get(f"{house.url('activate')}?sel={chosen}").content.decode()
        for words in ("Leave out the 1 blocked", "Arm only the 1 that waits", "Leave out the 1 that waits"):
            assert words in page, words
        assert 'data-until="in {left}"' in page
        left = house.client().post(house.url("activate"), {"go": "drop:blocked", "sel": chosen})
        assert unfold(where(left)["sel"][0]) == {house.mappings[0].pk, waits.pk}
        left = house.client().post(house.url("activate"), {"go": "drop:waits", "sel": chosen})
        assert unfold(where(left)["sel"][0]) == {house.mappings[0].pk, lapsed.pk}
        asked = house.client().post(house.url("confirm"), {"only": "waits", "sel": chosen})
        assert [row.mapping for row in asked.context["plan"].rows] == [waits]


class TestWorkspaces:
    def test_only_this_one_unless_asked(self, house, away):
        make_mapping(make_dataflow(away, "Hotel SFTP"))
        assert [c.name for c in shown(house)["matrix"].columns] == ["Campaign S3"]
        assert [c.name for c in shown(house, "in=all")["matrix"].columns] == ["Campaign S3", "Hotel SFTP"]
        assert [c.name for c in shown(house, "in=zoo")["matrix"].columns] == ["Hotel SFTP"]

    def test_closed_ones_are_never_shown(self, house):
        make_mapping(make_dataflow(make_workspace("closed"), "Secret SFTP"))
        for query in ("in=all", "in=closed"):
            assert [c.name for c in shown(house, query)["matrix"].columns] == ["Campaign S3"]

    def test_a_viewer_elsewhere_sees_it_and_gets_no_box_for_it(self, house, away):
        Membership.objects.filter(workspace=away).update(role="viewer")
        there = make_mapping(make_dataflow(away, "Hotel SFTP"))
        page = house.client().get(f"{house.url('activate')}?in=all").content.decode()
        assert "Hotel SFTP" in page
        assert page.count('name="m"') == 3
        chosen = house.client().post(house.url("activate"), {"go": "all", "in": "all"})
        assert there.pk not in unfold(where(chosen)["sel"][0])

    def test_both_vendors_in_one_matrix_with_a_stamp_for_each(self, house, segment):
        there = connect(segment)
        Workspace.objects.filter(pk=house.workspace.pk).update(
            snapshot_at=timezone.now() - timedelta(hours=3)
        )
        answer = house.client().get(f"{house.url('activate')}?in=all")
        matrix = answer.context["matrix"]
        assert [c.name for c in matrix.columns] == ["Campaign S3", "Braze (Actions)"]
        cells = {line.audience.pk: [len(rows) for _column, rows in line.cells] for line in matrix.lines}
        assert cells[there[0].audience_id] == [0, 1]
        text = answer.content.decode()
        assert "3 h old" in text
        assert "Segment sends who is in the audience when the resync runs" in text

    def test_a_mixed_choice_says_per_workspace_how_it_leaves(self, house, away):
        there = make_mapping(make_dataflow(away, "Hotel SFTP"))
        tray = house.client().post(house.url("tray"), {"m": [m.pk for m in (*house.mappings, there)]})
        text = " ".join(tray.content.decode().split())
        assert "<b>Northwind Retail</b>: 3 deliveries leave in 1 job." in text
        assert "<b>Zoo Hotels</b>: 1 delivery leaves in 1 job." in text
        assert "Zoo Hotels: 1 of 20 jobs today with this press" in text


def test_strangers_find_nothing_and_viewers_no_boxes(house):
    assert house.client(house.charlie).get(house.url("activate")).status_code == 404
    page = house.client(house.bob).get(house.url("activate")).content.decode()
    assert 'name="m"' not in page
    assert "Ready" in page


def test_queries_grow_with_workspaces_only(house, away, segment):
    make_mapping(make_dataflow(away, "Hotel SFTP"))
    connect(segment)
    client = house.client()
    address = f"{house.url('activate')}?in=all&q=a&sel={fold(m.pk for m in house.mappings)}"

    def queries() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    before = queries()
    for number in range(60):
        make_mapping(house.mappings[0].dataflow, make_audience(house.workspace, f"More a {number}"))
    make_user("dora", "activator", away)
    for number in range(3):
        make_mapping(make_dataflow(away, f"Flow {number}"), make_audience(away, f"Far {number}"))
    assert queries() == before


def test_dataflows_of_the_list_lead_to_the_matrix(house):
    from django.urls import reverse

    make_dataflow(house.workspace, "Empty one")
    address = reverse("audiences:destinations", args=[house.workspace.slug])
    text = house.client().get(address).content.decode()
    assert text.count('name="flow"') == 2
    assert text.count("disabled") == 1, "nothing is mapped to it"
    assert 'name="flow"' not in house.client(house.bob).get(address).content.decode()


@pytest.mark.parametrize("name", ["activate", "tray", "confirm"])
def test_ten_megabytes_of_selection_get_a_sentence(house, name):
    answer = house.client().post(house.url(name), {"sel": "A" * 10_000_000})
    assert answer.status_code == 400
    assert "Nothing was sent" in answer.content.decode()


def test_a_bomb_in_the_selection_is_an_empty_choice(house):
    answer = house.client().post(house.url("activate"), {"sel": "A" * 1_000_000, "q": "kept"})
    assert where(answer) == {"q": ["kept"]}
