"""adhocrun: what it accepts, and every sentence it refuses with."""

import re

import pytest

from simulator import seed_audiences as slots
from simulator.adhoc import NOT_READY, V2
from tests.simulator.conftest import ADHOC, UPS, Platform


def test_accepts_and_records(platform: Platform) -> None:
    pairs = platform.ready(3)
    info: dict[str, list[str]] = {}
    for flow, audience in pairs:
        info.setdefault(flow, []).append(audience)
    order = platform.send(info).json()["order"]
    assert {(one["order"], one["segment"]) for one in order} == set(pairs)
    url = "https://platform.adobe.io/data/foundation/flowservice/runs/"
    assert all(one["statusURL"].startswith(url) for one in order)
    exports = platform.ledger()["exports"]
    assert [one["run"] for one in exports] == [one["statusURL"].removeprefix(url) for one in order]
    assert len({one["job"] for one in exports}) == 1
    assert exports[0].keys() == {"dataflow", "audience", "run", "job", "accepted_at"}


@pytest.mark.parametrize("word", ["segment", "audience"])
def test_run_already_going_on(platform: Platform, word: str) -> None:
    platform.http.post("/_sim/wording", json={"word": word})
    ((flow, audience),) = platform.ready()
    run = platform.accept(flow, audience)
    assert platform.refusal({flow: [audience]}) == (
        f"Run already going on for {word} {audience} for order {flow} with run id {run}"
    )
    assert len(platform.ledger()["exports"]) == 1


def test_wordings_take_turns(platform: Platform) -> None:
    flow, audience = platform.slot(slots.JOINS[0])
    said = [platform.refusal({flow.id: [audience]}) for _ in range(4)]
    assert {re.findall("for (segment|audience) ", one)[0] for one in said} == {"segment", "audience"}


def test_a_run_elsewhere_in_the_sandbox_counts(platform: Platform) -> None:
    for audience in platform.place.audiences:
        flows = [
            flow
            for flow in platform.place.flows.values()
            if flow.kind == "batch" and audience in flow.mappings
        ]
        if len(flows) == 2:
            break
    run = platform.accept(flows[0].id, audience)
    said = platform.refusal({flows[1].id: [audience]})
    assert said.endswith(f"for order {flows[0].id} with run id {run}")


@pytest.mark.parametrize("slot", [slots.ENDED, slots.NOT_BEGUN, slots.ARCHIVED, slots.INACTIVE])
@pytest.mark.parametrize(("word", "start"), [("segment", "Segments"), ("audience", "Audiences")])
def test_not_part_or_out_of_range(platform: Platform, slot: int, word: str, start: str) -> None:
    platform.http.post("/_sim/wording", json={"word": word})
    flow, audience = platform.slot(slot)
    name = flow.mappings[audience].name
    assert platform.refusal({flow.id: [audience]}) == (
        f"{start} {name} are not part of this dataflow or out of schedule range!"
    )


def test_names_are_listed_and_nothing_is_sent(platform: Platform) -> None:
    flow, good = platform.slot(0)
    strangers = [one for one in platform.place.audiences.values() if one.id not in flow.mappings][:2]
    said = platform.refusal({flow.id: [good, strangers[0].id, strangers[1].id]})
    assert f"{strangers[0].name}, {strangers[1].name} are not part" in said
    assert platform.ledger()["exports"] == []


@pytest.mark.parametrize("slot", [slots.UPLOADED, slots.IMPORTED])
def test_external_audiences_go_by_their_system_id(platform: Platform, slot: int) -> None:
    flow, audience = platform.slot(slot)
    value = next(one["value"] for one in flow.selectors if one["value"].get("systemSegmentId") == audience)
    assert value["id"] != audience
    assert "are not part of this dataflow" in platform.refusal({flow.id: [value["id"]]})
    assert platform.accept(flow.id, audience)


@pytest.mark.parametrize("slot", [slots.WAITS_LONG, slots.WAITS_SHORT])
def test_not_ready_within_the_hour(platform: Platform, slot: int) -> None:
    flow, audience = platform.slot(slot)
    assert platform.refusal({flow.id: [audience]}) == NOT_READY
    platform.pass_time(42 * 60)
    assert platform.accept(flow.id, audience)


def test_new_dataflow_is_not_ready(platform: Platform) -> None:
    flow, audience = platform.slot(6, kind="new")
    assert platform.refusal({flow.id: [audience]}) == NOT_READY
    platform.pass_time(3_600)
    assert platform.accept(flow.id, audience)


def test_wrong_kinds_of_dataflow(platform: Platform) -> None:
    flow, audience = platform.slot(3, kind="streaming")
    spec = flow.document["flowSpec"]["id"]
    assert platform.refusal({flow.id: [audience]}) == (
        f"Invalid parameter: Flow for id {flow.id} is incorrect. "
        f"Error is [Adhoc run can not be executed for Flow spec={spec}."
    )
    dataset = next(one for one in platform.place.flows.values() if one.kind == "dataset")
    assert "Adhoc run can not be executed" in platform.refusal({dataset.id: [audience]})


def test_disabled_dataflow(platform: Platform) -> None:
    flow, audience = platform.slot(0, kind="disabled")
    assert "disabled" in platform.refusal({flow.id: [audience]})


def test_scheduled_export_in_progress(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    body = {"dataflow": flow, "audience": audience, "kind": "scheduled", "duration_s": 60}
    run = platform.http.post("/_sim/runs", json=body).json()["run"]
    assert run in platform.refusal({flow: [audience]})
    platform.pass_time(61)
    assert platform.accept(flow, audience)


def test_unknown_ids_are_not_found(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    assert "was not found" in platform.refusal({"nowhere": [audience]}, 404)
    assert "was not found" in platform.refusal({flow: ["nobody"]}, 404)


def test_more_than_eighty_pairs(platform: Platform) -> None:
    flow, _ = platform.slot(0)
    assert "up to 80 audiences" in platform.refusal({flow.id: [f"a{n}" for n in range(81)]})
    assert "was not found" in platform.refusal({flow.id: [f"a{n}" for n in range(80)]}, 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"activationInfo":{}}',
        b'{"activationInfo":[]}',
        b'{"activationInfo":{"a":"b"}}',
        b'{"activationInfo":{"a":[]}}',
        b'{"activationInfo":{"a":[1]}}',
        b'{"activationInfo":{"a":["b","b"]}}',
    ],
)
def test_malformed_bodies(platform: Platform, body: bytes) -> None:
    headers = {"Accept": V2, "Content-Type": "application/json"}
    answer = platform.http.post(ADHOC, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", V2.replace("; ", ";"), V2 + ", */*"])
def test_any_other_accept_is_v1_and_wants_exports(platform: Platform, accept: str) -> None:
    ((flow, audience),) = platform.ready()
    body: dict[str, object] = {"activationInfo": {flow: [audience]}}
    answer = platform.http.post(ADHOC, json=body, headers={"Accept": accept})
    assert answer.status_code == 400
    assert "exportIds" in answer.json()["message"]


def test_v1_takes_only_a_finished_profile_export(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    jobs = platform.get(f"{UPS}/export/jobs", limit=100, status="SUCCEEDED").json()["records"]
    good = next(job["id"] for job in jobs if job["schema"]["name"] == "_xdm.context.profile")
    other = next(job["id"] for job in jobs if job["schema"]["name"] != "_xdm.context.profile")
    for exports, status in (([other], 400), (["x"], 400), ([], 400), ([good], 200)):
        body = {"activationInfo": {flow: [audience]}, "exportIds": exports}
        assert platform.http.post(ADHOC, json=body).status_code == status


def test_last_day_of_a_schedule_is_refused(platform: Platform) -> None:
    flow, audience = platform.slot(slots.ENDED)
    selector = next(one for one in flow.selectors if one["value"]["id"] == audience)
    from simulator.clock import DAY, day_of

    now = platform.sim.world.now()
    for end, status in ((day_of(now), 400), (day_of(now + DAY), 200)):
        selector["value"]["schedule"]["endDate"] = end
        flow.changed(now, "update")
        assert platform.send({flow.id: [audience]}).status_code == status
