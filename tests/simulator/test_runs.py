"""The life of a run, as somebody who polls sees it."""

import pytest

from simulator import seed_audiences as slots
from simulator.query import read_path
from simulator.runview import RUN_PATHS, run_document, run_value
from tests.simulator.conftest import FLOW, Platform


def test_life_of_a_run(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    run = platform.accept(flow, audience)
    fresh = platform.run(run)
    assert "metrics" not in fresh
    assert fresh["flowId"] == flow

    platform.pass_time(3)
    busy = platform.run(run)["metrics"]
    assert busy["statusSummary"]["status"] in ("Processing", "inProgress")
    assert "completedAtUTC" not in busy["durationSummary"]
    source = busy["recordSummary"]["sourceSummaries"][0]
    assert source["entitySummaries"] == [{"id": f"segment:{audience}"}]
    assert "fileSummary" not in busy

    platform.pass_time(40)
    done = platform.run(run)
    assert done["metrics"]["statusSummary"]["status"].lower() == "success"
    assert done["metrics"]["durationSummary"]["completedAtUTC"] == done["updatedAt"]
    records = done["metrics"]["recordSummary"]
    assert records["inputRecordCount"] - records["skippedRecordCount"] == records["outputRecordCount"]
    files = done["metrics"]["fileSummary"]["outputFileCount"]
    assert files == -(-records["outputRecordCount"] // 5_000_000)
    assert platform.items(f"/flows/{flow}")[0]["lastRunDetails"]["id"] == run


def test_an_adhoc_run_is_known_only_by_its_missing_increments(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    ours = platform.accept(flow, audience)
    body = {"dataflow": flow, "audience": audience, "kind": "scheduled"}
    theirs = platform.http.post("/_sim/runs", json=body).json()["run"]
    platform.pass_time(60)
    marks = [platform.run(run)["activities"][0]["statusSummary"]["extensions"] for run in (ours, theirs)]
    assert [any(key.startswith("incremental.") for key in mark) for mark in marks] == [False, True]
    assert platform.run(ours).keys() == platform.run(theirs).keys()


def test_a_failed_run_has_no_sizes(platform: Platform) -> None:
    flow, audience = platform.slot(slots.FAILS)
    run = platform.accept(flow.id, audience)
    platform.pass_time(60)
    document = platform.run(run)
    metrics = document["metrics"]
    assert metrics["statusSummary"]["status"].lower() == "failed"
    assert metrics["statusSummary"]["errors"][0]["code"] == "ACTIVATION_BATCH-0000-FAILED"
    assert not metrics.keys() & {"sizeSummary", "fileSummary"}
    assert "targetSummaries" not in metrics["recordSummary"]
    entity = metrics["recordSummary"]["sourceSummaries"][0]["entitySummaries"][0]
    assert entity["id"] == f"segment:{audience}"
    assert len(document["activities"]) == 1
    assert platform.items(f"/flows/{flow.id}")[0]["lastRunDetails"]["state"] == "failed"


@pytest.mark.parametrize("slot", [slots.EMPTY, slots.JUST_INGESTED, slots.ZERO])
def test_an_empty_run_succeeds_with_nothing(platform: Platform, slot: int) -> None:
    flow, audience = platform.slot(slot)
    run = platform.accept(flow.id, audience)
    platform.pass_time(60)
    metrics = platform.run(run)["metrics"]
    assert metrics["statusSummary"]["status"].lower() == "success"
    assert metrics["recordSummary"]["outputRecordCount"] == 0
    assert metrics["fileSummary"]["outputFileCount"] == 0


def test_a_partial_run_says_what_was_skipped(platform: Platform) -> None:
    flow, audience = platform.slot(slots.PARTLY)
    run = platform.accept(flow.id, audience)
    platform.pass_time(60)
    metrics = platform.run(run)["metrics"]
    assert metrics["statusSummary"]["status"] == "partialSuccess"
    skipped = metrics["recordSummary"]["skippedInfo"][0]
    assert skipped["code"] == "ACTIVATION_BATCH-0000-SKIP"
    assert skipped["count"] == metrics["recordSummary"]["skippedRecordCount"] > 0


def test_polling_many_runs_in_one_call(platform: Platform) -> None:
    runs = [platform.accept(flow, audience) for flow, audience in platform.ready(12)]
    found = platform.items("/runs", property=f"id=={','.join(runs)},unknown", limit=100)
    assert [one["id"] for one in found] == runs[::-1]


def test_finding_runs(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    started = int(platform.sim.world.now() * 1000)
    run = platform.accept(flow, audience)
    assert platform.items("/runs", property=f"flowId=={flow}", orderby="-createdAt")[0]["id"] == run
    entity = "metrics.recordSummary.targetSummaries[].entitySummaries[].id"
    by_audience = {"property": f"{entity}==segment:{audience}"}
    assert run not in [one["id"] for one in platform.items("/runs", **by_audience)]
    platform.pass_time(60)
    assert platform.items("/runs", **by_audience)[0]["id"] == run
    window = [
        f"flowId=={flow}",
        f"metrics.durationSummary.startedAtUTC>{started}",
        f"metrics.durationSummary.startedAtUTC<{started + 60_000}",
    ]
    assert [one["id"] for one in platform.items("/runs", property=window)] == [run]
    failed = platform.items("/runs", property="metrics.statusSummary.status==failed")
    assert {one["metrics"]["statusSummary"]["status"] for one in failed} <= {"failed"}
    counted = platform.get(f"{FLOW}/runs", property=f"flowId=={flow}", count="true").json()
    assert counted == {"count": len(platform.items("/runs", property=f"flowId=={flow}"))}


def test_history_and_joins_are_there_at_the_start(platform: Platform) -> None:
    for flow in platform.place.flows.values():
        runs = platform.items("/runs", property=f"flowId=={flow.id}")
        assert bool(runs) == (flow.kind not in ("new", "source"))
    flow, audience = platform.slot(slots.JOINS[1])
    newest = platform.items("/runs", property=f"flowId=={flow.id}", orderby="-createdAt", limit=20)
    busy = [
        one for one in newest if one["metrics"]["statusSummary"]["status"] in ("Processing", "inProgress")
    ]
    assert f"segment:{audience}" in str(busy)


def test_filters_see_what_the_document_shows(platform: Platform) -> None:
    for slot in (0, slots.FAILS, slots.EMPTY, slots.PARTLY):
        flow, audience = platform.slot(slot)
        platform.accept(flow.id, audience)
    place, now = platform.place, platform.sim.world.now()
    for moment in (now, now + 5, now + 60, now + 3_600):
        for run in place.runs.all[-40:]:
            document = run_document(run, place.flows[run.flow], place, moment)
            for path in RUN_PATHS:
                assert run_value(run, path, moment) == read_path(document, path)


def test_unknown_run_is_not_found(platform: Platform) -> None:
    answer = platform.get(f"{FLOW}/runs/nothing")
    assert answer.status_code == 404
    assert "runs not found with id = [nothing]" in answer.json()["errorMessage"]


def test_the_schedule_goes_on_by_itself(platform: Platform) -> None:
    before = len(platform.items("/runs", count="false", limit=100))
    assert before
    total = platform.get(f"{FLOW}/runs", count="true").json()["count"]
    platform.pass_time(24 * 3_600)
    platform.sign_in()
    later = platform.get(f"{FLOW}/runs", count="true").json()["count"]
    assert later > total
    platform.pass_time(60 * 24 * 3_600)
    platform.sign_in()
    assert platform.get(f"{FLOW}/runs", count="true").json()["count"] < later * 10
