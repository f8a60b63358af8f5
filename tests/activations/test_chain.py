"""The chain of organisations on v1: evaluate, export, activate with that export and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from activations import states
from activations.chain import CannotStart, advance_all, start, stop
from activations.models import Activation, Chain, Event, Job
from audiences.models import Wish
from audiences.tasks import follow_jobs
from audiences.wishes.work import fulfil_all
from simulator.madejobs import dataset_of
from simulator.server import Simulator
from tests.activations.world import Stage, fault, impatient

pytestmark = pytest.mark.django_db


class V1(Stage):
    """A stage whose organisation still uses v1, with the workers of a chain spelled short."""

    def __init__(self, sim: Any) -> None:
        super().__init__(sim, adhoc_version="v1")
        impatient(self.workspace)
        self.dataset = dataset_of(sim.world.sandboxes["prod"])

    @property
    def made(self) -> list[Any]:
        return self.sim.world.sandboxes["prod"].jobs

    def begin(self, count: int = 2, **fields: Any) -> Chain:
        known = {"by": None, "press": "chain", "dataset": self.dataset}
        return start(self.workspace, self.good(count), **{**known, **fields})

    def go_on(self, chain: Chain, seconds: float = 0) -> Chain:
        """Time passes, then jobs are followed, wishes fulfilled, and the chain takes what steps it can."""
        self.turn(seconds)
        for _ in range(2):
            fulfil_all(self.workspace, clock=self.now)
            follow_jobs(self.workspace.pk)
            advance_all(self.workspace, self.now())
        chain.refresh_from_db()
        return chain


@pytest.fixture
def v1(db: None) -> Iterator[V1]:
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as simulator:
        yield V1(simulator)


def test_it_evaluates_exports_and_activates_with_that_export(v1: V1) -> None:
    chain = v1.begin()
    assert v1.go_on(chain).state == "evaluating"
    assert [(job.kind, job.segments) for job in v1.made] == [("segment", tuple(chain.audiences))]
    assert v1.go_on(chain, 130).state == "exporting"
    assert v1.go_on(chain, 10).state == "exporting"
    assert not Activation.objects.exists()
    assert v1.go_on(chain, 70).state == "done"
    made = chain.activation
    assert made is not None
    assert made.export_id == v1.made[1].id
    v1.settle()
    assert set(made.deliveries.values_list("state", flat=True)) == {states.SUCCEEDED}
    assert set(Job.objects.values_list("version", "export_id")) == {("v1", v1.made[1].id)}
    told = Event.objects.filter(data__chain=chain.pk).values_list("what", flat=True)
    assert list(told) == ["chain_begun", "chain_evaluated", "chain_exported", "chain_activated"]


def test_a_press_beside_it_keeps_its_own_export_and_its_own_job(v1: V1) -> None:
    chain = v1.begin(1)
    other = v1.good(2)[1]
    for seconds in (0, 130, 70):
        v1.go_on(chain, seconds)
    v1.press([other])
    assert v1.go_on(chain).activation is not None
    v1.settle()
    assert v1.made[1].id in set(Job.objects.values_list("export_id", flat=True))
    of_chain = Job.objects.filter(deliveries__activation=chain.activation).get()
    assert of_chain.export_id == v1.made[1].id
    assert Job.objects.filter(deliveries__mapping=other).get() != of_chain


def test_taking_a_step_twice_does_nothing_twice(v1: V1) -> None:
    chain = v1.begin()
    for seconds in (0, 130, 70):
        v1.go_on(chain, seconds)
        advance_all(v1.workspace, v1.now())
        advance_all(v1.workspace, v1.now())
    assert (len(v1.made), Activation.objects.count()) == (2, 1)
    assert start(v1.workspace, v1.good(1), by=None, press="chain", dataset="x").pk == chain.pk


def test_a_dead_worker_between_press_and_note_makes_no_second_activation(v1: V1) -> None:
    chain = v1.begin()
    for seconds in (0, 130, 70):
        v1.go_on(chain, seconds)
    Chain.objects.filter(pk=chain.pk).update(state="pressing", activation=None)
    assert v1.go_on(chain).activation == Activation.objects.get()


@pytest.mark.parametrize("kind", ["segment", "export"])
def test_a_lost_answer_makes_no_second_job(v1: V1, kind: str) -> None:
    chain = v1.begin()
    fault(v1.sim, "reset_after", path=f"/data/core/ups/{kind}/jobs")
    for seconds in (0, 10, 130, 10, 70, 10):
        v1.go_on(chain, seconds)
    assert chain.state == "done"
    assert [job.kind for job in v1.made] == ["segment", "export"]


def test_a_job_that_is_cancelled_stops_the_chain(v1: V1) -> None:
    chain = v1.go_on(v1.begin())
    v1.made[0].cancelled_at = v1.sim.world.now()
    chain = v1.go_on(chain, 10)
    assert (chain.state, chain.why) == ("stopped", "segment_canceled")
    assert not Activation.objects.exists()


def test_a_refusal_stops_the_chain_with_the_platforms_words(v1: V1) -> None:
    chain = v1.begin(dataset="nowhere")
    v1.go_on(chain)
    chain = v1.go_on(chain, 130)
    chain = v1.go_on(chain)
    assert (chain.state, chain.why, chain.verbatim) == (
        "stopped",
        "refused",
        "The dataset nowhere is not found.",
    )


def test_a_person_stops_it_and_nothing_is_activated(v1: V1) -> None:
    chain = v1.go_on(v1.begin())
    assert stop(chain, by=None)
    assert not stop(chain, by=None)
    for seconds in (130, 70):
        v1.go_on(chain, seconds)
    assert (chain.state, chain.why) == ("stopped", "canceled")
    assert not Activation.objects.exists()


def test_a_job_that_never_ends_ends_the_chain(v1: V1) -> None:
    chain = v1.go_on(v1.begin())
    advance_all(v1.workspace, v1.now() + timedelta(hours=13))
    chain.refresh_from_db()
    assert (chain.state, chain.why) == ("stopped", "too_long")


def test_only_v1_has_it(v1: V1) -> None:
    v1.workspace.adhoc_version = "v2"
    with pytest.raises(CannotStart, match="v2"):
        v1.begin()
    v1.workspace.adhoc_version = "v1"
    with pytest.raises(CannotStart, match="nothing to activate"):
        start(v1.workspace, [], by=None, press="none", dataset="x")
    assert not Wish.objects.exists()
