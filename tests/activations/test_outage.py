"""A platform that is away for ten minutes, with the product's own lengths as they are, in injected time."""

import pytest

from activations import states
from tests.activations.world import Stage, at_rest, impatient, states_of

pytestmark = pytest.mark.django_db
TEN_MINUTES, STEP = 600, 20
AWAY = {"503": {"name": "status", "status": 503}, "every connection reset": {"name": "reset_before"}}


@pytest.fixture
def stage(sim):
    return Stage(sim)


@pytest.mark.parametrize("how", AWAY.values(), ids=AWAY)
def test_what_was_pressed_before_and_meanwhile_is_sent_once(stage, how):
    impatient(stage.workspace)
    chosen = stage.good(9)
    running, calling, meanwhile = chosen[:3], chosen[3:6], chosen[6:]
    before = stage.press(running)
    stage.turn()
    assert states_of(before) == {states.RUNNING: 3}
    during = stage.press(calling)
    stage.look()
    stage.fault(
        how["name"], method="*", path="*", times=None, **{k: v for k, v in how.items() if k != "name"}
    )
    stage.turn()
    assert states_of(during) == {states.UNCONFIRMED: 3}
    for second in range(0, TEN_MINUTES, STEP):
        if second == TEN_MINUTES / 2:
            late = stage.press(meanwhile)
        stage.turn(STEP)
    assert states_of(before) == {states.RUNNING: 3}, "nothing is known, so nothing is claimed"
    assert states_of(during) == {states.UNCONFIRMED: 3}
    assert states_of(late) == {states.QUEUED: 3}
    stage.heal()
    stage.settle()
    for activation in (before, during, late):
        assert states_of(activation) == {states.SUCCEEDED: 3}
    assert stage.sent_once(chosen)
    at_rest()
