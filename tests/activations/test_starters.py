"""Who started a run that we joined: an activation of ours, whom Adobe names, or nobody that it names."""

import pytest

from activations import states
from activations.cards import cards_of
from activations.lines import delivery_rows
from activations.models import Delivery
from activations.story import story
from audiences.models import User
from tests.activations.house import House
from tests.activations.world import Stage, only
from tests.catalogue import make_user

pytestmark = pytest.mark.django_db
DEMO_CLIENT = "demo-client"
UNKNOWN = "who started it is unknown"
NAMES = {
    "a person and a client": (
        {"by": "A1B2@AdobeID", "client": "exc_app"},
        "started by A1B2@AdobeID (exc_app), as Adobe names them",
    ),
    "one name for both": ({"by": "etl", "client": "etl"}, "started by etl, as Adobe names them"),
    "a client alone": ({"by": "", "client": "exc_app"}, "started by exc_app, as Adobe names them"),
    "our own credentials": (
        {"by": DEMO_CLIENT, "client": DEMO_CLIENT},
        "started with this workspace's own credentials, though by no activation here",
    ),
    "nobody": ({"by": "", "client": ""}, UNKNOWN),
}


@pytest.fixture
def stage(sim):
    return Stage(sim)


def rows(stage, activation):
    listed = activation.deliveries.select_related("retry_of")
    return [row.starter for row in delivery_rows(listed, stage.now())]


def told(activation):
    return [line.text for line in story(activation, User(), {}).lines]


@pytest.mark.parametrize(("who", "said"), NAMES.values(), ids=NAMES)
def test_whom_adobe_names(stage, who, said):
    (here,) = stage.good(1)
    activation = stage.press([here])
    # By the last look, or by the platform's answer to the call: both ways lead there.
    if not who["by"]:
        stage.look()
    stage.others_run(here, **who)
    stage.turn(3)
    assert [starter.words for starter in rows(stage, activation)] == [UNKNOWN]
    version = activation.version
    stage.turn(3)
    delivery = only(activation)
    assert (delivery.state, delivery.joined) == (states.RUNNING, True)
    assert (delivery.started_by, delivery.started_client) == (who["by"], who["client"])
    assert [starter.words for starter in rows(stage, activation)] == [said]
    assert [starter.words for starter in cards_of(activation)[0].starters] == [said]
    line = f"The run that {here.audience.name} joined was started by"
    assert any(text.startswith(line) for text in told(activation)) == (said != UNKNOWN)
    activation.refresh_from_db()
    assert said == UNKNOWN or activation.version > version
    stage.settle()
    assert [starter.words for starter in rows(stage, activation)] == [said]
    assert sum(text.startswith(line) for text in told(activation)) == (said != UNKNOWN)
    assert stage.ledger() == []


def test_an_activation_of_ours_is_named_and_linked(stage):
    """It was no longer watched, so nothing of ours held the audience; the platform names its run."""
    (here,) = stage.good(1)
    alice = make_user("alice", "activator", stage.workspace)
    first = stage.press([here], by=alice, name="Flash sale")
    stage.turn()
    Delivery.objects.update(deadline=stage.now())
    run = stage.sim.world.sandboxes["prod"].runs.by_id[only(first).run_id]
    run.ends += 600
    stage.turn(3)
    assert only(first).state == states.STOPPED
    second = stage.press([here])
    stage.turn(3)
    assert (only(second).run_id, only(second).joined) == (run.id, True)
    (starter,) = rows(stage, second)
    assert (starter.words, starter.activation) == ("started by alice", first)
    house = House(stage.workspace, alice, alice, alice, [here])
    page = house.client().get(second.get_absolute_url()).content.decode()
    assert f'started by alice, <a href="{first.get_absolute_url()}">Flash sale</a>' in page


def test_rows_that_joined_nothing_ask_nothing(stage, django_assert_num_queries):
    activation = stage.press(stage.good(2))
    listed = list(activation.deliveries.select_related("retry_of"))
    with django_assert_num_queries(0):
        delivery_rows(listed, stage.now())
