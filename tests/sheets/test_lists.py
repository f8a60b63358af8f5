"""Every list as a sheet: the rows, filters and order of its page, all of it, and only for those who see the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activations import schedules, sets, states
from activations.models import Activation, Firing, Schedule, Share
from audiences import sheets
from audiences.models import Audience, ExternalAudience, Mapping, PlatformJob
from notices.outbox import collect
from tests.activations.house import House, ended, make_house, refused, running, sent
from tests.catalogue import (
    make_audience,
    make_dataflow,
    make_destination,
    make_mapping,
    make_run,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house(3)


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    raw = b"".join(answer.streaming_content)
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def there(house: House, name: str, *args: Any) -> str:
    return reverse(f"audiences:{name}", args=[house.workspace.slug, *args])


def delivered(house: House, *mappings: Mapping, **figures: Any) -> Activation:
    made = house.activation(*mappings, name="Friday flash sale", reason="briefed by Kim")
    ended(running(made, sent(made)), states.SUCCEEDED, **figures)
    return made


def a_set(house: House) -> Any:
    made = sets.save(house.mappings[:2], name="Every Friday", by=house.alice)
    plan = schedules.save(made, Schedule(kind="daily", zone="Europe/Berlin"), by=house.alice)
    due = timezone.now() - timedelta(days=1)
    Firing.objects.create(schedule=plan, due_at=due, at=due, outcome="missed")
    return made


def a_job(house: House, number: int = 0, **fields: Any) -> PlatformJob:
    known = {
        "kind": "segment",
        "status": "succeeded",
        "scheduled": True,
        "created_at": timezone.now(),
        "segments": ["*"],
    }
    return PlatformJob.objects.create(
        workspace=house.workspace, platform_id=f"job-{number}", **{**known, **fields}
    )


def lists(house: House) -> dict[str, str]:
    """The address of every list's sheet, each with at least one row."""
    flow, audience = house.mappings[0].dataflow, house.mappings[0].audience
    make_run(flow, audience)
    made = delivered(house, house.mappings[0])
    collect()
    a_job(house)
    ExternalAudience.objects.create(
        workspace=house.workspace, name="Winter", cloud="DLZ", path="in/a.csv", created_at=timezone.now(), live=True,
    )  # fmt: skip
    of_set = a_set(house)
    return {
        "destinations": there(house, "destinations") + "?csv=1",
        "audiences": there(house, "audiences") + "?csv=1",
        "runs": there(house, "runs", flow.platform_id) + "?csv=1",
        "externals": there(house, "externals") + "?csv=1",
        "dataflow": house.url("dataflow", flow.platform_id) + "?csv=1",
        "audience": house.url("audience", audience.platform_id) + "?csv=where",
        "audience_last": house.url("audience", audience.platform_id) + "?csv=last",
        "activation": house.url("activation", made.pk) + "?csv=1",
        "history": house.url("history") + "?csv=1",
        "history_deliveries": house.url("history") + "?csv=deliveries",
        "sets": house.url("sets") + "?csv=1",
        "set": house.url("set", of_set.pk) + "?csv=mappings",
        "set_firings": house.url("set", of_set.pk) + "?csv=firings",
        "evaluation": house.url("evaluation") + "?csv=1",
    }


def test_who_sees_the_page_gets_its_sheet_and_nobody_else(house: House) -> None:
    for name, address in lists(house).items():
        assert len(table(house.client().get(address))) >= 1, name
        assert len(table(house.client(house.bob).get(address))) >= 1, name
        assert house.client(house.charlie).get(address).status_code == 404, name
        anonymous = Client().get(address)
        assert anonymous.status_code == 302, name
        assert anonymous["Location"].startswith(reverse("login")), name


def test_every_list_has_its_link_in_the_same_place(house: House) -> None:
    """Below the rows, and it carries the page's filters but not its page."""
    for name, address in lists(house).items():
        page, _, asked = address.partition("?")
        if name != "history_deliveries":
            html = house.client().get(page).content.decode()
            assert (
                f'<p class="sheet"><a class="button plain" href="{page * (name == "evaluation")}?{asked}"'
                in html
            ), name
    html = (
        house.client().get(there(house, "audiences") + "?q=audience&sort=-profiles&page=1").content.decode()
    )
    assert 'href="?q=audience&amp;sort=-profiles&amp;csv=1"' in html


def test_the_rows_of_htmx_carry_the_link_of_their_filters(house: House) -> None:
    html = house.client().get(
        there(house, "audiences") + "?q=0001", headers={"HX-Request": "true", "HX-Target": "rows"}
    ).content.decode()  # fmt: skip
    assert 'href="?q=0001&amp;csv=1"' in html


class TestCatalogue:
    def test_audiences_are_all_there_in_the_order_of_the_page(self, house: House) -> None:
        for number in range(120):
            make_audience(house.workspace, f"Many {number:03}", profiles=number or None)
        found = table(house.client().get(there(house, "audiences") + "?csv=1&q=many&sort=-profiles&page=2"))
        assert [row["Profiles"] for row in found] == [*(str(number) for number in range(119, 0, -1)), ""]

    def test_the_words_of_an_audience(self, house: House) -> None:
        house.alice.time_zone = "Europe/Berlin"
        house.alice.save()
        one = house.mappings[0].audience
        Audience.objects.filter(pk=one.pk).update(
            name="=cmd|' /C calc'!A0", profiles_as_of="2026-07-01T04:00:00Z"
        )
        (row,) = table(house.client().get(there(house, "audiences") + f"?csv=1&q={one.platform_id}"))
        assert row["Name"] == "'=cmd|' /C calc'!A0"
        assert row["Counted"] == "2026-07-01T06:00:00+02:00"
        assert (row["External"], row["On dataflows"], row["Origin"], row["Lifecycle"]) == (
            "no", "1", "Segmentation Service", "Published",
        )  # fmt: skip
        assert row["External id"] == row["Merge policy"] == ""

    def test_destinations_keep_the_filter_that_holds_unasked(self, house: House) -> None:
        make_dataflow(house.workspace, "Ads", kind="streaming")
        client, page = house.client(), there(house, "destinations")
        assert {row["Name"] for row in table(client.get(page + "?csv=1"))} == {"Campaign S3"}
        assert {row["Name"] for row in table(client.get(page + "?csv=1&kind=all"))} == {"Campaign S3", "Ads"}
        (row,) = table(client.get(page + "?csv=1"))
        assert (row["Last run"], row["Last run at"], row["Audiences"]) == ("", "", "3")

    def test_runs_with_their_audiences_and_reasons(self, house: House) -> None:
        flow, audience = house.mappings[0].dataflow, house.mappings[0].audience
        issues = [{"severity": "excluded", "code": "SKIP", "message": "no match", "count": 12}]
        make_run(flow, audience, make_audience(house.workspace, "Vip"), issues=issues, files=None)
        make_run(flow, status="failed", activated=None, ad_hoc=None)
        first, second = table(
            house.client().get(there(house, "runs", flow.platform_id) + "?csv=1&sort=-received")
        )[:2]
        both = {first["Status"]: first, second["Status"]: second}
        assert both["Succeeded"]["Audience"] == "Audience 0000; Vip"
        assert (both["Succeeded"]["Why excluded"], both["Succeeded"]["Files"]) == ("12 SKIP no match", "")
        assert (both["Failed"]["Activated"], both["Failed"]["Started by"]) == ("", "")
        assert (
            len(table(house.client().get(there(house, "runs", flow.platform_id) + "?csv=1&status=failed")))
            == 1
        )


class TestActivations:
    def test_deliveries_of_an_activation_as_they_are_shown(self, house: House) -> None:
        made = delivered(house, received=48_210, activated=36_158, excluded=None, files=1, usual=48_210, usual_of=3, unusual="fewer")  # fmt: skip
        rows = table(house.client().get(house.url("activation", made.pk) + "?csv=1&q=0001"))
        assert [row["Audience"] for row in rows] == ["Audience 0001"]
        (row,) = rows
        assert (row["Expected"], row["Received"], row["Activated"], row["Excluded"]) == (
            "48210",
            "48210",
            "36158",
            "",
        )
        assert (row["State"], row["Usual"], row["Compared with"], row["Unusual"]) == (
            "Delivered", "48210", "3", "fewer than usual",
        )  # fmt: skip
        assert row["Expected and arrived"].startswith("12,052 fewer were activated than expected (−25 %).")
        assert (
            "−25 % against 48,210, the median of its last 3 that arrived whole."
            in row["Expected and arrived"]
        )
        assert table(house.client().get(house.url("activation", made.pk) + "?csv=1&show=running")) == []

    def test_the_history_by_activation_and_by_delivery(self, house: House) -> None:
        delivered(house, *house.mappings[:2], activated=5)
        two = house.activation(house.mappings[2], name="Refused one")
        refused(two, sent(two))
        page = house.url("history")
        assert [row["Name"] for row in table(house.client().get(page + "?csv=1"))] == [
            "Refused one",
            "Friday flash sale",
        ]
        (row,) = table(house.client().get(page + "?csv=1&outcome=delivered"))
        assert (row["Deliveries"], row["Delivered"], row["Failed"], row["By"], row["Why"]) == (
            "2", "2", "0", "alice", "briefed by Kim",
        )  # fmt: skip
        assert len(table(house.client().get(page + "?csv=deliveries"))) == 3
        assert [row["Name"] for row in table(house.client().get(page + "?csv=deliveries&outcome=needs"))] == [
            "Refused one"
        ]

    def test_those_pressed_elsewhere_stand_among_the_others_by_time(self, house: House) -> None:
        other, now = make_workspace("hotels"), timezone.now()
        for number, place in enumerate((house.workspace, other, house.workspace)):
            made = Activation.objects.create(
                workspace=place, name=f"a{number}", press=str(number), requested_at=now - timedelta(minutes=number),
            )  # fmt: skip
            Share.objects.create(activation=made, workspace=house.workspace)
            Share.objects.create(activation=made, workspace=place) if place is other else None
        root = make_user("root", is_superuser=True)
        page = house.url("history") + "?csv=1"
        assert [row["Name"] for row in table(house.client(root).get(page))] == ["a0", "a1", "a2"]
        assert [row["Name"] for row in table(house.client(house.bob).get(page))] == ["a0", "a2"]

    def test_an_audiences_deliveries_are_all_there(self, house: House) -> None:
        for _ in range(25):
            delivered(house, house.mappings[0], activated=1)
        page = house.url("audience", house.mappings[0].audience.platform_id)
        assert len(table(house.client().get(page + "?csv=last"))) == 25
        assert [row["Dataflow"] for row in table(house.client().get(page + "?csv=where"))] == ["Campaign S3"]

    def test_a_dataflows_mappings_keep_the_filter(self, house: House) -> None:
        house.mappings[1].end_date = (timezone.now() - timedelta(days=9)).date()
        house.mappings[1].save()
        page = house.url("dataflow", house.mappings[0].dataflow.platform_id) + "?csv=1"
        assert [row["Audience"] for row in table(house.client().get(page + "&show=blocked"))] == [
            "Audience 0001"
        ]
        (row,) = table(house.client().get(page + "&show=blocked"))
        assert row["Will it go?"] == "Blocked"
        assert row["Schedule until"] == house.mappings[1].end_date.isoformat()
        assert len(table(house.client().get(page))) == 3


class TestTheOthers:
    def test_sets_and_every_moment_of_their_schedules(self, house: House) -> None:
        made = a_set(house)
        (row,) = table(house.client().get(house.url("sets") + "?csv=1"))
        assert (row["Set"], row["Mappings"], row["Workspaces"], row["Outcome"]) == ("Every Friday", "2", "northwind", "Missed")  # fmt: skip
        (row,) = table(house.client().get(house.url("set", made.pk) + "?csv=firings"))
        assert (row["Outcome"], row["Zone"], row["Left out"]) == ("Missed", "Europe/Berlin", "0")
        assert row["What became of it"].startswith("Nothing ran at its moment")
        assert len(table(house.client().get(house.url("set", made.pk) + "?csv=mappings"))) == 2

    def test_jobs_are_all_there(self, house: House) -> None:
        for number in range(15):
            a_job(house, number)
        rows = table(house.client().get(house.url("evaluation") + "?csv=1"))
        assert len(rows) == 15
        assert (rows[0]["Kind"], rows[0]["Audiences"], rows[0]["Scheduled"]) == (
            "Evaluation",
            "all audiences",
            "yes",
        )

    def test_notices_are_the_readers_own(self, house: House) -> None:
        delivered(house, house.mappings[0])
        collect()
        (row,) = table(house.client().get(reverse("notices:notices") + "?csv=1"))
        assert (row["Workspace"], row["What changed"], row["How it stands"]) == (
            "northwind",
            "Finished",
            "1 delivered",
        )
        assert table(house.client(house.charlie).get(reverse("notices:notices") + "?csv=1")) == []
        assert '<p class="sheet">' in house.client().get(reverse("notices:notices")).content.decode()

    def test_connections_of_a_segment_audience_with_their_activations(self) -> None:
        place = make_workspace("segment", platform="segment", sandbox="spa_1")
        bob, person = make_user("bob", "viewer", place), make_audience(place, "Shoppers", origin="USERS")
        flow = make_dataflow(
            place, "Shoppers → Ads", kind="connection", audience=person, destination=make_destination(place, "Google Ads"),
            details={"idSyncConfiguration": [{"externalId": "email"}]},
        )  # fmt: skip
        make_mapping(
            flow,
            person,
            name="Entered",
            activation_type="Audience Entered",
            enabled=True,
            platform_id="act_1",
        )
        make_dataflow(place, "Shoppers → Mail", kind="connection", audience=person)
        client = Client()
        client.force_login(bob)
        page = reverse("activations:audience", args=["segment", person.platform_id])
        rows = {row["Activation"]: row for row in table(client.get(page + "?csv=connections"))}
        assert set(rows) == {"Entered", ""}
        assert (rows["Entered"]["Identifiers sent"], rows["Entered"]["Enabled"], rows["Entered"]["Resyncing"]) == ("email", "yes", "")  # fmt: skip
        assert "csv=connections" in client.get(page).content.decode()
        (row,) = table(client.get(page + "?csv=where"))
        assert (row["Activation"], row["Sends when"]) == ("Entered", "Audience Entered")
        (row,) = [one for one in table(client.get(reverse("audiences:destinations", args=["segment"]) + "?csv=1")) if one["Activations"] == "1"]  # fmt: skip
        assert (row["Audience"], row["Platform"]) == ("Shoppers", "Google Ads")


class TestCost:
    """The queries of a sheet grow with its chunks, never with its rows."""

    def asked(self, client: Client, address: str) -> int:
        with CaptureQueriesContext(connection) as found:
            table(client.get(address))
        return len(found)

    def grown(
        self, house: House, address: str, more: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
    ) -> list[int]:
        """Queries of one chunk with few rows and with many, and of two chunks."""
        client = house.client()
        client.get(address)
        more(2)
        few = self.asked(client, address)
        more(12)
        many = self.asked(client, address)
        monkeypatch.setattr(sheets, "CHUNK", 10)
        more(1)
        return [few, many, self.asked(client, address)]

    def test_audiences(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        def more(count: int) -> None:
            for _ in range(count):
                make_mapping(make_dataflow(house.workspace), make_audience(house.workspace, "Many"))

        few, many, chunks = self.grown(house, there(house, "audiences") + "?csv=1&q=many", more, monkeypatch)
        assert few == many
        assert chunks == many + 1

    def test_runs(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        flow, audience = house.mappings[0].dataflow, house.mappings[0].audience
        few, many, chunks = self.grown(
            house, there(house, "runs", flow.platform_id) + "?csv=1",
            lambda count: [make_run(flow, audience) for _ in range(count)], monkeypatch,
        )  # fmt: skip
        assert few == many
        assert chunks == many + 2

    def test_the_history(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        few, many, chunks = self.grown(
            house, house.url("history") + "?csv=1",
            lambda count: [delivered(house, house.mappings[0]) for _ in range(count)], monkeypatch,
        )  # fmt: skip
        assert few == many
        assert chunks == many + 1

    def test_deliveries(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        few, many, chunks = self.grown(
            house, house.url("history") + "?csv=deliveries",
            lambda count: [delivered(house, house.mappings[0]) for _ in range(count)], monkeypatch,
        )  # fmt: skip
        assert few == many == chunks

    def test_sets(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        def more(count: int) -> None:
            for _ in range(count):
                made = sets.save(
                    house.mappings[:2],
                    name=f"Set {Activation.objects.count()} {timezone.now()}",
                    by=house.alice,
                )
                schedules.save(made, Schedule(kind="daily", zone="Europe/Berlin"), by=house.alice)

        few, many, chunks = self.grown(house, house.url("sets") + "?csv=1", more, monkeypatch)
        assert few == many
        assert chunks <= many + 8

    def test_ten_thousand_audiences_need_no_more_memory_than_a_thousand(self, house: House) -> None:
        """Peak of what the sheet itself holds, with rows read in chunks of a thousand."""
        import tracemalloc

        peaks = []
        client = house.client()
        for many in (2_000, 8_000):
            Audience.objects.bulk_create(
                Audience(workspace=house.workspace, platform_id=f"b{many}-{number}", name=f"Bulk {number}") for number in range(many)
            )  # fmt: skip
            answer = client.get(there(house, "audiences") + "?csv=1")
            tracemalloc.start()
            count = sum(part.count(b"\r\n") for part in answer.streaming_content)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert count >= many
        assert peaks[1] < peaks[0] * 1.3
