"""The external audience service: strict in what it takes, in the published shapes in what it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.clock import DAY
from simulator.sandbox import EVALUATION_SECONDS, last_evaluation
from tests.simulator.conftest import UPS, Platform

AIS = "/data/core/ais/external-audience"
BODY: dict[str, Any] = {
    "name": "Winter newsletter",
    "description": "Signed up at the fair",
    "fields": [
        {"name": "email", "type": "string", "identityNs": "Email"},
        {"name": "city", "type": "string", "labels": ["core/C2"]},
    ],
    "sourceSpec": {"params": {"path": "in/newsletter.csv", "type": "file", "cloudType": "DLZ"}},
    "ttlInDays": 40,
    "audienceType": "people",
    "originName": "CUSTOM_UPLOAD",
}


def with_source(**changes: Any) -> dict[str, Any]:
    source = {**BODY["sourceSpec"]["params"], **changes}
    return {
        **BODY,
        "sourceSpec": {"params": {key: value for key, value in source.items() if value is not None}},
    }


def create(platform: Platform, **changes: Any) -> httpx.Response:
    return platform.http.post(f"{AIS}/", json={**BODY, **changes})


def made(platform: Platform, **changes: Any) -> str:
    """The service's id of a created audience."""
    answer = create(platform, **changes)
    assert answer.status_code == 202, answer.text
    platform.pass_time(10)
    return str(platform.get(f"{AIS}/operations/{answer.json()['operationId']}").json()["audienceId"])


def ingest(platform: Platform, audience: str) -> dict[str, Any]:
    answer = platform.http.post(f"{AIS}/{audience}/runs", json={"dataFilterStartTime": 1_700_000_000})
    assert answer.status_code == 200, answer.text
    return answer.json()


def to_next_evaluation(platform: Platform) -> None:
    now = platform.sim.world.now()
    # One that is going on at this hour of the day began too early to count what is there now.
    platform.pass_time(last_evaluation(now + EVALUATION_SECONDS) + DAY - now + 60)
    platform.sign_in()


def test_from_creation_to_a_counted_audience(platform: Platform) -> None:
    answer = create(platform)
    assert answer.status_code == 202
    said = answer.json()
    assert said.keys() == {"operationId", "operationDetails"}
    assert said["operationDetails"]["ttlInDays"] == 40
    path = f"{AIS}/operations/{said['operationId']}"
    operation = platform.get(path).json()
    assert operation["status"] == "PROCESSING"
    assert "audienceId" not in operation
    platform.pass_time(10)
    operation = platform.get(path).json()
    assert (operation["status"], operation["audienceName"]) == ("SUCCESS", BODY["name"])
    audience = operation["audienceId"]

    (listed,) = platform.get(f"{UPS}/audiences", property=f"audienceId=={audience}").json()["children"]
    assert listed["id"] != listed["audienceId"] == audience
    assert (listed["type"], listed["namespace"]) == ("ExternalSegment", "CustomerAudienceUpload")
    assert (listed["ttlInDays"], "metrics" in listed) == (40, False)

    run = ingest(platform, audience)
    assert run["differentialIngestion"] is True
    stages = []
    for _ in range(3):
        shown = platform.get(f"{AIS}/{audience}/runs/{run['runId']}").json()
        stages.append((shown["status"], [one["status"] for one in shown["details"]]))
        platform.pass_time(20)
    assert stages == [
        ("PROCESSING", ["PROCESSING"]),
        ("PROCESSING", ["SUCCESS", "PROCESSING"]),
        ("SUCCESS", ["SUCCESS", "SUCCESS"]),
    ]
    (row,) = platform.get(f"{AIS}/{audience}/runs").json()["runs"]
    assert (row["runId"], "details" in row) == (run["runId"], False)

    assert "metrics" not in platform.get(f"{UPS}/audiences/{listed['id']}").json()
    to_next_evaluation(platform)
    assert platform.get(f"{UPS}/audiences/{listed['id']}").json()["metrics"]["data"]["totalProfiles"] > 1_000
    platform.pass_time(40 * DAY)
    platform.sign_in()
    assert platform.get(f"{UPS}/audiences/{listed['id']}").json()["metrics"]["data"]["totalProfiles"] == 0


def test_a_day_that_began_before_the_ingestion_ended_does_not_count_it(platform: Platform) -> None:
    audience = made(platform)
    begins = last_evaluation(platform.sim.world.now() + EVALUATION_SECONDS + 60) + DAY - EVALUATION_SECONDS
    platform.pass_time(begins - platform.sim.world.now() - 20)
    platform.sign_in()
    ingest(platform, audience)
    platform.pass_time(20 * 60)
    (listed,) = platform.get(f"{UPS}/audiences", property=f"audienceId=={audience}").json()["children"]
    assert "metrics" not in listed


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({**BODY, "name": ""}, 400, "name is required"),
        ({**BODY, "colour": "red"}, 400, "colour is not a property"),
        ({**BODY, "profileIngestion": True}, 400, "profileIngestion is not a property"),
        ({**BODY, "ttlInDays": "40"}, 400, "ttlInDays must be an integer"),
        ({**BODY, "ttlInDays": 0}, 422, "ttlInDays must be between"),
        ({**BODY, "ttlInDays": 91}, 422, "ttlInDays must be between"),
        ({**BODY, "originName": None}, 400, "originName is required"),
        ({**BODY, "originName": "AAM"}, 422, "originName must be"),
        ({**BODY, "audienceType": "accounts"}, 422, "audienceType must be"),
        ({**BODY, "labels": "core/C1"}, 400, "labels must be an array"),
        ({**BODY, "fields": []}, 400, "1 to 41"),
        ({**BODY, "fields": BODY["fields"] * 21}, 400, "1 to 41"),
        ({**BODY, "fields": BODY["fields"] * 2}, 422, "unique"),
        ({**BODY, "fields": [{"name": "city", "type": "string"}]}, 422, "identity field"),
        ({**BODY, "fields": [{"name": "x", "type": "text", "identityNs": "Email"}]}, 400, "the type of x"),
        ({**BODY, "sourceSpec": BODY["sourceSpec"]["params"]}, 400, "not a property of sourceSpec"),
        (with_source(path="in/my list.csv"), 422, "path must not contain spaces"),
        (with_source(type="zip"), 400, "file or folder"),
        (with_source(cloudType=None), 400, "cloudType must be one of"),
        (with_source(cloudType="S3"), 400, "baseConnectionId is required"),
        (with_source(cloudType="S3", baseConnectionId="nowhere"), 422, "baseConnectionId: the connection"),
        (with_source(encryption={}), 400, "publicKeyId is required"),
        (with_source(encryption={"publicKeyId": "a", "signVerificationId": "b"}), 400, "signVerificationId"),
    ],
)  # fmt: skip
def test_what_creation_refuses(platform: Platform, body: dict[str, Any], status: int, says: str) -> None:
    answer = platform.http.post(f"{AIS}/", json=body)
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert says in said["detail"]
    assert said["type"].rsplit("/", 1)[-1] == {400: "100910-400", 422: "100960-422"}[status]
    assert said["title"] == {400: "BAD_REQUEST", 422: "UNPROCESSABLE_ENTITY"}[status]


def test_a_second_one_of_the_name_is_a_duplicate(platform: Platform) -> None:
    assert create(platform).status_code == 202
    answer = create(platform, description="another")
    assert answer.status_code == 409
    assert answer.json()["title"] == "DUPLICATE_RESOURCE"
    taken = next(one for one in platform.place.audiences.values() if one.origin == "CUSTOM_UPLOAD")
    assert create(platform, name=taken.name).status_code == 409


def test_older_paths_are_gone(platform: Platform) -> None:
    audience = made(platform)
    start = {"dataFilterStartTime": 1}
    assert platform.http.post(AIS, json=BODY).status_code in (404, 405)
    assert platform.http.post(f"{AIS}/submit", json=BODY).status_code in (404, 405)
    assert platform.http.post(f"{AIS}/{audience}/run", json=start).status_code == 404
    assert platform.get("/data/core/ais/external-audiences/operations/x").status_code == 404
    assert platform.get(f"{AIS}/operations/x").json()["title"] == "NOT_FOUND"


def test_ingestions_are_one_at_a_time_and_counted(platform: Platform) -> None:
    audience = made(platform)
    path = f"{AIS}/{audience}/runs"
    for body, says in (
        ({}, "dataFilterStartTime is required"),
        ({"dataFilterStartTime": 1_700_000_000_000}, "in seconds"),
        ({"dataFilterStartTime": 5, "dataFilterEndTime": 5}, "after dataFilterStartTime"),
        ({"dataFilterStartTime": 5, "differentialIngestion": False}, "differentialIngestion"),
    ):
        assert says in platform.http.post(path, json=body).json()["detail"]
    ingest(platform, audience)
    second = platform.http.post(path, json={"dataFilterStartTime": 5})
    assert (second.status_code, "in progress" in second.text) == (422, True)
    for _ in range(9):
        platform.pass_time(60)
        ingest(platform, audience)
    platform.pass_time(60)
    eleventh = platform.http.post(path, json={"dataFilterStartTime": 5})
    assert (eleventh.status_code, "limit of 10" in eleventh.text) == (422, True)
    assert platform.get(path, limit=5).status_code == 400


def test_an_ingestion_that_fails_and_an_operation_that_fails(platform: Platform) -> None:
    platform.fault("run_error", path=f"{AIS}/")
    answer = create(platform, name="Never made")
    platform.pass_time(10)
    operation = platform.get(f"{AIS}/operations/{answer.json()['operationId']}").json()
    assert (operation["status"], "audienceId" in operation) == ("FAILED", False)
    assert create(platform, name="Never made").status_code == 202

    audience = made(platform)
    platform.fault("run_error", path=f"{AIS}/*")
    run = ingest(platform, audience)
    platform.pass_time(60)
    shown = platform.get(f"{AIS}/{audience}/runs/{run['runId']}").json()
    assert shown["status"] == "FAILED"
    assert [(one["stage"], one["status"]) for one in shown["details"]] == [("DATASET_INGEST", "FAILED")]


def test_update_extend_and_delete(platform: Platform) -> None:
    audience = made(platform)
    path = f"{AIS}/{audience}"
    changed = platform.http.patch(
        path, json={"description": "New", "ttlInDays": 5, "fields": [{"name": "city", "labels": ["core/C3"]}]}
    ).json()
    assert (changed["audienceName"], changed["description"], changed["ttlInDays"]) == (BODY["name"], "New", 5)
    assert changed["fields"][1]["labels"] == ["core/C3"]
    for body in ({}, {"name": "Other"}, {"ttlInDays": 91}, {"fields": [{"name": "none"}]}):
        assert platform.http.patch(path, json=body).status_code in (400, 422)

    extend = f"{AIS}/extend-ttl/{audience}"
    assert platform.http.post(extend).status_code == 422
    ingest(platform, audience)
    platform.pass_time(60)
    platform.get(f"{path}/runs")
    before = platform.place.externals[audience].expires
    assert platform.http.post(extend).json() == {"audienceId": audience, "name": BODY["name"]}
    assert platform.place.externals[audience].expires == before + 5 * DAY
    assert len(platform.get(f"{path}/runs").json()["runs"]) == 2

    system = platform.get(f"{UPS}/audiences", property=f"audienceId=={audience}").json()["children"][0]["id"]
    gone = platform.http.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert platform.http.delete(path).status_code == 404
    assert platform.get(f"{UPS}/audiences/{system}").status_code == 404
    assert platform.get(f"{UPS}/audiences", property=f"audienceId=={audience}").json()["children"] == []
    assert create(platform).status_code == 202


def test_faults_strike_here_too(platform: Platform) -> None:
    platform.fault("silence_after", path=f"{AIS}/")
    with pytest.raises(httpx.ReadTimeout):
        platform.http.post(f"{AIS}/", json=BODY, timeout=0.3)
    assert create(platform).status_code == 409
    platform.fault("status", path=f"{AIS}/", status=502)
    assert create(platform, name="Other").status_code == 502
    assert create(platform, name="Other").status_code == 202
