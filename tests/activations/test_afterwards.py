"""The truth afterwards: expected against arrived, why they differ, what is usual, and where it is said."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activations import states
from activations.afterwards import Afterwards, afterwards, flag
from activations.lines import delivery_rows
from activations.models import Activation, Delivery
from activations.usual import Count, compared, usual_counts, usual_lengths
from audiences.models import Mapping
from notices import words
from notices.outbox import collect
from simulator.segment.shelf import LINKED
from simulator.server import Simulator
from tests.activations.house import House, ended, make_house, running, sent
from tests.activations.segment_world import SegmentStage
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_run, make_user

pytestmark = pytest.mark.django_db
EXCLUDED = {"severity": "excluded", "code": "ACTIVATION_BATCH-0000-SKIP", "message": "Records didn't match attribute filter."}  # fmt: skip


@pytest.fixture
def house() -> House:
    return make_house(3)


def remember(mapping: Mapping, *counts: int, state: str = states.SUCCEEDED, seconds: int = 660) -> None:
    """Past deliveries of a mapping that carried so many, the oldest first."""
    now = timezone.now()
    for count in counts:
        made = Activation.objects.create(
            workspace=mapping.workspace, name="Before", press=f"before-{Delivery.objects.count()}", requested_at=now,
        )  # fmt: skip
        Delivery.objects.create(
            activation=made, workspace=mapping.workspace, mapping=mapping, dataflow=mapping.dataflow,
            audience=mapping.audience, state=state, state_since=now, deadline=now, activated=count,
            started_at=now - timedelta(seconds=seconds), finished_at=now, run_id=f"run-before-{mapping.pk}",
        )  # fmt: skip


def arrived(house: House, state: str = states.SUCCEEDED, *mappings: Mapping, **figures: Any) -> Delivery:
    """A delivery that ended now, compared as the watcher compares it."""
    made = house.activation(*(mappings or house.mappings[:1]), name="Friday flash sale")
    moved = running(made, sent(made))
    usual = usual_counts({one.mapping_id for one in moved})
    for one in moved:
        ended([one], state, **figures, **compared(state, figures.get("activated"), usual[one.mapping_id]))
    return Delivery.objects.select_related("workspace", "audience", "dataflow").get(pk=moved[0].pk)


def said(delivery: Delivery) -> Afterwards:
    found = afterwards(delivery, timezone.now())
    assert found is not None
    return found


class TestWhatIsUsual:
    def test_it_works(self, house: House) -> None:
        """The ten newest of 1, 2 … 12 are 3 … 12: half way between 7 and 8, to the even."""
        remember(house.mappings[0], *range(1, 13))
        assert usual_counts([house.mappings[0].pk]) == {house.mappings[0].pk: Count(8, 10)}

    def test_two_are_too_few(self, house: House) -> None:
        remember(house.mappings[0], 100, 200)
        assert usual_counts([house.mappings[0].pk]) == {house.mappings[0].pk: Count(None, 2)}

    @pytest.mark.parametrize("state", [states.PARTLY, states.EMPTY, states.FAILED, states.RUNNING])
    def test_only_what_arrived_whole_is_a_measure(self, house: House, state: str) -> None:
        remember(house.mappings[0], 100, 100, 100)
        remember(house.mappings[0], 7, state=state)
        assert usual_counts([house.mappings[0].pk])[house.mappings[0].pk] == Count(100, 3)

    def test_what_is_empty_or_not_counted_is_no_measure(self, house: House) -> None:
        remember(house.mappings[0], 100, 100, 100, 0)
        Delivery.objects.filter(activated=0).update(state=states.FINISHED)
        remember(house.mappings[0], None)  # type: ignore[arg-type]
        assert usual_counts([house.mappings[0].pk])[house.mappings[0].pk] == Count(100, 3)

    def test_other_mappings_of_the_same_audience_and_dataflow_are_left_out(self, house: House) -> None:
        one, two, three = house.mappings
        remember(one, 10, 10, 10)
        remember(two, 90, 90, 90)
        remember(make_mapping(make_dataflow(house.workspace), one.audience), 70, 70, 70)
        assert usual_counts([one.pk, two.pk, three.pk]) == {
            one.pk: Count(10, 3), two.pk: Count(90, 3), three.pk: Count(None, 0)
        }  # fmt: skip

    @pytest.mark.parametrize("count", [1, 40])
    def test_one_query_for_any_number(self, house: House, count: int, django_assert_num_queries: Any) -> None:
        flow = house.mappings[0].dataflow
        mappings = [make_mapping(flow, make_audience(house.workspace)) for _ in range(count)]
        for one in mappings:
            remember(one, 5, 5, 5)
        with django_assert_num_queries(1):
            found = usual_counts([one.pk for one in mappings])
        assert set(found.values()) == {Count(5, 3)}
        with django_assert_num_queries(0):
            assert usual_counts([]) == {}

    def test_the_index_leads_to_the_last_ones(self, house: House) -> None:
        """However much is remembered, nobody's deliveries are read through to find the tenth from the end."""
        with CaptureQueriesContext(connection) as asked:
            usual_counts([house.mappings[0].pk])
        explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # A table of a few rows is read through whatever indexes it has.
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(explain + asked[0]["sql"])
            plan = [row[-1] for row in cursor.fetchall()]
        assert any("delivery_comparable" in step for step in plan), plan
        assert not any(step.startswith("SCAN") and "delivery" in step for step in plan), plan

    @pytest.mark.parametrize(
        ("activated", "usual", "unusual"),
        [
            (80, 100, "fewer"), (81, 100, ""), (119, 100, ""), (120, 100, "more"), (0, 100, "empty"), (0, None, "empty"),
            (5, None, ""),
        ],
    )  # fmt: skip
    def test_a_fifth_off_is_unusual(self, activated: int, usual: int | None, unusual: str) -> None:
        assert compared(states.SUCCEEDED, activated, Count(usual, 10))["unusual"] == unusual

    def test_what_did_not_arrive_is_not_compared(self) -> None:
        assert compared(states.FAILED, 0, Count(100, 10)) == {"usual": None, "usual_of": None, "unusual": ""}
        assert compared(states.SUCCEEDED, None, Count(100, 10))["unusual"] == ""


class TestHowLong:
    def test_half_and_nine_of_ten(self, house: House) -> None:
        """Of 1 … 10 minutes half take 5 min 30 s, nine of ten 9 min."""
        for minutes in range(1, 11):
            remember(house.mappings[0], 5, seconds=60 * minutes)
        (length,) = usual_lengths([house.mappings[0].dataflow_id], timezone.now()).values()
        assert length.half == timedelta(minutes=5, seconds=30)
        assert length.most == timedelta(minutes=9)

    def test_it_is_said_while_it_runs(self, house: House) -> None:
        for minutes in (11, 11, 11, 11, 11, 11, 11, 11, 24, 60):
            remember(house.mappings[0], 5, seconds=60 * minutes)
        made = house.activation(house.mappings[1])
        running(made, sent(made))
        page = house.client().get(house.url("activation", made.pk)).content.decode()
        assert "usually 11 min, 9 of 10 under 24 min" in page

    def test_too_few_are_said_to_be(self, house: House) -> None:
        remember(house.mappings[0], 5, 5, 5, 5)
        made = house.activation(house.mappings[1])
        running(made, sent(made))
        assert "how long it takes is unknown yet" in house.client().get(house.url("activation", made.pk)).content.decode()  # fmt: skip

    def test_what_ended_long_ago_tells_nothing(self, house: House) -> None:
        remember(house.mappings[0], 5, 5, 5, 5, 5)
        then = timezone.now() - timedelta(days=15)
        Delivery.objects.update(started_at=then - timedelta(minutes=1), finished_at=then)
        assert usual_lengths([house.mappings[0].dataflow_id], timezone.now()) == {}

    def test_one_query_for_a_page_of_running_ones(self, house: House, django_assert_num_queries: Any) -> None:
        made = house.activation()
        rows = running(made, sent(made))
        listed = made.deliveries.filter(pk__in=[one.pk for one in rows]).select_related(
            "retry_of", "workspace"
        )
        with django_assert_num_queries(2):
            delivery_rows(listed, timezone.now())


class TestWhy:
    def test_the_figures_and_the_reasons_by_hand(self, house: House) -> None:
        """48,210 expected; read 48,000; 36,000 went, 12,000 did not match."""
        issues = [{**EXCLUDED, "count": 12_000}]
        one = arrived(house, received=48_000, activated=36_000, excluded=12_000, failed=0, issues=issues)
        found = said(one)
        assert dict(found.facts)["Received"] == "48,000"
        assert dict(found.facts)["Expected"].startswith("48,210 as of ")
        assert found.gap[0] == "12,210 fewer were activated than expected (−25 %)."
        assert found.gap[1] == (
            "12,000 excluded: “Records didn't match attribute filter.” (ACTIVATION_BATCH-0000-SKIP)"
        )
        assert found.gap[2] == "The count is 2 h older than the run: who joined or left since is not in it."
        assert len(found.gap) == 3

    def test_without_a_reason_adobe_is_said_to_give_none(self, house: House) -> None:
        one = arrived(house, received=48_210, activated=48_198, excluded=12, failed=0)
        assert said(one).gap == (
            "12 fewer were activated than expected.",
            "12 excluded: Adobe gives no reason.",
        )

    def test_reasons_for_a_part_leave_the_rest_unexplained(self, house: House) -> None:
        one = arrived(house, received=48_210, activated=48_110, excluded=100, failed=0, issues=[{**EXCLUDED, "count": 60}])  # fmt: skip
        assert "For 40 more Adobe gives no reason." in said(one).gap

    def test_reasons_of_a_run_with_other_audiences_are_said_to_be_of_the_run(self, house: House) -> None:
        one = arrived(
            house, received=48_210, activated=48_110, excluded=100, issues=[{**EXCLUDED, "count": 900}]
        )
        assert "That is of the whole run: Adobe gives no reasons by audience." in said(one).gap

    def test_failed_records_have_their_reason(self, house: House) -> None:
        issues = [{"severity": "error", "code": "X-1", "message": "disk full", "count": 10}]
        one = arrived(
            house, states.PARTLY, received=48_210, activated=48_200, excluded=0, failed=10, issues=issues
        )
        assert "10 failed: “disk full” (X-1)" in said(one).gap

    def test_what_adobes_figures_leave_over_is_said(self, house: House) -> None:
        one = arrived(house, received=48_210, activated=48_000, excluded=10, failed=0)
        assert any(text.startswith("200 of those received were neither") for text in said(one).gap)

    def test_a_count_newer_than_the_run_is_said_to_be(self, house: House) -> None:
        one = arrived(house, received=40_000, activated=40_000, excluded=0)
        one.started_at = one.expected_as_of - timedelta(hours=3)  # type: ignore[operator]
        assert (
            said(one).gap[-1]
            == "The count is 3 h newer than the run, which read an older state of the audience."
        )

    def test_unknown_is_said_and_never_zero(self, house: House) -> None:
        one = arrived(house)
        Delivery.objects.filter(pk=one.pk).update(expected=None, expected_as_of=None)
        one.expected = one.expected_as_of = None
        found = said(one)
        assert dict(found.facts) == {
            "Expected": "unknown: no count from Adobe when it was sent", "Received": "unknown", "Activated": "unknown",
            "Excluded": "unknown", "Failed": "unknown",
        }  # fmt: skip
        assert found.gap[0] == "How many arrived is unknown: Adobe's run tells no count of this audience."
        assert found.usual == ""

    def test_what_has_not_ended_has_no_afterwards(self, house: House) -> None:
        made = house.activation(house.mappings[0])
        (one,) = running(made, sent(made))
        assert afterwards(one, timezone.now()) is None


class TestExpected:
    def test_it_is_what_was_known_when_it_was_sent(self, stage: Any) -> None:
        mapping = stage.good()[0]
        made = stage.press([mapping])
        later = timezone.now()
        type(mapping.audience).objects.filter(pk=mapping.audience_id).update(
            profiles=777, profiles_as_of=later
        )
        stage.claim()
        one = made.deliveries.get()
        assert one.state == states.SENDING
        assert (one.expected, one.expected_as_of) == (777, later)


class TestWatched:
    def test_the_watcher_compares_what_it_sees_end(self, stage: Any) -> None:
        """The run's own figures against a median that is far above them."""
        mapping = stage.good()[0]
        remember(mapping, 9_000_000, 9_000_000, 9_000_000)
        made = stage.press([mapping])
        stage.settle()
        one = made.deliveries.get()
        assert one.state in states.DELIVERED
        assert (one.usual, one.usual_of) == (9_000_000, 3)
        assert one.unusual == ("empty" if not one.activated else "fewer")


class TestWhereItIsSaid:
    def unusual(self, house: House) -> Delivery:
        remember(house.mappings[0], 20_000, 20_100, 20_300)
        return arrived(house, received=15_075, activated=15_075, excluded=0, failed=0, files=1)

    def test_on_the_activations_page(self, house: House) -> None:
        one = self.unusual(house)
        page = house.client().get(house.url("activation", one.activation_id)).content.decode()
        assert "−25 % against the last 3" in page
        assert "−25 % against 20,100, the median of its last 3 that arrived whole." in page
        assert "Look before you rely on it" in page
        assert "?show=unusual" in page
        (row,) = (
            house.client().get(house.url("activation", one.activation_id) + "?show=unusual").context["rows"]
        )
        assert row.delivery.pk == one.pk

    def test_a_usual_one_is_not_flagged(self, house: House) -> None:
        remember(house.mappings[0], 48_000, 48_000, 48_000)
        one = arrived(house, received=48_210, activated=48_198, excluded=12)
        page = house.client().get(house.url("activation", one.activation_id)).content.decode()
        assert flag(one) == ""
        assert "Look before you rely on it" not in page
        assert "Unusual" not in page
        assert "±0 % against 48,000, the median of its last 3 that arrived whole." in page

    def test_too_few_are_said_to_be(self, house: House) -> None:
        one = arrived(house, received=48_210, activated=48_198, excluded=12)
        assert said(one).usual == "Too few to compare: 0 earlier deliveries of this mapping arrived whole."

    def test_an_empty_file_is_flagged(self, house: House) -> None:
        one = arrived(house, states.EMPTY, received=0, activated=0, excluded=0, reason="delivered_empty")
        assert one.unusual == "empty"
        found = house.client().get(f"{house.url('history')}?outcome=unusual").context["rows"]
        assert [activation.pk for activation, _summary in found] == [one.activation_id]

    def test_in_the_history(self, house: House) -> None:
        one = self.unusual(house)
        arrived(house, states.SUCCEEDED, house.mappings[1], activated=5)
        answer = house.client().get(f"{house.url('history')}?outcome=unusual")
        assert [activation.pk for activation, _summary in answer.context["rows"]] == [one.activation_id]
        assert "1 unusual" in answer.content.decode()

    def test_in_the_notice(self, house: House) -> None:
        one = self.unusual(house)
        collect()
        notice = one.activation.notices.select_related("workspace", "activation").get()
        assert words.subject(notice).endswith(": 1 delivered, 1 unusual")
        first, second = words.text(notice).split("\n\n")[:2]
        assert first == "1 delivered"
        assert second.splitlines() == [
            "Look before you rely on it: it differs by 20 % or more from what is usual.",
            "Audience 0000 → Campaign S3: 15,075, −25 % against 20,100, the median of its last 3.",
        ]

    def test_a_usual_notice_says_nothing_of_it(self, house: House) -> None:
        one = arrived(house, received=48_210, activated=48_198, excluded=12)
        collect()
        notice = one.activation.notices.select_related("workspace", "activation").get()
        assert "unusual" not in words.subject(notice) + words.text(notice)
        assert "unusual" not in notice.data

    def test_in_the_support_bundle(self, house: House) -> None:
        one = self.unusual(house)
        (told,) = json.loads(house.client().get(house.url("bundle", one.activation_id)).content)["deliveries"]
        assert (told["usual"], told["usual_of"], told["unusual"]) == (20_100, 3, "fewer")
        assert told["expected_as_of"]
        assert "−25 % against 20,100, the median of its last 3 that arrived whole." in told["afterwards"]

    def test_on_the_runs_page_where_the_run_is_ours(self, house: House) -> None:
        one = self.unusual(house)
        flow = house.mappings[0].dataflow
        make_run(flow, house.mappings[0].audience, platform_id=one.run_id)
        make_run(flow, house.mappings[1].audience)
        address = f"/w/{house.workspace.slug}/destinations/{flow.platform_id}/runs/"
        page = house.client().get(address).content.decode()
        assert page.count("−25 % against 20,100, the median of its last 3 that arrived whole.") == 1
        assert page.count('class="ours"') == 1

    def test_of_a_run_of_other_workspaces_too_only_who_sees_all_of_them_reads(self, house: House) -> None:
        from activations.models import Share
        from tests.catalogue import make_workspace

        one = self.unusual(house)
        flow = house.mappings[0].dataflow
        make_run(flow, house.mappings[0].audience, platform_id=one.run_id)
        for place in (house.workspace, make_workspace("hotels")):
            Share.objects.create(activation=one.activation, workspace=place)
        address = f"/w/{house.workspace.slug}/destinations/{flow.platform_id}/runs/"
        assert 'class="ours"' not in house.client(house.bob).get(address).content.decode()
        root = make_user("root", is_superuser=True)
        assert 'class="ours"' in house.client(root).get(address).content.decode()


class TestCost:
    def pressed(self, house: House, count: int) -> Activation:
        flow = house.mappings[0].dataflow
        mappings = [make_mapping(flow, make_audience(house.workspace)) for _ in range(count)]
        for one in mappings[:2]:
            remember(one, 100, 100, 100)
        made = house.activation(*mappings, name="Storm")
        moved = running(made, sent(made))
        usual = usual_counts({one.mapping_id for one in moved})
        for one in moved:
            ended(
                [one], states.SUCCEEDED, activated=50, **compared(states.SUCCEEDED, 50, usual[one.mapping_id])
            )
        return made

    def test_the_page_asks_no_more_for_more(self, house: House) -> None:
        asked = []
        for count in (2, 30):
            made = self.pressed(house, count)
            client = house.client()
            client.get(house.url("activation", made.pk))
            with CaptureQueriesContext(
                connection,
            ) as found:
                client.get(house.url("activation", made.pk))
            asked.append(len(found))
        assert asked[0] == asked[1]


class TestSegment:
    @pytest.fixture
    def stage(self, db: None) -> Any:
        with Simulator(port=0, seed=7, dataflows=1, audiences=70) as simulator:
            yield SegmentStage(simulator)

    def test_a_resync_tells_no_counts_and_says_so(self, stage: SegmentStage) -> None:
        made = stage.press(stage.good())
        stage.settle()
        stage.turn(60)
        one = made.deliveries.select_related("workspace").get()
        assert one.state == states.FINISHED
        assert said(one).gap == (
            "Segment tells no counts of a resync. Its Delivery Overview tells them of Linked Audiences alone, and told none of this one.",
        )
        assert dict(said(one).facts)["Events delivered"] == "unknown"
        assert said(one).usual == ""

    def test_events_of_a_linked_audience_are_compared_with_earlier_ones(self, stage: SegmentStage) -> None:
        (mapping,) = stage.good(kind=LINKED)
        remember(mapping, 90_000_000, 90_000_000, 90_000_000, state=states.FINISHED)
        made = stage.press([mapping])
        stage.settle()
        for _ in range(3):
            stage.turn(60)
        one = made.deliveries.select_related("workspace").get()
        assert one.activated is not None
        assert (one.usual, one.usual_of, one.unusual) == (90_000_000, 3, "fewer")
        assert said(one).gap[0].startswith("Segment counts events, not people")
