"""External audiences: the client against the stand-in over a real socket, and against answers it never gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from platforms.adobe import AdobeClient
from platforms.adobe.external import creation, replacement
from platforms.errors import (
    AnswerLost,
    AnswerUnreadable,
    Conflict,
    CredentialsRefused,
    NotFound,
    NotSent,
    PlatformFault,
    Refused,
    Throttled,
)
from platforms.external import ExternalChange, ExternalField, ExternalSource, ExternalSpec
from platforms.http import Limits
from platforms.types import JobStatus
from simulator.server import Simulator
from simulator.world import CLIENT_ID, CLIENT_SECRET, ORG
from tests.platforms.conftest import HASTY, config_for
from tests.platforms.scripted import Reply, Scripted

AIS = "/data/core/ais/external-audience"
SPEC = ExternalSpec(
    name="Winter newsletter",
    description="From the fair",
    fields=(
        ExternalField("email", "string", identity="Email"),
        ExternalField("city", "string", labels=("core/C2",)),
    ),
    source=ExternalSource(path="in/newsletter.csv", kind="file", cloud="DLZ", public_key="key", signing_key="sig"),
    ttl_days=40,
    namespace="Fairs",
    labels=("core/C1",),
    tags=("tag-1",),
)  # fmt: skip


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(seed=3, audiences=120, dataflows=4) as simulator:
        yield simulator


@pytest.fixture
def there(sim: Simulator) -> Iterator[AdobeClient]:
    config = config_for(sim.url, org=ORG, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    with AdobeClient(config, patience=HASTY, limits=Limits(read=0.6)) as made:
        yield made
    sim.world.faults.replace({"rules": []})


def later(sim: Simulator, seconds: float) -> None:
    sim.world.clock.set(now=sim.world.now() + seconds)


def strike(sim: Simulator, fault: str, path: str, method: str = "POST", **rule: Any) -> None:
    known = {"method": method, "path": path, "fault": fault, "times": 1}
    sim.world.faults.replace({"rules": [{**known, **rule}]})


def calls(sim: Simulator, method: str, path: str) -> int:
    return sum((call.method, call.path) == (method, path) for call in sim.world.ledger.calls)


def made(sim: Simulator, there: AdobeClient, name: str) -> str:
    taken = there.externals.create(replace(SPEC, name=name))
    later(sim, 10)
    found = there.externals.operation(taken.key)
    assert found.external_id is not None
    return found.external_id


def test_a_life(sim: Simulator, there: AdobeClient) -> None:
    taken = there.externals.create(SPEC)
    assert (taken.status, "operationDetails" in taken.body) == (202, True)
    operation = there.externals.operation(taken.key)
    assert (operation.status, operation.word, operation.external_id) == (
        JobStatus.PROCESSING,
        "PROCESSING",
        None,
    )
    assert there.externals.named(SPEC.name) == ()
    later(sim, 10)
    operation = there.externals.operation(taken.key)
    assert operation.status is JobStatus.SUCCEEDED
    key = operation.external_id or ""
    (named,) = there.externals.named(SPEC.name)
    assert (named.external_id, named.namespace, named.ttl_days) == (key, "Fairs", 40)
    assert there.externals.by_external_id(key) == named
    assert named.id != key

    run = there.externals.ingest(key, 1_700_000_000, 1_700_003_600).key
    stages = there.externals.ingestion(key, run)
    assert (stages.status, [one.name for one in stages.stages]) == (JobStatus.PROCESSING, ["DATASET_INGEST"])
    with pytest.raises(Refused, match="422") as caught:
        there.externals.ingest(key, 1_700_000_000)
    assert "already in progress" in caught.value.verbatim
    later(sim, 60)
    done = there.externals.ingestion(key, run)
    assert done.status is JobStatus.SUCCEEDED
    assert [one.status for one in done.stages] == [JobStatus.SUCCEEDED] * 2
    assert all(one.run for one in done.stages)
    assert done.data_from is not None
    assert done.data_from.timestamp() == 1_700_000_000
    (listed,) = there.externals.ingestions(key)
    assert (listed.id, listed.stages) == (run, ())

    change = ExternalChange(
        description="Changed", ttl_days=50, labels=(), field_labels=(("city", ("core/C3",)),)
    )
    there.externals.update(key, change)
    assert there.externals.by_external_id(key).description == "Changed"  # type: ignore[union-attr]
    there.externals.extend(key)
    assert len(there.externals.ingestions(key)) == 2
    assert there.externals.delete(key).status == 204
    with pytest.raises(NotFound):
        there.externals.delete(key)
    with pytest.raises(NotFound):
        there.externals.ingestions(key)
    assert there.externals.by_external_id(key) is None


def test_the_body_leaves_out_what_is_empty() -> None:
    plain = replace(
        SPEC,
        description="",
        namespace="",
        labels=(),
        tags=(),
        source=ExternalSource("a", "folder", "S3", "bc"),
    )
    body = creation(plain)
    assert body.keys() == {"name", "fields", "sourceSpec", "ttlInDays", "audienceType", "originName"}
    assert body["sourceSpec"]["params"] == {
        "path": "a", "type": "folder", "sourceType": "Cloud Storage", "cloudType": "S3", "baseConnectionId": "bc",
    }  # fmt: skip
    assert replacement(ExternalChange(description="", labels=())) == {"description": "", "labels": []}


def test_a_duplicate_and_refusals(sim: Simulator, there: AdobeClient) -> None:
    made(sim, there, "Twice")
    with pytest.raises(Conflict) as caught:
        there.externals.create(replace(SPEC, name="Twice"))
    assert (caught.value.status, caught.value.vendor_code) == (409, "100950-409")
    with pytest.raises(Refused) as refused:
        there.externals.create(replace(SPEC, name="Odd", ttl_days=91))
    assert (refused.value.vendor_code, refused.value.verbatim) == (
        "100960-422",
        "ttlInDays must be between 1 and 90.",
    )


@pytest.mark.parametrize(
    ("fault", "error"),
    [("silence_after", AnswerLost), ("reset_after", AnswerLost), ("truncate", AnswerUnreadable)],
)
def test_an_effect_without_an_answer_is_unknown_and_never_repeated(
    sim: Simulator, there: AdobeClient, fault: str, error: type[Exception]
) -> None:
    name, before = f"Lost by {fault}", calls(sim, "POST", f"{AIS}/")
    strike(sim, fault, f"{AIS}/")
    with pytest.raises(error):
        there.externals.create(replace(SPEC, name=name))
    assert calls(sim, "POST", f"{AIS}/") == before + 1
    later(sim, 10)
    assert len(there.externals.named(name)) == 1


def test_no_effect(sim: Simulator, there: AdobeClient) -> None:
    before = len(sim.world.sandboxes["prod"].externals)
    for rule, error in (
        ({"fault": "reset_before"}, AnswerLost),
        ({"fault": "status", "status": 502}, PlatformFault),
        ({"fault": "status", "status": 429, "retry_after": 7}, Throttled),
    ):
        strike(sim, path=f"{AIS}/", **rule)  # type: ignore[arg-type]
        with pytest.raises(error):
            there.externals.create(SPEC)
    assert len(sim.world.sandboxes["prod"].externals) == before


def test_a_401_is_answered_with_a_new_token(sim: Simulator, there: AdobeClient) -> None:
    strike(sim, "revoke_token", f"{AIS}/")
    assert there.externals.create(replace(SPEC, name="After a new token")).key


def test_what_keeps_it_back_at_the_last_moment(sim: Simulator, there: AdobeClient) -> None:
    def never() -> None:
        raise NotSent("The lease ended.")

    before = calls(sim, "POST", f"{AIS}/")
    with pytest.raises(NotSent):
        there.externals.create(SPEC, last=never)
    assert calls(sim, "POST", f"{AIS}/") == before


@pytest.mark.parametrize(("code", "field"), [("100921-401", "org"), ("100922-401", "permission")])
def test_whose_fault_a_401_is(client: AdobeClient, server: Scripted, code: str, field: str) -> None:
    body = {"type": f"https://ns.adobe.com/aep/errors/{code}", "title": "UNAUTHORIZED", "status": 401}
    server.on("POST", f"{AIS}/", Reply(401, body))
    with pytest.raises(CredentialsRefused) as caught:
        client.externals.create(SPEC)
    assert caught.value.field == field


@pytest.mark.parametrize("body", [{"operationDetails": {}}, [], "", {"operationId": None}])
def test_a_202_that_names_nothing_is_unknown(client: AdobeClient, server: Scripted, body: object) -> None:
    server.on("POST", f"{AIS}/", Reply(202, body))
    with pytest.raises(AnswerUnreadable):
        client.externals.create(SPEC)
    assert sum(request.path == f"{AIS}/" for request in server.requests) == 1


def test_odd_answers_to_questions(client: AdobeClient, server: Scripted) -> None:
    server.on("GET", f"{AIS}/operations/op", Reply(body={"status": "SUBMITTED", "audienceId": "early"}))
    found = client.externals.operation("op")
    assert (found.status, found.word, found.external_id) == (JobStatus.PROCESSING, "SUBMITTED", None)
    server.on("GET", f"{AIS}/x/runs/r", Reply(body={"audienceId": "x", "details": [{"stage": 1}, "no"]}))
    run = client.externals.ingestion("x", "r")
    assert (run.id, run.status, run.stages[0].status) == ("r", JobStatus.PROCESSING, JobStatus.PROCESSING)
    pages = [
        Reply(body={"children": [{"id": "1", "name": "A", "originName": "CUSTOM_UPLOAD"}], "_page": {"next": "1"}}),
        Reply(body={"children": [
            {"id": "2", "name": "A", "originName": "AUDIENCE_MANAGER"},
            {"id": "3", "name": "A b", "originName": "CUSTOM_UPLOAD"},
            {"id": "4", "name": "A", "originName": "CUSTOM_UPLOAD"},
        ], "_pages": {}}),
    ]  # fmt: skip
    server.on("GET", "/data/core/ups/audiences", *pages)
    assert [one.id for one in client.externals.named("A")] == ["1", "4"]
