"""Flow Service lists and changes: filters, pages, etags."""

from urllib.parse import parse_qs, urlsplit

import pytest

from simulator import seed_audiences as slots
from tests.simulator.conftest import FLOW, Platform

OURS = "inheritedAttributes.properties.isDestinationFlow==true"
SELECTED = "transformations[].params.segmentSelectors.selectors[].value.id"


def pages(platform: Platform, path: str, **params: object) -> list[dict[str, object]]:
    """Follow the relative links as the vendor wants it: the token from the link, the filters again."""
    found, token = [], None
    while True:
        extra = {"continuationToken": token} if token else {}
        answer = platform.get(FLOW + path, **params, **extra).json()
        found += answer["items"]
        link = answer["_links"].get("next")
        if link is None:
            return found
        assert link["href"].startswith(f"{path}?continuationToken=")
        token = parse_qs(urlsplit(link["href"]).query)["continuationToken"][0]
        assert token.endswith("=")


def test_only_destination_flows_after_filtering(platform: Platform) -> None:
    assert len(platform.items("/flows")) == 13
    assert len(platform.items("/flows", property=OURS)) == 12
    assert platform.get(f"{FLOW}/flows", property=OURS, count="true").json() == {"count": 12}


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_pages_of_flows_hold_each_once(platform: Platform, limit: int) -> None:
    found = pages(platform, "/flows", property=OURS, limit=limit, orderby="name")
    names = [one["name"] for one in found]
    assert names == sorted(names)
    assert len(set(names)) == 12


def test_pages_of_runs_hold_each_once_while_new_ones_arrive(platform: Platform) -> None:
    first = platform.get(f"{FLOW}/runs", limit=50).json()
    ((flow, audience),) = platform.ready()
    platform.accept(flow, audience)
    token = parse_qs(urlsplit(first["_links"]["next"]["href"]).query)["continuationToken"][0]
    second = platform.items("/runs", limit=50, continuationToken=token)
    assert not {one["id"] for one in first["items"]} & {one["id"] for one in second}
    everything = pages(platform, "/runs", limit=37)
    assert len({one["id"] for one in everything}) == len(everything) == len(platform.place.runs.all)


def test_token_belongs_to_its_query(platform: Platform) -> None:
    link = platform.get(f"{FLOW}/flows", limit=2).json()["_links"]["next"]["href"]
    token = parse_qs(urlsplit(link).query)["continuationToken"][0]
    for params in ({"property": OURS, "continuationToken": token}, {"continuationToken": "junk"}):
        assert platform.get(f"{FLOW}/flows", **params).json()["error_code"] == "1452-400"


def test_filters(platform: Platform) -> None:
    flow, audience = platform.slot(0)
    assert flow.id in [one["id"] for one in platform.items("/flows", property=f"{SELECTED}=={audience}")]
    both = [one.id for one in list(platform.place.flows.values())[:2]]
    assert len(platform.items("/flows", property=f"id=={','.join(both)}")) == 2
    assert len(platform.items("/flows", property=["state==disabled", OURS])) == 1
    spec = "inheritedAttributes.targetConnections[].connectionSpec.id"
    s3 = "4fce964d-3f37-408f-9778-e597338a21ee"
    assert len(platform.items("/flows", property=f"{spec}=={s3}")) == 2


def test_external_audiences_are_filtered_by_their_external_id(platform: Platform) -> None:
    flow, audience = platform.slot(slots.UPLOADED)
    outside = platform.place.audiences[audience].audience_id
    assert platform.items("/flows", property=f"{SELECTED}=={audience}") == []
    assert [one["id"] for one in platform.items("/flows", property=f"{SELECTED}=={outside}")] == [flow.id]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, "1452-400"),
        ({"limit": 101}, "1452-400"),
        ({"limit": "x"}, "1452-400"),
        ({"limit": 5, "count": "true"}, "1401-400"),
        ({"properties": "id==a"}, "1451-400"),
        ({"property": "name~x"}, "1440-400"),
        ({"property": "nonsense"}, "1452-400"),
        ({"property": "made.up==x"}, "1452-400"),
        ({"property": "id>3"}, "1448-400"),
        ({"property": "lastRunDetails.startedAtUTC>1,2"}, "1443-400"),
        ({"property": "lastRunDetails.startedAtUTC>soon"}, "1453-400"),
        ({"orderby": "~name"}, "1432-400"),
        ({"orderby": "colour"}, "1433-400"),
    ],
)
def test_query_errors(platform: Platform, params: dict[str, object], code: str) -> None:
    answer = platform.get(f"{FLOW}/flows", **params)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


def test_one_flow_is_wrapped(platform: Platform) -> None:
    flow, _ = platform.slot(0)
    answer = platform.get(f"{FLOW}/flows/{flow.id}").json()
    assert [one["id"] for one in answer["items"]] == [flow.id]
    assert answer["items"][0]["etag"].startswith('"')
    assert platform.get(f"{FLOW}/flows/x").json()["errorMessage"] == "flows not found with id = [x]"


def test_accounts_show_a_masked_secret_that_must_go_nowhere(platform: Platform) -> None:
    accounts = platform.items("/connections")
    assert accounts
    assert all("MASKED" in str(one["auth"]["params"]) for one in accounts)
    for path in (
        "/connections",
        "/targetConnections",
        "/sourceConnections",
        "/connectionSpecs",
        "/flowSpecs",
    ):
        one = platform.items(path)[0]["id"]
        assert platform.items(f"{path}/{one}")[0]["id"] == one
        assert platform.get(f"{FLOW}{path}/nothing").status_code == 404


def selector(platform: Platform) -> dict[str, object]:
    schedule = {"frequency": "DAILY", "startDate": "2020-01-01", "startTime": "05:00"}
    return {
        "type": "PLATFORM_SEGMENT",
        "value": {
            "id": list(platform.place.audiences)[59],
            "name": "Added",
            "filenameTemplate": "%SEGMENT_ID%",
            "exportMode": "DAILY_FULL_EXPORT",
            "schedule": schedule,
        },
    }


def test_mapping_an_audience_changes_the_etag_and_waits(platform: Platform) -> None:
    flow, _ = platform.slot(0)
    path, where = f"{FLOW}/flows/{flow.id}", "/transformations/0/params/segmentSelectors/selectors/"
    etag = flow.document["etag"]
    step = [{"op": "add", "path": f"{where}-", "value": selector(platform)}]
    assert platform.http.patch(path, json=step).json()["error_code"] == "1403-400"
    answer = platform.http.patch(path, json=step, headers={"If-Match": etag})
    assert answer.status_code == 200
    assert answer.json()["etag"] != etag
    stale = platform.http.patch(path, json=step, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert stale.json()["errorMessage"].startswith("Supplied version=[")
    added = platform.items(f"/flows/{flow.id}")[0]
    last = added["transformations"][0]["params"]["segmentSelectors"]["selectors"][-1]["value"]
    assert abs(int(last["createTime"]) - platform.sim.world.now()) < 5
    assert "not ready" in platform.refusal({flow.id: [last["id"]]})
    index = len(flow.selectors) - 1
    gone = [{"op": "Remove", "path": f"{where}{index}", "value": {}}]
    platform.http.patch(path, json=gone, headers={"If-Match": added["etag"]}).raise_for_status()
    assert "not part of" in platform.refusal({flow.id: [last["id"]]})


@pytest.mark.parametrize(
    "broken",
    [
        {"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "schedule": {"frequency": "ONCE"}},
        {"schedule": {"frequency": "DAILY", "startDate": "2020-01-01", "startTime": "05:30"}},
        {"schedule": None},
        {"filenameTemplate": ""},
    ],
)
def test_a_refused_patch_changes_nothing(platform: Platform, broken: dict[str, object]) -> None:
    flow, _ = platform.slot(0)
    before = flow.rendered()
    bad = selector(platform)
    bad["value"].update(broken)  # type: ignore[attr-defined]
    where = "/transformations/0/params/segmentSelectors/selectors/-"
    steps = [{"op": "replace", "path": "/name", "value": "New"}, {"op": "add", "path": where, "value": bad}]
    headers = {"If-Match": flow.document["etag"]}
    assert platform.http.patch(f"{FLOW}/flows/{flow.id}", json=steps, headers=headers).status_code == 400
    assert platform.get(f"{FLOW}/flows/{flow.id}").content.startswith(b'{"items":[' + before)


def test_enable_and_disable(platform: Platform) -> None:
    flow, audience = platform.slot(0)
    path = f"{FLOW}/flows/{flow.id}/action"
    assert platform.http.post(path, params={"op": "enable"}).json()["error_code"] == "1422-400"
    assert platform.http.post(path, params={"op": "disable"}).json().keys() == {"id", "etag"}
    assert "disabled" in platform.refusal({flow.id: [audience]})
    assert platform.http.post(path, params={"op": "enable"}).status_code == 200
    assert platform.accept(flow.id, audience)
    young = next(one for one in platform.place.flows.values() if one.kind == "new")
    busy = platform.http.post(f"{FLOW}/flows/{young.id}/action", params={"op": "disable"})
    assert busy.json()["error_code"] == "1421-400"
