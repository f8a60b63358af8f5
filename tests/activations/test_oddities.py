"""What no document foretells in the platform's answers: kept word for word, flagged on the delivery, never a
crash, and never a reason to send again."""

import json

import pytest

from activations import states
from activations.lines import delivery_rows
from activations.models import Activation, Delivery
from tests.activations.house import House
from tests.activations.tampering import tampering
from tests.activations.world import ADHOCRUN, Stage, at_rest, only, pair, states_of
from tests.catalogue import make_user

pytestmark = pytest.mark.django_db
RUNS = "/data/foundation/flowservice/runs"
ELSEWHERE = "https://platform.adobe.io/data/foundation/flowservice/runs/"


@pytest.fixture
def stage(sim):
    stage = Stage(sim)
    with tampering(sim.url) as between:
        stage.between = between
        stage.workspace.platform_url = between.url
        stage.workspace.save()
        yield stage


def flagged(delivery):
    return [one["kind"] for one in delivery.oddities]


def version_of(activation):
    return Activation.objects.get(pk=activation.pk).version


def foreign(answer):
    answer["order"].append({"segment": "a-9", "order": "f-9", "statusURL": ELSEWHERE + "r-9"})


def another_dataflow(answer):
    answer["order"].append({**answer["order"][0], "order": "f-9"})


def twice(answer):
    answer["order"].append(dict(answer["order"][0]))


def twice_otherwise(answer):
    answer["order"].append({**answer["order"][0], "statusURL": ELSEWHERE + "r-other"})


def new_field(answer):
    answer["order"][0]["priority"] = {"lane": "fast"}


def no_record(answer):
    answer["order"].append("accepted")


ORDERS = {
    "ids of nothing that was asked for": (foreign, "pair", 2),
    "our audience on another dataflow": (another_dataflow, "pair", 1),
    "a pair twice": (twice, "duplicate", 1),
    "a pair twice, with two runs": (twice_otherwise, "duplicate", 1),
    "a field that nobody knows": (new_field, "fields", 1),
    "something that is no record": (no_record, "record", 2),
}


@pytest.mark.parametrize(("change", "kind", "on"), ORDERS.values(), ids=ORDERS)
def test_strange_records_are_kept_and_flagged_and_change_nothing(stage, change, kind, on):
    chosen = stage.good(2)
    stage.between.when("POST", ADHOCRUN, change)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 2}
    marked = [one for one in activation.deliveries.all() if one.oddities]
    assert [flagged(one) for one in marked] == [[kind]] * on
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 2}
    assert stage.sent_once(chosen)
    at_rest()


BAD_IDS = {"no run at all": ELSEWHERE, "a blank": ELSEWHERE + "r 1", "no text": 17, "a query": "?x=1"}


@pytest.mark.parametrize("link", BAD_IDS.values(), ids=BAD_IDS)
def test_a_run_id_in_the_wrong_shape_is_looked_for_and_never_sent_again(stage, link):
    """Adobe took it; were its run never seen, a second call would be a second export."""
    here, other = stage.good(2)

    def spoil(answer):
        for record in answer["order"]:
            if record["segment"] == here.audience.platform_id:
                record["statusURL"] = link

    stage.between.when("POST", ADHOCRUN, spoil)
    activation = stage.press([here, other])
    stage.turn()
    delivery = activation.deliveries.get(mapping=here)
    assert (delivery.state, delivery.reason) == (states.UNCONFIRMED, "run_id_unreadable")
    assert flagged(delivery) == ["run_id"]
    assert json.loads(delivery.oddities[0]["said"])["statusURL"] == link
    stage.settle()
    assert states_of(activation) == {states.SUCCEEDED: 2}
    assert stage.sent_once([here, other])


def test_a_run_that_is_never_seen_is_for_a_person_and_not_sent_again(stage):
    (here,) = stage.good(1)

    def change(method, path, answer):
        if (method, path) == ("POST", ADHOCRUN):
            answer["order"][0]["statusURL"] = ELSEWHERE
        elif path == RUNS:
            answer["items"] = []

    stage.between.change = change
    activation = stage.press([here])
    stage.settle()
    assert only(activation).state == states.STOPPED
    assert stage.ledger() == [pair(here)]
    assert stage.posts() == 1


def test_a_joined_run_whose_id_cannot_be_read_is_found_in_the_list(stage):
    (here,) = stage.good(1)
    activation = stage.press([here])
    stage.look()
    run = stage.others_run(here, duration=300)
    stage.sim.world.sandboxes["prod"].runs.by_id[run].id = "r/1"
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.reason, flagged(delivery)) == (states.ARMED, "run_going_on", ["run_id"])
    stage.sim.world.sandboxes["prod"].runs.by_id[run].id = run
    stage.turn(20)
    stage.settle()
    assert (only(activation).run_id, only(activation).joined) == (run, True)
    assert stage.ledger() == []


def test_unknown_status_words_and_fields_of_a_run(stage):
    (here,) = stage.good(1)

    def change(answer):
        for run in answer["items"]:
            run["priority"] = 7
            if "metrics" in run and "completedAtUTC" not in run["metrics"]["durationSummary"]:
                run["metrics"]["statusSummary"]["status"] = "Percolating"

    stage.between.when("GET", RUNS, change)
    activation = stage.press([here])
    stage.turn()
    version = version_of(activation)
    stage.turn(5)
    delivery = only(activation)
    assert delivery.state == states.RUNNING
    assert sorted(flagged(delivery)) == ["run_fields", "status"]
    assert {"kind": "status", "said": '{"status": "Percolating"}'} in delivery.oddities
    assert version_of(activation) > version
    version = version_of(activation)
    stage.turn(3)
    assert len(only(activation).oddities) == 2, "each is told once"
    assert version_of(activation) == version
    stage.settle()
    assert only(activation).state == states.SUCCEEDED
    assert stage.sent_once([here])


def test_the_row_shows_what_was_said(stage):
    (here,) = stage.good(1)
    stage.between.when("POST", ADHOCRUN, new_field)
    alice = make_user("alice", "activator", stage.workspace)
    activation = stage.press([here], by=alice)
    stage.turn()
    (row,) = delivery_rows(activation.deliveries.select_related("retry_of"), stage.now())
    assert "fields we do not know" in row.odd[0].words
    page = House(stage.workspace, alice, alice, alice, [here]).client().get(activation.get_absolute_url())
    assert "fields we do not know" in page.content.decode()
    assert "lane" in page.content.decode()


def test_there_is_an_end_to_what_is_kept(stage):
    (here,) = stage.good(1)
    stage.between.when("POST", ADHOCRUN, lambda answer: answer["order"].extend(f"x{n}" for n in range(50)))
    stage.press([here])
    stage.turn()
    assert len(Delivery.objects.get().oddities) == 10
