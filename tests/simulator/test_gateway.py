"""Tokens and the gateway: who is let in, and the exact body of each refusal."""

import httpx
import pytest

from simulator import organisation
from simulator.server import NotLoopback, Simulator
from tests.simulator.conftest import ADHOC, CREDENTIALS, FLOW, UPS, Platform


def test_it_works(platform: Platform) -> None:
    answer = platform.get(f"{FLOW}/flows")
    assert answer.status_code == 200
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "other"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"client_secret": "other"}, "invalid_client"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "openid, AdobeID"}, "invalid_scope"),
    ],
)
def test_token_refusals_are_oauth_errors(sim: Simulator, change: dict[str, str], error: str) -> None:
    answer = httpx.post(f"{sim.url}/ims/token/v3", data=CREDENTIALS | change)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_token_says_its_seconds_and_wants_a_form(sim: Simulator) -> None:
    good = httpx.post(f"{sim.url}/ims/token/v3", data=CREDENTIALS).json()
    assert good["expires_in"] == 86_399
    assert good["token_type"] == "bearer"
    assert httpx.post(f"{sim.url}/ims/token/v3", json=CREDENTIALS).status_code == 400


def test_token_ends_on_the_simulated_clock(platform: Platform) -> None:
    platform.pass_time(86_390)
    assert platform.get(f"{FLOW}/flows").status_code == 200
    platform.pass_time(20)
    answer = platform.get(f"{FLOW}/flows")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "401013")
    platform.sign_in()
    assert platform.get(f"{FLOW}/flows").status_code == 200


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Authorization", "", 403, "403010"),
        ("Authorization", "Bearer nonsense", 401, "401013"),
        ("Authorization", "Basic nonsense", 401, "401013"),
        ("x-api-key", "", 403, "403000"),
        ("x-api-key", "other", 403, "403003"),
        ("x-gw-ims-org-id", "", 400, "400003"),
        ("x-gw-ims-org-id", "OTHER@AdobeOrg", 403, "403025"),
        ("x-sandbox-id", "any", 400, "2110-400"),
        ("x-sandbox-name", "", 400, "2105-400"),
        ("x-sandbox-name", "nowhere", 404, "2100-404"),
        ("x-sandbox-name", "old", 404, "2100-404"),
        ("x-sandbox-name", "*", 403, "2111-403"),
    ],
)
def test_each_bad_header_has_its_code(
    platform: Platform, header: str, value: str, status: int, code: str
) -> None:
    for path in (f"{FLOW}/flows", f"{UPS}/audiences"):
        answer = platform.http.get(path, headers={header: value})
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_missing_headers_count_like_empty_ones(sim: Simulator, platform: Platform) -> None:
    headers = dict(platform.http.headers)
    del headers["x-api-key"]
    assert httpx.get(f"{sim.url}{FLOW}/flows", headers=headers).json()["error_code"] == "403000"


def test_adhocrun_alone_falls_back_to_the_default_sandbox(platform: Platform) -> None:
    del platform.http.headers["x-sandbox-name"]
    assert "activationInfo" in platform.refusal({})


def test_wrong_content_type_is_a_problem_report(platform: Platform) -> None:
    answer = platform.http.post(ADHOC, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/placeholder/type/uri"
    assert answer.json()["detail"] == "A valid content-type must be specified"


def test_unknown_paths_and_methods(platform: Platform) -> None:
    assert platform.get("/data/nothing").status_code == 404
    assert platform.http.delete(f"{FLOW}/flows").status_code == 405
    assert platform.get("/elsewhere").status_code == 404


def test_request_id_is_echoed(platform: Platform) -> None:
    answer = platform.http.get(f"{UPS}/audiences/nobody", headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json()["requestId"] == "abc-1"


def test_date_follows_the_clock_once_it_is_set(platform: Platform) -> None:
    platform.http.put("/_sim/clock", json={"now": "2030-01-02T03:04:05Z"})
    assert platform.get(f"{FLOW}/flows").headers["date"].startswith("Wed, 02 Jan 2030 03:04:")


def test_sandboxes_are_apart(platform: Platform) -> None:
    here = {flow["id"] for flow in platform.items("/flows")}
    there = platform.http.get(f"{FLOW}/flows", headers={"x-sandbox-name": "dev"}).json()["items"]
    assert there
    assert not here & {flow["id"] for flow in there}


def test_sandbox_lists(platform: Platform) -> None:
    base = "/data/foundation/sandbox-management"
    names = [one["name"] for one in platform.get(f"{base}/").json()["sandboxes"]]
    assert names == ["prod", "dev"]
    every = platform.get(f"{base}/sandboxes").json()["sandboxes"]
    assert [(one["name"], one["state"]) for one in every] == [
        ("prod", "active"),
        ("dev", "active"),
        ("old", "deleted"),
    ]
    assert platform.http.get(f"{base}/", headers={"Accept": "*/*"}).status_code == 400
    assert platform.get(f"{base}/sandboxes/prod").json()["isDefault"] is True
    assert platform.get(f"{base}/sandboxes/none").status_code == 404


GUARDED = [
    ("/permissions/activate-destinations", "POST", ADHOC, "Activate Destinations"),
    ("/permissions/activate-destinations", "PATCH", f"{FLOW}/flows/any", "Activate Destinations"),
    ("/permissions/manage-destinations", "POST", f"{FLOW}/flows/any/action", "Manage Destinations"),
    ("/resource-types/segment-jobs", "POST", f"{UPS}/segment/jobs", "Evaluate a Segment to an Audience"),
    ("/resource-types/segment-jobs", "DELETE", f"{UPS}/segment/jobs/any", "Evaluate a Segment to an Audience"),
    ("/permissions/export-audience-for-segments", "POST", f"{UPS}/export/jobs", "Export Audience for Segment"),
    ("/permissions/export-audience-for-segments", "DELETE", f"{UPS}/export/jobs/any", "Export Audience for Segment"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "method", "path", "name"), GUARDED)
def test_what_is_not_permitted_is_refused_by_name(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, policy: str, method: str, path: str, name: str
) -> None:
    allowed = platform.http.request(method, path, json={})
    assert allowed.status_code in (400, 404)
    monkeypatch.delitem(organisation.GRANTED, policy)
    refused = platform.http.request(method, path, json={})
    assert refused.status_code == 403
    assert f"Permission denied: {name} is required." in refused.text


def test_permissions_not_granted_are_left_out(platform: Platform) -> None:
    path = "/data/foundation/access-control/acl/effective-policies"
    asked = ["/permissions/activate-destinations", "/permissions/manage-datasets"]
    assert platform.http.post(path, json=asked).json() == {
        "policies": {"/permissions/activate-destinations": ["*"]}
    }
    assert platform.http.post(path, json={"a": 1}).status_code == 400


def test_only_loopback() -> None:
    for host in ("0.0.0.0", "10.0.0.1", "example.com", ""):
        with pytest.raises(NotLoopback):
            Simulator(host=host)
