"""The client and the stand-in over a real socket, every request held against the published documents."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from platforms.adobe import AdobeClient
from platforms.errors import (
    AnswerLost,
    AnswerUnreadable,
    CredentialsRefused,
    NotFound,
    PlatformError,
    PlatformFault,
    RunGoingOn,
    Throttled,
)
from platforms.http import Limits
from platforms.types import Dataflow, DataflowKind, JobStatus, Pair, RunStatus
from simulator.server import Simulator
from simulator.world import CLIENT_ID, CLIENT_SECRET, ORG
from tests import contracts
from tests.platforms.conftest import HASTY, Witness, config_for

ADHOCRUN = "/data/core/activation/disflowprovider/adhocrun"
DOCUMENTS = {
    "/data/core/activation/": ("ad-hoc-activation",),
    "/data/core/ups/": ("segmentation",),
    "/data/foundation/sandbox-management/": ("sandbox",),
    "/data/foundation/access-control/": ("access-control",),
}


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(seed=3, audiences=340, dataflows=24, speed=150.0) as simulator:
        yield simulator


@pytest.fixture
def client(sim: Simulator, witness: Witness) -> Iterator[AdobeClient]:
    sim.world.faults.replace({"rules": []})
    config = config_for(sim.url, org=ORG, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    limits = Limits(read=2.0)
    with AdobeClient(config, transport=witness, patience=HASTY, limits=limits, adhoc_timeout=0.6) as made:
        yield made
    sim.world.faults.replace({"rules": []})


def strike(sim: Simulator, fault: str, path: str, **rule: Any) -> None:
    known = {"method": "*", "path": path, "fault": fault, "times": 1}
    sim.world.faults.replace({"rules": [{**known, **rule}]})


def exports(sim: Simulator) -> list[dict[str, Any]]:
    shown = httpx.get(f"{sim.url}/_sim/ledger", trust_env=False).json()
    return list(shown["exports"])


def ready_pairs(client: AdobeClient, count: int) -> list[Pair]:
    """Pairs the stand-in accepts right now, found by asking for each alone and letting it finish."""
    found: list[Pair] = []
    for flow in client.dataflows():
        if flow.kind is not DataflowKind.BATCH_FILE or flow.state != "enabled":
            continue
        for mapping in flow.mappings:
            try:
                client.activate([(flow.id, mapping.audience)])
            except PlatformError:
                continue
            found.append((flow.id, mapping.audience))
            if len(found) == count:
                return found
    raise AssertionError("the stand-in has too few pairs that are ready")


def finish(client: AdobeClient, sim: Simulator) -> None:
    """Wait until no run of the ledger is going on; the clock runs much faster."""
    ids = [export["run"] for export in exports(sim)]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if all(run.status.is_over for run in client.runs(ids).values()):
            return
        time.sleep(0.1)
    raise AssertionError("runs did not finish")


@pytest.fixture
def idle_pair(sim: Simulator, client: AdobeClient) -> Pair:
    (pair,) = ready_pairs(client, 1)
    finish(client, sim)
    return pair


def test_every_request_is_one_the_published_documents_allow(
    sim: Simulator, client: AdobeClient, witness: Witness, idle_pair: Pair
) -> None:
    client.check_connection()
    flows = client.dataflows()
    client.dataflow(flows[0].id)
    client.dataflows_by_id([flow.id for flow in flows])
    client.audiences()
    client.segment_jobs()
    client.export_jobs()
    client.schedules()
    accepted = client.activate([idle_pair])
    client.runs(list(accepted.runs.values()))
    client.run(next(iter(accepted.runs.values())))
    client.runs_of([flow.id for flow in flows], limit=120)
    finish(client, sim)
    client.activate([idle_pair], version="v1", export_ids=[client.latest_export_id()])
    finish(client, sim)

    judged = [request for request in witness.seen if not request.url.path.startswith("/ims/")]
    for request in judged:
        start = next((known for known in DOCUMENTS if request.url.path.startswith(known)), None)
        for name in DOCUMENTS[start] if start else flow_documents(request.url.path):
            contracts.assert_request(name, request)
        assert "x-sandbox-id" not in request.headers
    assert len(judged) > 20


def flow_documents(path: str) -> tuple[str, ...]:
    """Flow Service is described twice; only one of the documents knows these two paths."""
    alone = path.endswith("/connectionSpecs") or "/runs/" in path
    return ("flow-service",) if alone else ("flow-service", "destinations")


def test_the_whole_catalogue(sim: Simulator, client: AdobeClient) -> None:
    flows = client.dataflows()
    audiences = client.audiences()

    place = sim.world.sandboxes["prod"]
    assert len(flows) == 24
    assert {each.id for each in audiences} == set(place.audiences)
    assert {flow.kind for flow in flows} >= {
        DataflowKind.BATCH_FILE,
        DataflowKind.STREAMING,
        DataflowKind.DATASET,
    }
    assert all(flow.destination.account for flow in flows)
    mapped = {mapping.audience for flow in flows for mapping in flow.mappings}
    assert mapped <= {each.id for each in audiences}
    assert any(mapping.external_id for flow in flows for mapping in flow.mappings)
    assert any(each.external for each in audiences)
    assert client.export_jobs()[0].status in JobStatus


def test_one_dataflow_equals_its_line_in_the_list(client: AdobeClient) -> None:
    for flow in client.dataflows()[:5]:
        again: Dataflow = client.dataflow(flow.id)
        assert (again.id, again.kind, again.mappings, again.destination) == (
            flow.id,
            flow.kind,
            flow.mappings,
            flow.destination,
        )


def test_from_the_press_to_the_end(sim: Simulator, client: AdobeClient, idle_pair: Pair) -> None:
    before = len(exports(sim))

    accepted = client.activate([idle_pair])
    run_id = accepted.runs[idle_pair]
    with pytest.raises(RunGoingOn) as going_on:
        client.activate([idle_pair])

    assert (going_on.value.audience, going_on.value.dataflow, going_on.value.run) == (
        idle_pair[1],
        idle_pair[0],
        run_id,
    )
    finish(client, sim)
    run = client.run(run_id)
    assert run.status in (RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED)
    assert run.snapshot_only is not False
    assert run_id in {each.id for each in client.runs_of([idle_pair[0]])}
    assert len(exports(sim)) == before + 1


LOST = [("reset_before", AnswerLost, 0), ("reset_after", AnswerLost, 1), ("silence_after", AnswerLost, 1)]


@pytest.mark.parametrize(("fault", "kind", "effects"), LOST)
def test_lost_answers_are_lost_and_never_repeated(
    sim: Simulator, client: AdobeClient, idle_pair: Pair, fault: str, kind: type[PlatformError], effects: int
) -> None:
    before = len(exports(sim))
    strike(sim, fault, ADHOCRUN, times=5)

    with pytest.raises(PlatformError) as caught:
        client.activate([idle_pair])

    assert type(caught.value) is kind
    assert len(exports(sim)) == before + effects


FAULTS: list[tuple[str, dict[str, Any], type[PlatformError]]] = [
    ("status", {"status": 503, "retry_after": 5}, PlatformFault),
    ("status", {"status": 500}, PlatformFault),
    ("status", {"status": 429, "retry_after": 7}, Throttled),
    ("html", {}, PlatformFault),  # a gateway's page, with 502
    ("truncate", {}, AnswerUnreadable),
]


@pytest.mark.parametrize(("fault", "rule", "kind"), FAULTS)
def test_faulty_answers_are_typed_and_sent_once(
    sim: Simulator, client: AdobeClient, witness: Witness, idle_pair: Pair, fault: str, rule: dict[str, Any],
    kind: type[PlatformError],
) -> None:  # fmt: skip
    strike(sim, fault, ADHOCRUN, **rule)
    witness.seen.clear()

    with pytest.raises(PlatformError) as caught:
        client.activate([idle_pair])

    assert type(caught.value) is kind
    assert getattr(caught.value, "retry_after", None) == rule.get("retry_after")
    assert len([request for request in witness.seen if request.url.path == ADHOCRUN]) == 1


def test_a_pair_left_out_of_the_answer_is_missing(
    sim: Simulator, client: AdobeClient, idle_pair: Pair
) -> None:
    strike(sim, "drop_pair", ADHOCRUN)

    accepted = client.activate([idle_pair])

    assert (accepted.runs, accepted.missing) == ({}, (idle_pair,))


def test_a_revoked_token_is_replaced_and_the_press_goes_once(
    sim: Simulator, client: AdobeClient, idle_pair: Pair
) -> None:
    before = len(exports(sim))
    strike(sim, "revoke_token", ADHOCRUN)

    assert idle_pair in client.activate([idle_pair]).runs
    assert len(exports(sim)) == before + 1


@pytest.mark.parametrize("fault", ["reset_before", "html", "truncate", "empty_page", "revoke_token"])
def test_reading_gets_over_every_fault(sim: Simulator, client: AdobeClient, fault: str) -> None:
    strike(sim, fault, "/data/core/ups/audiences")

    assert len(client.audiences()) == len(sim.world.sandboxes["prod"].audiences)


def test_an_unknown_dataflow_is_not_found(client: AdobeClient) -> None:
    for call in (lambda: client.dataflow("nothing"), lambda: client.run("nothing")):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(NotFound):
        client.activate([("nothing", "nobody")])
    assert client.runs(["nothing"]) == {}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"client_id": "wrong"}, "key"),
        ({"client_secret": "wrong"}, "secret"),
        ({"org": "WRONG@AdobeOrg"}, "org"),
        ({"sandbox": "nowhere"}, "sandbox"),
        ({"sandbox": "old"}, "sandbox"),
    ],
)
def test_what_is_wrong_with_the_credentials_is_named(
    sim: Simulator, change: dict[str, str], refused: str
) -> None:
    known = {"org": ORG, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **change}
    with AdobeClient(config_for(sim.url, **known), patience=HASTY) as client:
        report = client.check_connection()
        assert report.refused == refused
        with pytest.raises(CredentialsRefused) as caught:
            client.dataflows()
    assert caught.value.field == refused


def test_the_right_credentials_are_right(client: AdobeClient) -> None:
    report = client.check_connection()

    assert report.ok
    assert {sandbox.name for sandbox in report.sandboxes} >= {"prod", "dev"}
    assert all(right.granted for right in report.permissions)
