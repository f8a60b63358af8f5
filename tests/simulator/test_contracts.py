"""Every kind of answer, and the requests for it, held against the vendor's published documents."""

import httpx
import pytest

from simulator import seed_audiences as slots
from simulator.adhoc import V2
from tests.contracts import assert_request, assert_response, load
from tests.simulator.conftest import ADHOC, FLOW, UPS, Platform

ACL = "/data/foundation/access-control/acl"
PLACES = "/data/foundation/sandbox-management"


def hold(name: str, answer: httpx.Response, status: int = 200) -> None:
    """The exchange is one the document allows, and the answer has the status we meant to see."""
    assert answer.status_code == status, answer.text
    assert_request(name, answer.request)
    assert_response(name, answer.request, answer)


@pytest.mark.parametrize(
    "path",
    ["/flows", "/runs", "/connections", "/targetConnections", "/sourceConnections"],
)
def test_destination_lists(platform: Platform, path: str) -> None:
    hold("destinations", platform.get(FLOW + path, limit=100))
    hold("destinations", platform.http.get(FLOW + path, headers={"Authorization": "Bearer x"}), 401)


@pytest.mark.parametrize("path", ["/flows", "/connections", "/targetConnections", "/sourceConnections"])
def test_destination_entities(platform: Platform, path: str) -> None:
    for one in platform.items(path)[:12]:
        hold("destinations", platform.get(f"{FLOW}{path}/{one['id']}"))
    hold("destinations", platform.get(f"{FLOW}{path}/none"), 404)


@pytest.mark.parametrize("path", ["/flows", "/runs", "/connectionSpecs", "/flowSpecs"])
def test_flow_service_lists(platform: Platform, path: str) -> None:
    answer = platform.get(FLOW + path)
    hold("flow-service", answer)
    for one in answer.json()["items"][:12]:
        hold("flow-service", platform.get(f"{FLOW}{path}/{one['id']}"))


def test_runs_of_every_kind_and_phase(platform: Platform) -> None:
    for slot in (0, slots.FAILS, slots.EMPTY, slots.PARTLY):
        flow, audience = platform.slot(slot)
        platform.accept(flow.id, audience)
    for _ in range(3):
        hold("destinations", platform.get(f"{FLOW}/runs", limit=10))
        hold("flow-service", platform.get(f"{FLOW}/runs", limit=10))
        platform.pass_time(20)


def test_changes(platform: Platform) -> None:
    flow, _ = platform.slot(0)
    step = [{"op": "replace", "path": "/name", "value": "Renamed"}]
    path = f"{FLOW}/flows/{flow.id}"
    hold("destinations", platform.http.patch(path, json=step, headers={"If-Match": flow.document["etag"]}))
    hold("destinations", platform.http.patch(path, json=step, headers={"If-Match": '"old"'}), 412)


@pytest.mark.parametrize(
    "path",
    ["/audiences", "/segment/definitions", "/segment/jobs", "/export/jobs", "/config/schedules"],
)
def test_segmentation_lists(platform: Platform, path: str) -> None:
    hold("segmentation", platform.get(UPS + path, limit=100))


def test_segmentation_entities(platform: Platform) -> None:
    for slot in (0, slots.IMPORTED, slots.UPLOADED, slots.UNCOUNTED):
        hold("segmentation", platform.get(f"{UPS}/audiences/{platform.slot(slot)[1]}"))
    hold("segmentation", platform.get(f"{UPS}/audiences/none"), 404)
    known = next(iter(platform.place.audiences))
    path = f"{UPS}/audiences/bulk-get"
    hold("segmentation", platform.http.post(path, json={"ids": [{"id": known}, {"id": "x"}]}), 207)
    hold("segmentation", platform.http.post(path, json={"ids": []}), 400)
    for name, key in (("segment", "children"), ("export", "records")):
        job = platform.get(f"{UPS}/{name}/jobs").json()[key][-1]["id"]
        hold("segmentation", platform.get(f"{UPS}/{name}/jobs/{job}"))


def test_organisation(platform: Platform) -> None:
    hold("sandbox", platform.get(f"{PLACES}/"))
    hold("sandbox", platform.get(f"{PLACES}/sandboxes"))
    hold("sandbox", platform.get(f"{PLACES}/sandboxes/prod"))
    hold("access-control", platform.get(f"{ACL}/reference"))
    asked = ["/permissions/activate-destinations", "/resource-types/segments"]
    hold("access-control", platform.http.post(f"{ACL}/effective-policies", json=asked))


def test_adhocrun_in_both_versions(platform: Platform) -> None:
    (flow, first), (other, second) = platform.ready(2)
    hold("ad-hoc-activation", platform.send({flow: [first]}))
    hold("ad-hoc-activation", platform.send({flow: [first]}), 400)
    del platform.http.headers["Accept"]
    exports = platform.get(f"{UPS}/export/jobs", status="SUCCEEDED").json()["records"]
    job = next(one["id"] for one in exports if one["schema"]["name"] == "_xdm.context.profile")
    body = {"activationInfo": {other: [second]}, "exportIds": [job]}
    hold("ad-hoc-activation", platform.http.post(ADHOC, json=body))


def test_the_judge_sees_an_empty_required_header(platform: Platform) -> None:
    request = platform.http.build_request("POST", ADHOC, json={"activationInfo": {}}, headers={"Accept": V2})
    assert_request("ad-hoc-activation", request)
    request.headers["x-api-key"] = ""
    with pytest.raises(AssertionError):
        assert_request("ad-hoc-activation", request)


def test_the_judge_sees_a_wrong_answer(platform: Platform) -> None:
    load("ad-hoc-activation")
    from openapi_core.exceptions import OpenAPIError

    answer = platform.send({platform.ready()[0][0]: [platform.ready()[0][1]]})
    wrong = httpx.Response(200, json={"order": [{"segment": 1}]})
    with pytest.raises(OpenAPIError):
        assert_response("ad-hoc-activation", answer.request, wrong)
