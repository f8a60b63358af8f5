"""The segmentation service: audiences, counts, jobs."""

import pytest

from simulator import seed_audiences as slots
from simulator.clock import DAY
from tests.simulator.conftest import UPS, Platform


def test_pages_of_audiences_hold_each_once(platform: Platform) -> None:
    found, start = [], 0
    while True:
        answer = platform.get(f"{UPS}/audiences", start=start, limit=50).json()
        found += answer["children"]
        assert answer["_page"]["totalCount"] == 120
        if "next" not in answer["_page"]:
            assert answer["_links"] == {}
            break
        start = answer["_page"]["next"]
        assert answer["_links"]["next"]["href"] == f"@/audiences?start={start}&limit=50&totalCount=120"
    assert len({one["id"] for one in found}) == 120
    assert platform.get(f"{UPS}/audiences", start=500).json()["children"] == []


def test_external_audiences_have_two_ids_and_odd_times(platform: Platform) -> None:
    _, system = platform.slot(slots.IMPORTED)
    one = platform.get(f"{UPS}/audiences/{system}").json()
    assert one["audienceId"] != one["id"] == system
    assert (one["type"], one["namespace"]) == ("ExternalSegment", "aamSegments")
    assert one["creationTime"] == one["createEpoch"] * 1_000_000
    assert one["metrics"]["data"].keys() == {"totalProfiles"}
    found = platform.get(f"{UPS}/audiences", property=f"audienceId=={one['audienceId']}").json()
    assert [child["id"] for child in found["children"]] == [system]
    assert platform.get(f"{UPS}/audiences/{one['audienceId']}").status_code == 404


def test_counts_say_when(platform: Platform) -> None:
    now = platform.sim.world.now()

    def metrics(slot: int) -> dict[str, int] | None:
        _, audience = platform.slot(slot)
        return platform.get(f"{UPS}/audiences/{audience}").json().get("metrics")

    assert now - metrics(0)["updateEpoch"] <= DAY
    assert now - metrics(slots.STALE)["updateEpoch"] > 4 * DAY
    assert metrics(slots.UNCOUNTED) is None
    assert metrics(slots.JUST_INGESTED) is None
    assert metrics(slots.ZERO)["data"]["totalProfiles"] == 0
    platform.pass_time(DAY)
    platform.sign_in()
    assert metrics(slots.JUST_INGESTED)["data"]["totalProfiles"] > 0


def test_sorting_and_searching(platform: Platform) -> None:
    names = [
        one["name"] for one in platform.get(f"{UPS}/audiences", sort="name:asc", limit=100).json()["children"]
    ]
    assert names == sorted(names)
    found = platform.get(f"{UPS}/audiences", name="LOYALTY gold").json()["children"]
    assert found
    assert all("Loyalty gold" in one["name"] for one in found)
    assert platform.get(f"{UPS}/audiences", entityType="_xdm.context.account").json()["children"] == []


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"start": -1},
        {"sort": "name"},
        {"sort": "colour:asc"},
        {"property": "name==x"},
        {"page": 1},
    ],
)
def test_query_errors_come_in_the_envelope(platform: Platform, params: dict[str, object]) -> None:
    answer = platform.get(f"{UPS}/audiences", **params)
    assert answer.status_code == 400
    assert answer.json().keys() == {"requestId", "errors", "type", "title", "status"}
    assert list(answer.json()["errors"]) == ["400"]


def test_bulk_get(platform: Platform) -> None:
    known = next(iter(platform.place.audiences))
    post, path = platform.http.post, f"{UPS}/audiences/bulk-get"
    answer = post(path, json={"ids": [{"id": known}, {"id": "x"}]})
    assert answer.status_code == 207
    assert answer.json()["results"][known]["id"] == known
    assert answer.json()["results"]["x"]["errors"]["404"][0]["code"] == 404
    assert post(path, json={"ids": [{"id": "x"}]}).status_code == 404
    for bad in ({}, {"ids": []}, {"ids": [{"id": str(n)} for n in range(101)]}, {"ids": ["x"]}):
        assert post(path, json=bad).status_code == 400


def test_definitions_are_platform_audiences_only(platform: Platform) -> None:
    first = platform.get(f"{UPS}/segment/definitions", limit=100, page=0).json()
    second = platform.get(f"{UPS}/segment/definitions", limit=100, page=1).json()
    assert first["page"]["totalPages"] == 2
    assert len({one["id"] for one in first["segments"] + second["segments"]}) == 114


def test_jobs_are_daily(platform: Platform) -> None:
    jobs = platform.get(f"{UPS}/segment/jobs").json()["children"]
    assert len(jobs) == 14
    assert {jobs[n]["creationTime"] - jobs[n + 1]["creationTime"] for n in range(13)} == {DAY * 1000}
    done = next(job for job in jobs if job["status"] == "SUCCEEDED")
    assert len(done["metrics"]["segmentedProfileCounter"]) > 100
    assert platform.get(f"{UPS}/segment/jobs/{done['id']}").json()["metrics"]["segmentedProfileCounter"]
    assert platform.get(f"{UPS}/segment/jobs/x").status_code == 404
    platform.http.put(
        "/_sim/clock", json={"now": platform.sim.world.now() // DAY * DAY + DAY + 6 * 3_600 + 30}
    )
    platform.sign_in()
    assert platform.get(f"{UPS}/segment/jobs", limit=1).json()["children"][0]["status"] == "PROCESSING"


def test_exports_page_by_cursor(platform: Platform) -> None:
    found, params = [], {"limit": 5}
    while True:
        answer = platform.get(f"{UPS}/export/jobs", **params).json()
        found += answer["records"]
        link = answer["link"]["next"]
        if not link:
            break
        params["offset"] = link.partition("offset=")[2]
        assert not str(params["offset"]).isdigit()
    assert len({one["id"] for one in found}) == len(found) >= 26
    times = [one["creationTime"] for one in found]
    assert times == sorted(times, reverse=True)
    assert platform.get(f"{UPS}/export/jobs/{found[0]['id']}").json() == found[0]
    assert platform.get(f"{UPS}/export/jobs", offset="5").status_code == 400
    assert platform.get(f"{UPS}/export/jobs", status="PROCESSING").status_code == 400


def test_schedule(platform: Platform) -> None:
    (one,) = platform.get(f"{UPS}/config/schedules").json()["children"]
    assert (one["type"], one["schedule"], one["state"]) == ("batch_segmentation", "0 0 6 * * ?", "active")
