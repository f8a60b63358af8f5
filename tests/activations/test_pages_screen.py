"""The big screen: large truth for a wall, for an activation and for a workspace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activations import pauses, states
from activations.models import Activation, ActivationSet, Schedule
from activations.outside import OVERDUE
from tests.activations.bygone import bygone
from tests.activations.house import House, ended, make_house, running, sent
from tests.activations.test_pages_activation import mixed
from tests.catalogue import make_audience, make_mapping

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house() -> House:
    return make_house(6)


def words(house: House, *address: object, who: object = None) -> str:
    return " ".join(house.client(who).get(house.url(*address)).content.decode().split())


class TestActivation:
    def test_it_works(self, house: House) -> None:
        made = mixed(house)
        page = words(house, "screen", made.pk)
        for said in (
            '<b>4</b> of 6 over', "2 delivered", "2 failed", "2 running", "2 × The run failed at Adobe",
            "as of ", "<title>4/6 · Friday flash sale", "so far", 'class="wall"',
        ):  # fmt: skip
            assert said in page, said
        for chrome in ('header class="rail"', "<form", "<button", "alice"):
            assert chrome not in page, chrome
        assert house.url("screen", made.pk) in words(house, "activation", made.pk)

    def test_a_poll_costs_one_query_while_nothing_changed(
        self, house: House, django_assert_max_num_queries
    ) -> None:
        made, client = mixed(house), house.client()
        address = house.url("screen_status", made.pk)
        with django_assert_max_num_queries(1):
            answer = client.get(f"{address}?v={made.version}", headers=HTMX)
        assert answer.status_code == 204
        text = client.get(f"{address}?v={made.version - 1}", headers=HTMX).content.decode()
        assert f"?v={made.version}" in text
        assert "<html" not in text

    def test_it_says_after_how_long_its_silence_is_news(self, house: House) -> None:
        made = mixed(house)
        for age, every in ((0, 2), (300, 5), (1800, 15)):
            Activation.objects.update(requested_at=timezone.now() - timedelta(seconds=age))
            page = words(house, "screen", made.pk)
            assert f'hx-trigger="every {every}s"' in page
            assert f'data-stale="{2 * every + 10}" hidden' in page

    def test_it_asks_on_when_all_is_over(self, house: House) -> None:
        made = mixed(house)
        ended(list(made.deliveries.filter(state=states.RUNNING).select_related("audience")), states.SUCCEEDED)
        page = words(house, "screen", made.pk)
        assert 'hx-trigger="every 30s"' in page
        assert "over after" in page

    def test_what_needs_nobody_is_no_trouble(self, house: House) -> None:
        made = house.activation(house.mappings[0])
        (joined,) = running(made, sent(made))
        made.deliveries.filter(pk=joined.pk).update(joined=True, reason="joins_run")
        assert "Joins the run in progress" in words(house, "activation", made.pk)
        assert "Joins the run in progress" not in words(house, "screen", made.pk)

    def test_strangers_see_nothing(self, house: House) -> None:
        made = mixed(house)
        for name in ("screen", "screen_status"):
            assert house.client(house.bob).get(house.url(name, made.pk)).status_code == 200
            assert house.client(house.charlie).get(house.url(name, made.pk)).status_code == 404
            assert "/accounts/login/" in Client().get(house.url(name, made.pk))["Location"]
        asked = Client().get(house.url("screen_status", made.pk) + f"?v={made.version}", headers=HTMX)
        assert "/accounts/login/" in asked["HX-Redirect"]


class TestBoard:
    def test_it_works(self, house: House) -> None:
        made = mixed(house)
        soon = timezone.now() + timedelta(hours=2)
        saved = ActivationSet.objects.create(name="Newsletter", created_at=soon, changed_at=soon)
        saved.chosen.create(mapping=house.mappings[0])
        Schedule.objects.create(of_set=saved, kind="daily", zone="Europe/Berlin", fire_at=soon)
        page = words(house, "board")
        for said in (
            "Northwind Retail", '<b class="moving tone">2</b> moving', '<b class="done tone">2</b> delivered today',
            '<b class="act tone">2</b> need you', "Friday flash sale", "2 delivered · 2 failed · 2 running of 6",
            "2 × The run failed at Adobe", "Newsletter", "as of ", 'hx-trigger="every 10s"', 'data-stale="30" hidden',
        ):  # fmt: skip
            assert said in page, said
        for chrome in ('header class="rail"', "<form", "<button", "alice"):
            assert chrome not in page, chrome
        assert house.url("board") in words(house, "overview")
        assert made.name in house.client().get(house.url("board_status"), headers=HTMX).content.decode()

    def test_when_nothing_goes_on_it_says_so(self, house: House) -> None:
        page = words(house, "board")
        assert "Nothing is moving" in page
        assert "Nothing is planned" in page
        assert "Nobody watches" not in page

    def test_what_needs_somebody_and_has_no_card_is_counted(self, house: House) -> None:
        kinds = ("schedule_ended", "not_batch", "dataflow_disabled", "audience_vanished")
        for mapping, reason in zip(house.mappings, (*kinds, kinds[-1]), strict=False):
            bygone(mapping, timezone.now() - timedelta(minutes=1), states.BLOCKED, reason=reason)
        page = house.client().get(house.url("board"))
        shown = sum(card.count for card in page.context["cards"])
        assert shown < page.context["now"].needs == 5
        assert f"<p>and {5 - shown} more</p>" in page.content.decode()

    def test_what_is_armed_goes_next_and_an_unknown_moment_is_said(self, house: House) -> None:
        made = house.activation()
        soon = timezone.now() + timedelta(minutes=20)
        made.deliveries.update(state=states.ARMED, not_before=soon, next_check_at=soon)
        assert "6 armed, the first goes" in words(house, "board")
        made.deliveries.update(not_before=None)
        assert "6 armed, going when they may; when is unknown" in words(house, "board")

    def test_a_pause_and_a_sleeping_worker_are_said_without_names(self, house: House) -> None:
        made = mixed(house)
        pauses.pause(by=house.alice, workspace=house.workspace, reason="Stocktaking")
        made.deliveries.filter(state=states.RUNNING).update(next_check_at=timezone.now() - OVERDUE * 2)
        page = words(house, "board")
        assert "nothing leaves this workspace. Stocktaking" in page
        assert "Nobody watches: a look was due at" in page
        assert "alice" not in page

    def test_strangers_see_nothing(self, house: House) -> None:
        for name in ("board", "board_status"):
            assert house.client(house.bob).get(house.url(name)).status_code == 200
            assert house.client(house.charlie).get(house.url(name)).status_code == 404
            assert "/accounts/login/" in Client().get(house.url(name))["Location"]

    def test_queries_do_not_grow(self) -> None:
        house, counts, client = make_house(40), [], None
        client = house.client()
        for those in (house.mappings[:2], house.mappings[2:]):
            made = house.activation(*those)
            ended(running(made, sent(made))[:1], states.FAILED, reason="run_failed")
            extra = make_mapping(house.mappings[0].dataflow, make_audience(house.workspace))
            house.activation(extra)
            client.get(house.url("board"))
            with CaptureQueriesContext(connection) as asked:
                client.get(house.url("board"))
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 20
