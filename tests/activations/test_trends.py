"""Figures of the past against deliveries made by hand: over the bounds of days, in zones, where clocks change."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from activations import states
from activations.models import Delivery, Share
from activations.trends import Span, by_reason, lately, lengths, outcomes, reasons, times
from tests.activations.bygone import bygone, press_of
from tests.activations.house import House, make_house
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_workspace

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
# The clocks in Berlin went back at 01:00 UTC of the 25th.
AUTUMN = datetime(2026, 10, 26, 12, tzinfo=UTC)


@pytest.fixture
def house() -> House:
    return make_house(4)


def rows():
    return Delivery.objects.all()


def table(span: Span, **more):
    chart = outcomes(rows(), span, "Europe/Berlin", record=rows(), **more)
    return [column.name for column in chart.table.columns], {row.key: row.values for row in chart.table.rows}


class TestDays:
    @pytest.mark.parametrize(
        ("now", "hours"),
        [(AUTUMN, [24, 25, 24]), (datetime(2026, 3, 29, 12, tzinfo=UTC), [24, 24, 23])],
    )
    def test_a_day_on_which_clocks_change_has_23_or_25_hours(self, now, hours):
        bounds = Span.last(3, now, BERLIN).bounds
        assert [(end - start) / HOUR for start, end in pairwise(bounds)] == hours

    def test_a_midnight_that_does_not_exist(self):
        cairo = ZoneInfo("Africa/Cairo")
        span = Span.last(2, datetime(2026, 4, 24, 12, tzinfo=UTC), cairo)
        assert span.days == (date(2026, 4, 23), date(2026, 4, 24))
        assert span.bounds[1].astimezone(cairo).strftime("%d %H:%M") == "24 01:00"

    @pytest.mark.parametrize(
        "zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "UTC"]
    )
    def test_each_lies_in_the_day_that_clocks_there_say(self, house, zone):
        zone = ZoneInfo(zone)
        span = Span.last(8, datetime(2026, 11, 2, 12, tzinfo=UTC), zone)
        moments = [bound + timedelta(seconds=s) for bound in span.bounds for s in (-1, 0, 1, 9000)]
        made = {bygone(house.mappings[0], at).pk: at for at in moments}
        placed = rows().filter(span.within("state_since")).annotate(day=span.place("state_since"))
        found = dict(placed.values_list("pk", "day"))
        days = {pk: at.astimezone(zone).date() for pk, at in made.items()}
        assert {pk: span.days[day] for pk, day in found.items()} == {
            pk: day for pk, day in days.items() if day in span.days
        }


class TestOutcomes:
    def test_they_are_counted_by_day_and_kind(self, house):
        mapping, span = house.mappings[0], Span.last(3, AUTUMN, BERLIN)
        for at, state in (
            # Midnight in Berlin was 22:00 UTC before, 23:00 UTC after the change.
            (datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), states.SUCCEEDED),
            (datetime(2026, 10, 24, 22, tzinfo=UTC), states.FAILED),
            (datetime(2026, 10, 25, 1, tzinfo=UTC), states.BLOCKED),
            (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), states.PARTLY),
            (datetime(2026, 10, 25, 23, tzinfo=UTC), states.REFUSED),
        ):
            bygone(mapping, at, state)
        names, days = table(span)
        assert names == ["Delivered", "Empty or in part", "Failed, refused or blocked"]
        assert days == {"2026-10-24": (1, 0, 0), "2026-10-25": (0, 1, 2), "2026-10-26": (0, 0, 1)}

    def test_what_never_occurs_has_no_column_and_what_moves_is_not_counted(self, house):
        bygone(house.mappings[0], AUTUMN - HOUR, states.STOPPED)
        bygone(house.mappings[1], AUTUMN - HOUR, states.RUNNING)
        names, days = table(Span.last(1, AUTUMN, BERLIN))
        assert names == ["Delivered", "Failed, refused or blocked", "Unknown"]
        assert days == {"2026-10-26": (0, 0, 1)}

    def test_every_try_counts(self, house):
        first = bygone(house.mappings[0], AUTUMN - HOUR, states.FAILED, superseded=True)
        bygone(house.mappings[0], AUTUMN, activation=first.activation, retry_of=first)
        assert table(Span.last(1, AUTUMN, BERLIN))[1] == {"2026-10-26": (1, 1)}

    def test_days_before_the_first_outcome_are_unknown_not_nought(self, house):
        bygone(house.mappings[0], AUTUMN - 24 * HOUR)
        span = Span.last(4, AUTUMN, BERLIN)
        assert list(table(span)[1].values()) == [(None, None), (None, None), (1, 0), (0, 0)]
        bygone(house.mappings[0], AUTUMN - 999 * HOUR, states.CANCELED)
        assert list(table(span)[1].values()) == [(0, 0), (0, 0), (1, 0), (0, 0)]

    def test_nothing_yet(self, house):
        chart = outcomes(rows(), Span.last(3, AUTUMN, BERLIN), "Europe/Berlin", record=rows())
        assert chart.is_empty
        assert chart.says == "Nothing has come to an outcome here yet."
        assert {row.values for row in chart.table.rows} == {(None, None)}

    def test_in_words_of_segment(self, house):
        bygone(house.mappings[0], AUTUMN, states.FINISHED)
        names, days = table(Span.last(1, AUTUMN, BERLIN), segment=True)
        assert names[0] == "Resync finished"
        assert days == {"2026-10-26": (1, 0)}

    def test_the_drawing_says_what_the_table_says(self, house):
        for number in range(7):
            bygone(
                house.mappings[0], AUTUMN - number * 9 * HOUR, states.FAILED if number % 3 else states.EMPTY
            )
        chart = outcomes(rows(), Span.last(3, AUTUMN, BERLIN), "Europe/Berlin", record=rows())
        for row in chart.table.rows:
            if any(row.values):
                assert f"<title>{chart.table.told(row)}</title>" in chart.pictures
        assert "Empty or in part 3" in chart.says


class TestLengths:
    def of(self, *seconds: float, **fields):
        mapping = make_mapping()
        for took in seconds:
            bygone(mapping, AUTUMN, took=took, **fields)
        return lengths(rows(), Span.last(1, AUTUMN, BERLIN).place("state_since")).get(0)

    @pytest.mark.parametrize(
        ("seconds", "half", "most"),
        [([60], 60, 60), ([60, 70], 60, 70), ([3, 1, 2], 2, 3), (range(1, 11), 5, 9), (range(1, 12), 6, 10)],
    )
    def test_half_and_nine_of_ten(self, seconds, half, most):
        found = self.of(*seconds)
        assert (found.count, round(found.half, 2), round(found.most, 2)) == (len(seconds), half, most)

    def test_one_outlier_moves_neither(self):
        found = self.of(*[600] * 19, 86_400)
        assert (round(found.half), round(found.most)) == (600, 600)

    def test_unknown_lengths_are_left_out(self):
        assert self.of(60, joined=True) is None
        assert self.of(-5) is None
        bygone(make_mapping(), AUTUMN)
        bygone(make_mapping(), AUTUMN, states.FAILED, took=60)
        assert lengths(rows(), Span.last(1, AUTUMN, BERLIN).place("state_since")) == {}

    def test_today_and_the_days_before(self):
        mapping, span = make_mapping(), Span.last(30, AUTUMN, BERLIN)
        bygone(mapping, span.bounds[-2], took=100)
        bygone(mapping, span.bounds[-2] - timedelta(seconds=1), took=300)
        bygone(mapping, span.bounds[0], took=500)
        bygone(mapping, span.bounds[0] - timedelta(seconds=1), took=9)
        today, before = lately(rows(), span)
        assert (round(today.half), round(before.half), round(before.most), before.count) == (100, 300, 500, 2)

    def test_a_day_without_any_is_a_gap(self):
        mapping = make_mapping()
        bygone(mapping, AUTUMN, took=250)
        bygone(mapping, AUTUMN - 48 * HOUR, took=60)
        chart = times(rows(), Span.last(3, AUTUMN, BERLIN), "Europe/Berlin")
        assert [row.values for row in chart.table.rows] == [(60, 60, 1), (None, None, None), (250, 250, 1)]
        assert [[words for words, _known in cells] for _row, cells in chart.table.body] == [
            ["1 min", "1 min", "1"], ["none timed"] * 3, ["4 min 10 s", "4 min 10 s", "1"],
        ]  # fmt: skip
        assert "polyline" not in chart.pictures


class TestReasons:
    def found(self, house):
        told = reasons(rows(), Span.last(2, AUTUMN, BERLIN), house.workspace)
        return [(one.title, one.state.value, one.count) for one in told]

    def test_they_are_counted_by_what_they_mean(self, house):
        for number in range(3):
            bygone(
                house.mappings[0], AUTUMN - number * HOUR, states.FAILED, reason="run_failed",
                issues=[{"severity": "error", "code": "ACTIVATION_BATCH-0000-FAILED", "message": f"run {number}"}],
            )  # fmt: skip
        bygone(house.mappings[0], AUTUMN, states.FAILED, reason="run_failed")
        bygone(house.mappings[0], AUTUMN, states.BLOCKED, reason="schedule_ended")
        bygone(house.mappings[0], AUTUMN, states.EMPTY, reason="delivered_empty")
        bygone(house.mappings[0], AUTUMN - 99 * HOUR, states.REFUSED, reason="not_in_schedule")
        found = self.found(house)
        assert found[0][1:] == ("failed", 3)
        assert ("The run failed at Adobe", "failed", 1) in found
        assert ("Its schedule has ended", "blocked", 1) in found
        assert len(found) == 3

    def test_more_texts_than_are_looked_at_are_still_counted(self, house, monkeypatch):
        monkeypatch.setattr(by_reason, "TEXTS", 2)
        for number in range(5):
            bygone(house.mappings[0], AUTUMN, states.REFUSED, reason="refused", verbatim=f"odd {number}")
        found = self.found(house)
        assert sorted(n for _title, _state, n in found) == [2, 3]
        assert ("Other reasons, not told apart", "refused", 3) in found


def lines(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


class TestPage:
    def test_empty_history_is_said(self, house):
        page = house.client().get(house.url("trends")).content.decode()
        assert "Nothing arrived in these days." in page
        assert "Nothing failed, was refused or blocked in these days." in page
        assert "before the first outcome here" in page
        assert page.count('role="img"') == 0

    def test_days_are_those_of_the_viewer_and_named(self, house):
        house.alice.time_zone = "Pacific/Auckland"
        house.alice.save()
        page = house.client().get(house.url("trends"))
        assert "Days in Pacific/Auckland" in page.content.decode()
        today = timezone.now().astimezone(ZoneInfo("Pacific/Auckland")).date()
        assert page.context["outcomes"].table.rows[-1].key == today.isoformat()

    def test_filters_come_from_the_address(self, house):
        other = make_mapping(make_dataflow(house.workspace), make_audience(house.workspace))
        bygone(house.mappings[0], timezone.now() - 40 * 24 * HOUR, took=9)
        bygone(other, timezone.now(), states.REFUSED, reason="not_in_schedule")
        page = house.client().get(house.url("trends"), {"days": "90"})
        assert len(page.context["outcomes"].table.rows) == 90
        assert sum(row.values[0] or 0 for row in page.context["outcomes"].table.rows) == 1
        here = house.mappings[0].dataflow.destination.platform_id
        page = house.client().get(house.url("trends"), {"destination": here, "days": "odd"})
        assert len(page.context["outcomes"].table.rows) == 30
        assert page.context["reasons"] == []
        # What is known of the workspace is known of each destination: nothing went there, and that is not unknown.
        assert page.context["outcomes"].table.rows[0].values == (0, 0)

    def test_csv_is_the_table(self, house):
        bygone(house.mappings[0], timezone.now(), took=61)
        bygone(house.mappings[1], timezone.now(), states.REFUSED, reason="not_in_schedule")
        client = house.client()
        found = lines(client.get(house.url("trends_csv", "outcomes")))
        assert found[0] == ["Day", "Delivered", "Failed, refused or blocked", "Note"]
        assert len(found) == 31
        assert found[-1][1:3] == ["1", "1"]
        assert found[1][1:] == ["", "", "before the first outcome here"]
        assert lines(client.get(house.url("trends_csv", "times")))[-1][1:4] == ["61", "61", "1"]
        head, first = lines(client.get(house.url("trends_csv", "reasons")))
        assert (head[2], first[1:3]) == ("Times", ["refused", "1"])
        assert (
            "Every try counts, also one that was retried since."
            in client.get(house.url("trends")).content.decode()
        )
        assert client.get(house.url("trends_csv", "nothing")).status_code == 404

    def test_what_reaches_into_a_closed_workspace_is_left_out(self, house):
        closed = make_workspace("closed")
        made = press_of(house.workspace, timezone.now())
        Share.objects.create(activation=made, workspace=house.workspace)
        Share.objects.create(activation=made, workspace=closed)
        bygone(house.mappings[0], timezone.now(), activation=made, took=60)
        page = house.client().get(house.url("trends"))
        assert page.context["outcomes"].is_empty
        assert page.context["times"].is_empty

    def test_it_costs_the_same_however_much_it_shows(self, house):
        counted = []
        for many in (1, 12):
            for number in range(many):
                bygone(house.mappings[0], timezone.now() - number * 24 * HOUR, took=60)
                bygone(house.mappings[1], timezone.now() - number * 24 * HOUR, states.FAILED, reason="run_failed",
                       verbatim=f"odd {number}")  # fmt: skip
                make_dataflow(house.workspace)
            asked = []
            for name in ("trends", "overview"):
                house.client().get(house.url(name))
                with CaptureQueriesContext(connection) as captured:
                    assert house.client().get(house.url(name)).status_code == 200
                asked.append(len(captured))
            counted.append(asked)
        assert counted[0] == counted[1]


@pytest.mark.parametrize(("language", "day"), [("en", "26 Oct"), ("de", "26. Okt."), ("fr", "26 oct.")])
def test_a_day_is_written_as_the_readers_language_does(language, day):
    with override(language):
        assert Span.last(1, AUTUMN, BERLIN).word(0) == day
