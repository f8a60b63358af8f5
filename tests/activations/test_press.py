"""From the mirrored catalogue to the delivered file, through the verbs alone."""

import pytest

from activations import states
from tests.activations.world import ledger, mirrored, press, settle, states_of, that, turn

pytestmark = pytest.mark.django_db


def test_it_works(sim):
    workspace = mirrored(sim)
    chosen = [m for m in that(workspace, "ready") if m.audience.profiles][:3]
    activation = press(workspace, chosen)
    assert states_of(activation) == {states.QUEUED: 3}
    turn(workspace)
    assert states_of(activation) == {states.RUNNING: 3}
    assert sorted(ledger(sim)) == sorted((m.dataflow.platform_id, m.audience.platform_id) for m in chosen)
    settle(sim, workspace)
    assert states_of(activation) == {states.SUCCEEDED: 3}
