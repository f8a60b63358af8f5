"""Changing dataflows: what is sent, byte by byte, and what every answer means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from platforms.adobe import AdobeClient
from platforms.adobe.flowchanges import patch
from platforms.changes import Add, Alter, Remove, Terms
from platforms.errors import (
    AnswerLost,
    AnswerUnreadable,
    Conflict,
    NotFound,
    PlatformFault,
    Refused,
    Throttled,
)
from platforms.http import Limits
from platforms.types import Dataflow
from simulator.dataflow import Flow
from simulator.sandbox import Audience
from simulator.server import Simulator
from simulator.world import CLIENT_ID, CLIENT_SECRET, ORG
from tests import contracts
from tests.platforms.conftest import HASTY, config_for

FLOWS = "/data/foundation/flowservice/flows"
DAILY = Terms("DAILY_FULL_EXPORT", "DAILY", "SCHEDULED", date(2026, 11, 1), None, "05:00", "%SEGMENT_ID%")
INCREMENTAL = Terms(
    "FIRST_FULL_THEN_INCREMENTAL", "EVERY_6_HOURS", "SCHEDULED", date(2026, 11, 1), date(2030, 1, 1), "06:00", "%SEGMENT_ID%"
)  # fmt: skip


class Witness(httpx.HTTPTransport):
    """A real transport that keeps the writes that went through it, with their answers."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.method in ("PATCH", "POST") and "/data/" in request.url.path:
            answer.read()
            self.writes.append((request, answer))
        return answer


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(seed=5, audiences=60, dataflows=6) as simulator:
        yield simulator


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def client(sim: Simulator, witness: Witness) -> Iterator[AdobeClient]:
    config = config_for(sim.url, org=ORG, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    with AdobeClient(config, transport=witness, patience=HASTY, limits=Limits(read=0.6)) as made:
        yield made


def flow_of(sim: Simulator, kind: str = "batch", least: int = 3) -> Flow:
    flows = sim.world.sandboxes["prod"].flows.values()
    return next(flow for flow in flows if flow.kind == kind and len(flow.selectors) >= least)


def unmapped(sim: Simulator, flow: Flow, *, external: bool = False) -> Audience:
    people = sim.world.sandboxes["prod"].audiences.values()
    return next(one for one in people if one.id not in flow.mappings and one.external is external)


def strike(sim: Simulator, fault: str, method: str, path: str, **rule: Any) -> None:
    sim.world.faults.replace(
        {"rules": [{"method": method, "path": path, "fault": fault, "times": 1, **rule}]}
    )


def held_against_the_document(witness: Witness) -> None:
    for request, answer in witness.writes:
        if request.method == "PATCH":
            contracts.assert_request("destinations", request)
            contracts.assert_response("destinations", request, answer)


def test_it_maps_an_audience_and_the_platform_dates_it(
    client: AdobeClient, sim: Simulator, witness: Witness
) -> None:
    flow = flow_of(sim)
    person, before = unmapped(sim, flow), flow.document["etag"]
    seen: list[Dataflow] = []
    changed = client.change_dataflow(flow.id, [Add(person.id, DAILY, person.name)], inspect=seen.append)
    assert [one.etag for one in seen] == [before]
    assert changed.etag == flow.document["etag"] != before
    mapping = next(one for one in client.dataflow(flow.id).mappings if one.audience == person.id)
    assert (mapping.start_time, mapping.export_mode) == ("05:00", "DAILY_FULL_EXPORT")
    assert abs(mapping.mapped_at.timestamp() - sim.world.now()) < 5  # type: ignore[union-attr]
    ((request, _answer),) = witness.writes
    assert request.headers["If-Match"] == before
    held_against_the_document(witness)


def test_an_external_audience_carries_both_ids(client: AdobeClient, sim: Simulator) -> None:
    flow = flow_of(sim)
    person = unmapped(sim, flow, external=True)
    client.change_dataflow(
        flow.id, [Add(person.id, INCREMENTAL, person.name, person.audience_id, person.namespace)]
    )
    value = flow.selectors[-1]["value"]
    assert (value["id"], value["systemSegmentId"]) == (person.audience_id, person.id)
    assert person.id in {one.audience for one in client.dataflow(flow.id).mappings}


def test_other_terms_keep_what_we_know_nothing_of(client: AdobeClient, sim: Simulator) -> None:
    flow = flow_of(sim)
    value = flow.selectors[1]["value"]
    value["enrichmentInfo"], made = {"enabled": False}, value["createTime"]
    audience = list(flow.mappings)[1]
    client.change_dataflow(flow.id, [Alter(audience, INCREMENTAL)])
    value = flow.selectors[1]["value"]
    assert value["enrichmentInfo"] == {"enabled": False}
    assert (value["createTime"], value["schedule"]["endDate"]) == (made, "2030-01-01")
    assert flow.mappings[audience].frequency == "EVERY_6_HOURS"


def test_several_go_in_one_call_and_only_they(client: AdobeClient, sim: Simulator, witness: Witness) -> None:
    flow = flow_of(sim, least=4)
    first, second, third, *rest = list(flow.mappings)
    changes = [Remove(first), Add(unmapped(sim, flow).id, DAILY), Remove(third), Alter(second, DAILY)]
    client.change_dataflow(flow.id, changes)
    assert list(flow.mappings)[:-1] == [second, *rest]
    assert len(witness.writes) == 1
    held_against_the_document(witness)


def test_removals_are_right_however_places_are_counted() -> None:
    value = [{"type": "PLATFORM_SEGMENT", "value": {"id": name}} for name in "abcde"]
    document = {"transformations": [{"params": {"segmentSelectors": {"selectors": value}}}]}
    steps = patch(document, [Remove("b"), Remove("e"), Remove("c")])
    assert [str(step["path"])[-1] for step in steps] == ["4", "2", "1"]


def test_what_inspect_or_last_raises_keeps_the_change_back(
    client: AdobeClient, sim: Simulator, witness: Witness
) -> None:
    flow = flow_of(sim)

    def no(*_: object) -> None:
        raise LookupError

    for hook in ({"inspect": no}, {"last": no}):
        with pytest.raises(LookupError):
            client.change_dataflow(flow.id, [Remove(next(iter(flow.mappings)))], **hook)  # type: ignore[arg-type]
    assert not witness.writes


def test_a_change_in_between_is_a_conflict_and_does_nothing(client: AdobeClient, sim: Simulator) -> None:
    flow = flow_of(sim)
    before = len(flow.selectors)

    def meanwhile(_: Dataflow) -> None:
        with sim.world.lock:
            flow.changed(sim.world.now() + 60, "update")

    with pytest.raises(Conflict) as told:
        client.change_dataflow(flow.id, [Remove(next(iter(flow.mappings)))], inspect=meanwhile)
    assert told.value.status == 412
    assert "Supplied version=" in told.value.verbatim
    assert len(flow.selectors) == before


def test_an_audience_that_is_not_there_is_a_conflict_before_anything_is_sent(
    client: AdobeClient, sim: Simulator, witness: Witness
) -> None:
    flow = flow_of(sim)
    with pytest.raises(Conflict):
        client.change_dataflow(flow.id, [Remove("nobody")])
    with pytest.raises(NotFound):
        client.change_dataflow("nothing", [Remove("nobody")])
    with pytest.raises(Refused, match="no audiences"):
        patch({"transformations": [], "scheduleParams": {}}, [Add("somebody", DAILY)])
    assert not witness.writes


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"frequency": "EVERY_3_HOURS"}, "frequency does not match"),
        ({"start_time": "05:30"}, "full hour"),
        ({"end_date": date(2026, 10, 1)}, "endDate must be after"),
        ({"frequency": "ONCE", "end_date": date(2030, 1, 1)}, "no endDate"),
        ({"trigger": "SOMETIMES"}, "triggerType"),
        ({"file_name_template": "x" * 256}, "longer than 255"),
    ],
)
def test_the_platform_refuses_terms_that_make_no_sense(
    client: AdobeClient, sim: Simulator, terms: dict[str, Any], said: str
) -> None:
    flow = flow_of(sim)
    known = {name: getattr(DAILY, name) for name in DAILY.__slots__}
    with pytest.raises(Refused) as told:
        client.change_dataflow(flow.id, [Add(unmapped(sim, flow).id, Terms(**{**known, **terms}))])
    assert said in told.value.verbatim


def test_a_second_mapping_of_the_same_audience_is_refused(client: AdobeClient, sim: Simulator) -> None:
    flow = flow_of(sim)
    with pytest.raises(Refused) as told:
        client.change_dataflow(flow.id, [Add(next(iter(flow.mappings)), DAILY)])
    assert "already part of" in told.value.verbatim


@pytest.mark.parametrize(
    ("fault", "error", "rule"),
    [
        ("reset_after", AnswerLost, {}),
        ("silence_after", AnswerLost, {}),
        ("truncate", AnswerUnreadable, {}),
        ("status", PlatformFault, {"status": 503}),
        ("status", Throttled, {"status": 429}),
    ],
)
def test_a_change_is_sent_once_whatever_becomes_of_its_answer(
    client: AdobeClient, sim: Simulator, fault: str, error: type[Exception], rule: dict[str, Any]
) -> None:
    flow = flow_of(sim)
    strike(sim, fault, "PATCH", f"{FLOWS}/{flow.id}", **rule)
    with pytest.raises(error):
        client.change_dataflow(flow.id, [Remove(next(iter(flow.mappings)))])
    assert sum(call.method == "PATCH" for call in sim.world.ledger.calls) == 1


def test_it_switches_a_dataflow_off_and_on(client: AdobeClient, sim: Simulator, witness: Witness) -> None:
    flow = flow_of(sim)
    changed = client.switch_dataflow(flow.id, on=False)
    assert (flow.document["state"], changed.etag) == ("disabled", flow.document["etag"])
    with pytest.raises(Refused) as told:
        client.switch_dataflow(flow.id, on=False)
    assert told.value.vendor_code == "1422-400"
    client.switch_dataflow(flow.id, on=True)
    assert flow.enabled
    request = witness.writes[0][0]
    assert "content-type" not in request.headers
    assert request.url.query == b"op=disable"
