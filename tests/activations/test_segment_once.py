"""The sent-once table for resyncs through Segment, row by row; the platform's own ledger is the judge."""

import pytest

from activations import states
from simulator.server import Simulator
from tests.activations.segment_world import SegmentStage
from tests.activations.world import at_rest, only, states_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db):
    with Simulator(port=0, seed=7, dataflows=2, audiences=120) as simulator:
        yield SegmentStage(simulator)


def test_it_works(stage):
    (chosen,) = stage.good()
    activation = stage.press([chosen])
    stage.turn()
    delivery = only(activation)
    assert (delivery.state, delivery.run_id) == (states.RUNNING, chosen.platform_id)
    stage.turn(3)
    assert only(activation).seen_at is not None
    stage.settle()
    delivery = only(activation)
    assert (delivery.state, delivery.reason) == (states.FINISHED, "")
    assert stage.sent_once([chosen])
    at_rest()


def test_several_go_one_after_another(stage):
    chosen = stage.good(3)
    activation = stage.press(chosen)
    stage.turn()
    assert states_of(activation) == {states.RUNNING: 1, states.QUEUED: 2}
    stage.settle()
    assert states_of(activation) == {states.FINISHED: 3}
    assert stage.sent_once(chosen)
    at_rest()
