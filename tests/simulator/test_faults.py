"""Every fault over a real socket; the ledger says whether the effect happened."""

import threading
import time

import httpx
import pytest

from tests.simulator.conftest import ADHOC, FLOW, UPS, Platform

FLOWS = f"{FLOW}/flows"


def only_pair(platform: Platform) -> tuple[str, str]:
    return platform.ready()[0]


def lines() -> int:
    """How many connections are being served in this process."""
    return sum("process_request" in one.name for one in threading.enumerate())


def exports(platform: Platform) -> int:
    return len(platform.ledger()["exports"])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_status(platform: Platform, status: int) -> None:
    flow, audience = only_pair(platform)
    platform.fault("status", status=status)
    answer = platform.send({flow: [audience]})
    assert answer.status_code == status
    assert answer.json().keys() == {"error_code", "message"}
    assert "retry-after" not in answer.headers
    assert exports(platform) == 0
    assert platform.send({flow: [audience]}).status_code == 200


def test_status_with_retry_after(platform: Platform) -> None:
    platform.fault("status", path=FLOWS, method="GET", status=429, retry_after=5)
    assert platform.get(FLOWS).headers["retry-after"] == "5"


def test_html(platform: Platform) -> None:
    platform.fault("html", path=FLOWS, method="GET", status=503)
    answer = platform.get(FLOWS)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")


def test_truncate(platform: Platform) -> None:
    platform.fault("truncate", path=FLOWS, method="GET")
    answer = platform.get(FLOWS)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_delay(platform: Platform) -> None:
    platform.fault("delay", path=FLOWS, method="GET", delay_ms=400)
    with pytest.raises(httpx.ReadTimeout):
        platform.http.get(FLOWS, timeout=0.1)
    assert platform.get(FLOWS).status_code == 200


def test_reset_before_has_no_effect(platform: Platform) -> None:
    flow, audience = only_pair(platform)
    platform.fault("reset_before")
    with pytest.raises(httpx.ReadError):
        platform.send({flow: [audience]})
    assert exports(platform) == 0


def test_reset_after_has_its_effect(platform: Platform) -> None:
    flow, audience = only_pair(platform)
    platform.fault("reset_after")
    with pytest.raises(httpx.ReadError):
        platform.send({flow: [audience]})
    assert exports(platform) == 1
    assert "Run already going on" in platform.refusal({flow: [audience]})


def test_silence_after_has_its_effect_and_its_thread_ends(platform: Platform) -> None:
    flow, audience = only_pair(platform)
    before = lines()
    platform.fault("silence_after")
    with pytest.raises(httpx.ReadTimeout):
        platform.http.post(
            ADHOC,
            json={"activationInfo": {flow: [audience]}},
            headers={"Accept": "application/vnd.adobe.adhoc.activation+json; version=2"},
            timeout=0.3,
        )
    assert exports(platform) == 1
    call = next(call for call in platform.ledger()["calls"] if call["path"] == ADHOC)
    assert call["status"] is None
    for _ in range(40):
        if lines() <= before:
            return
        time.sleep(0.05)
    pytest.fail("the silent thread did not end")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (FLOWS, "items"),
        (f"{FLOW}/runs", "items"),
        (f"{UPS}/audiences", "children"),
        (f"{UPS}/segment/jobs", "children"),
        (f"{UPS}/export/jobs", "records"),
        (f"{UPS}/segment/definitions", "segments"),
    ],
)
def test_empty_page(platform: Platform, path: str, key: str) -> None:
    platform.fault("empty_page", path=path, method="GET")
    empty = platform.get(path, limit=1).json()
    assert empty[key] == []
    assert "next" not in empty.get("_page", {})
    assert "href" not in str(empty)
    assert platform.get(path, limit=1).json()[key]


def test_revoke_token(platform: Platform) -> None:
    platform.fault("revoke_token", path=FLOWS, method="GET")
    assert platform.get(FLOWS).json()["error_code"] == "401013"
    assert platform.get(FLOWS).json()["error_code"] == "401013"
    platform.sign_in()
    assert platform.get(FLOWS).status_code == 200


def test_drop_pair(platform: Platform) -> None:
    (flow, first), *_ = platform.ready()
    second = next(one for at, one in platform.ready(200) if at == flow and one != first)
    platform.fault("drop_pair")
    order = platform.send({flow: [first, second]}).json()["order"]
    assert [one["segment"] for one in order] == [first]
    assert [one["audience"] for one in platform.ledger()["exports"]] == [first, second]


@pytest.mark.parametrize(
    ("fault", "word", "rows"), [("run_error", "failed", None), ("run_empty", "success", 0)]
)
def test_how_the_run_ends(platform: Platform, fault: str, word: str, rows: int | None) -> None:
    flow, audience = only_pair(platform)
    platform.fault(fault)
    run = platform.accept(flow, audience)
    platform.pass_time(60)
    metrics = platform.run(run)["metrics"]
    assert metrics["statusSummary"]["status"].lower() == word
    assert metrics["recordSummary"].get("outputRecordCount") == rows


def test_slow_start_hides_the_run_for_a_while(platform: Platform) -> None:
    flow, audience = only_pair(platform)
    platform.fault("run_slow_start")
    run = platform.accept(flow, audience)
    assert platform.get(f"{FLOW}/runs/{run}").status_code == 404
    assert platform.items("/runs", property=f"id=={run}") == []
    assert run in platform.refusal({flow: [audience]})
    platform.pass_time(31)
    assert platform.run(run)["id"] == run


def test_rules_count_and_run_out(platform: Platform) -> None:
    platform.fault("status", path=f"{FLOW}/*", method="*", status=500, times=2)
    assert [platform.get(FLOWS).status_code for _ in range(3)] == [500, 500, 200]
    rule = platform.http.get("/_sim/faults").json()["rules"][0]
    assert rule["fired"] == 2
    assert rule["times"] == 2


def test_probability_depends_on_the_seed_only(platform: Platform) -> None:
    seen = []
    for _ in range(2):
        platform.fault("status", path=FLOWS, method="GET", status=500, times=None, probability=0.5, seed=3)
        seen.append([platform.get(FLOWS).status_code for _ in range(20)])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 500}


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        {"rules": {}},
        {"rules": ["x"]},
        {"rules": [{"method": "GET", "path": "/x"}]},
        {"rules": [{"method": "GET", "path": "/x", "fault": "thunder"}]},
        {"rules": [{"method": "GET", "path": "x", "fault": "html"}]},
        {"rules": [{"method": "BREW", "path": "/x", "fault": "html"}]},
        {"rules": [{"method": "GET", "path": "/x", "fault": "status"}]},
        {"rules": [{"method": "GET", "path": "/x", "fault": "html", "probability": 2}]},
        {"rules": [{"method": "GET", "path": "/x", "fault": "html", "times": "1"}]},
        {"rules": [{"method": "GET", "path": "/x", "fault": "html", "colour": 1}]},
    ],
)
def test_malformed_rules_get_a_sentence_and_change_nothing(platform: Platform, payload: object) -> None:
    platform.fault("html", path=FLOWS, method="GET")
    answer = platform.http.put("/_sim/faults", json=payload)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert len(platform.http.get("/_sim/faults").json()["rules"]) == 1


def test_a_shown_rule_can_be_put_back(platform: Platform) -> None:
    platform.fault("html", path=FLOWS, method="GET")
    shown = platform.http.get("/_sim/faults").json()
    assert platform.http.put("/_sim/faults", json=shown).status_code == 200


def test_faults_never_strike_the_control_plane(platform: Platform) -> None:
    platform.fault("status", path="*", method="*", status=500)
    assert platform.http.get("/_sim/health").status_code == 200
    assert platform.get(FLOWS).status_code == 500
