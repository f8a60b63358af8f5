"""Asking for evaluations and exports, following and cancelling them, against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from platforms.adobe import AdobeClient
from platforms.errors import AnswerLost, NotFound, PlatformFault, Refused, Throttled
from platforms.http import Limits
from platforms.types import JobStatus
from simulator.madejobs import dataset_of
from simulator.server import Simulator
from simulator.world import CLIENT_ID, CLIENT_SECRET, ORG
from tests import contracts
from tests.platforms.conftest import HASTY, config_for

UPS = "/data/core/ups"


class Witness(httpx.HTTPTransport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.method in ("POST", "DELETE") and "/jobs" in request.url.path:
            answer.read()
            self.writes.append((request, answer))
        return answer


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(seed=5, audiences=60, dataflows=4) as simulator:
        yield simulator


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def client(sim: Simulator, witness: Witness) -> Iterator[AdobeClient]:
    config = config_for(sim.url, org=ORG, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    with AdobeClient(config, transport=witness, patience=HASTY, limits=Limits(read=0.6)) as made:
        yield made


def later(sim: Simulator, seconds: float) -> None:
    sim.world.clock.set(now=sim.world.clock.now() + seconds)


def some(sim: Simulator, count: int) -> list[str]:
    people = sim.world.sandboxes["prod"].audiences.values()
    return [one.id for one in people if not one.external][:count]


def held_against_the_document(witness: Witness) -> None:
    for request, answer in witness.writes:
        contracts.assert_request("segmentation", request)
        contracts.assert_response("segmentation", request, answer)


def test_an_evaluation_is_made_and_followed(client: AdobeClient, sim: Simulator, witness: Witness) -> None:
    wanted = some(sim, 3)
    job = client.evaluate(wanted)
    assert (job.kind, job.status, job.scheduled) == ("segment", JobStatus.QUEUED, False)
    assert job.segments == tuple(wanted)
    later(sim, 10)
    assert client.job("segment", job.id).status is JobStatus.PROCESSING
    later(sim, 120)
    over = client.job("segment", job.id)
    assert over.status is JobStatus.SUCCEEDED
    assert over.completed_at is not None
    assert client.segment_jobs()[0].id == job.id
    held_against_the_document(witness)


@pytest.mark.parametrize("count", [0, 1501])
def test_everything_is_asked_for_with_a_star(client: AdobeClient, witness: Witness, count: int) -> None:
    job = client.evaluate([f"segment-{number}" for number in range(count)])
    assert job.segments == ("*",)
    assert witness.writes[0][0].content == b'[{"segmentId":"*"}]'


def test_an_export_is_made_and_serves_v1(client: AdobeClient, sim: Simulator, witness: Witness) -> None:
    job = client.export(dataset_of(sim.world.sandboxes["prod"]), some(sim, 2))
    assert (job.kind, job.dataset, job.segments) == (
        "export",
        dataset_of(sim.world.sandboxes["prod"]),
        tuple(some(sim, 2)),
    )
    later(sim, 70)
    assert client.job("export", job.id).status is JobStatus.SUCCEEDED
    assert client.latest_export_id() == job.id
    held_against_the_document(witness)


@pytest.mark.parametrize("kind", ["segment", "export"])
def test_a_job_that_failed_says_why(client: AdobeClient, sim: Simulator, witness: Witness, kind: Any) -> None:
    """Throttling may show as a failed job rather than as a 429."""
    sim.world.faults.replace(
        {"rules": [{"method": "POST", "path": f"{UPS}/{kind}/jobs", "fault": "run_error", "times": 1}]}
    )
    job = client.evaluate() if kind == "segment" else client.export(dataset_of(sim.world.sandboxes["prod"]))
    assert not job.status.is_over
    later(sim, 130)
    failed = client.job(kind, job.id)
    assert failed.status is JobStatus.FAILED
    assert ["Request rate is large" in error.message for error in failed.errors] == [True]
    listed = client.segment_jobs() if kind == "segment" else client.export_jobs()
    assert next(one for one in listed if one.id == job.id).errors == failed.errors
    held_against_the_document(witness)


@pytest.mark.parametrize("kind", ["segment", "export"])
def test_a_job_is_cancelled(client: AdobeClient, sim: Simulator, witness: Witness, kind: Any) -> None:
    place = sim.world.sandboxes["prod"]
    job = client.evaluate() if kind == "segment" else client.export(dataset_of(place))
    client.cancel_job(kind, job.id)
    later(sim, 6)
    ended = {"segment": JobStatus.CANCELED, "export": JobStatus.FAILED}
    assert client.job(kind, job.id).status is ended[kind]
    with pytest.raises(Refused, match=r"\(400\)"):
        client.cancel_job(kind, job.id)
    with pytest.raises(NotFound):
        client.cancel_job(kind, "nothing")
    request, answer = witness.writes[1]
    if kind == "export":  # the document wants a body of the other's 204, which none can have
        contracts.assert_response("segmentation", request, answer)


def test_what_the_service_refuses(client: AdobeClient, sim: Simulator) -> None:
    with pytest.raises(Refused) as told:
        client.evaluate(["nobody"])
    assert "nobody is not found" in told.value.verbatim
    with pytest.raises(Refused) as told:
        client.export("no-such-dataset")
    assert "no-such-dataset is not found" in told.value.verbatim
    for _ in range(3):
        client.evaluate()
    with pytest.raises(Throttled):
        client.evaluate()


@pytest.mark.parametrize(
    ("fault", "error"),
    [("reset_after", AnswerLost), ("silence_after", AnswerLost), ("html", PlatformFault)],
)
def test_it_is_sent_once_whatever_becomes_of_its_answer(
    client: AdobeClient, sim: Simulator, fault: str, error: type[Exception]
) -> None:
    rule = {"method": "POST", "path": f"{UPS}/segment/jobs", "fault": fault, "times": 1}
    sim.world.faults.replace({"rules": [rule]})
    with pytest.raises(error):
        client.evaluate()
    assert sum(call.method == "POST" for call in sim.world.ledger.calls if "/jobs" in call.path) == 1
