"""The control plane: shapes that scripts rely on."""

import pytest

from simulator.server import Simulator
from simulator.world import Sizes, World
from tests.simulator.conftest import ADHOC, FLOW, Platform


def test_ledger_lists_calls_in_order_and_skips(platform: Platform) -> None:
    platform.get(f"{FLOW}/flows", limit=1)
    platform.get(f"{FLOW}/flows/none")
    calls = platform.ledger()["calls"]
    assert [(call["method"], call["path"], call["status"]) for call in calls] == [
        ("POST", "/ims/token/v3", 200),
        ("GET", f"{FLOW}/flows", 200),
        ("GET", f"{FLOW}/flows/none", 404),
    ]
    assert platform.http.get("/_sim/ledger", params={"since": 2}).json()["calls"] == calls[2:]
    assert platform.http.get("/_sim/ledger", params={"since": "x"}).status_code == 400


def test_clock_moves_and_speeds_up(platform: Platform) -> None:
    put = platform.http.put
    assert (
        put("/_sim/clock", json={"now": "2031-05-06T07:08:09+00:00"}).json()["now"][:17]
        == "2031-05-06T07:08:"
    )
    assert put("/_sim/clock", json={"now": 0, "speed": 0}).json() == {
        "now": "1970-01-01T00:00:00.000Z",
        "speed": 0.0,
    }
    for bad in (
        {"now": "soon"},
        {"now": -1},
        {"now": 1e300},
        {"now": True},
        {"speed": -1},
        {"speed": True},
        {"pace": 1},
        [],
    ):
        assert put("/_sim/clock", json=bad).status_code == 400


def test_reset_begins_again(platform: Platform) -> None:
    platform.fault("html", path=FLOW, method="GET")
    platform.http.put("/_sim/clock", json={"now": 0, "speed": 9})
    body = {"seed": 3, "audiences": 30, "dataflows": 4}
    shown = platform.http.post("/_sim/reset", json=body).json()
    assert (shown["seed"], shown["audiences"], shown["dataflows"]) == (3, 30, 4)
    assert platform.ledger() == {"exports": [], "calls": []}
    assert platform.http.get("/_sim/faults").json() == {"rules": []}
    assert platform.http.get("/_sim/clock").json()["speed"] == 1
    assert platform.get(f"{FLOW}/flows").status_code == 401
    assert platform.http.post("/_sim/reset").json()["audiences"] == 30
    for bad in ({"seed": "x"}, {"audiences": -1}, {"dataflows": 10**9}, {"colour": 1}):
        assert platform.http.post("/_sim/reset", json=bad).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/_sim/clock", b'{"now": NaN}'),
        (
            "PUT",
            "/_sim/faults",
            b'{"rules":[{"method":"GET","path":"/x","fault":"delay","delay_ms":Infinity}]}',
        ),
        ("POST", "/_sim/runs", b'{"kind":"adhoc","duration_s":NaN}'),
        ("POST", "/_sim/reset", b"[" * 100_000),
        ("POST", "/_sim/wording", b"\xff"),
        ("POST", ADHOC, b'{"activationInfo":{"\\ud800":["a"]}}'),
        ("GET", f"{FLOW}/flows?limit=%C2%B2", b""),
        ("GET", f"{FLOW}/flows?continuationToken=eyJvIjoxZTk5OX0", b""),
        ("GET", f"{FLOW}/flows?property=%00", b""),
    ],
)
def test_wild_input_is_answered(platform: Platform, method: str, path: str, body: bytes) -> None:
    answer = platform.http.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 404)
    assert answer.json()


def test_runs_of_others(platform: Platform) -> None:
    ((flow, audience),) = platform.ready()
    post = platform.http.post
    body = {"dataflow": flow, "audience": audience, "kind": "adhoc", "duration_s": 30}
    run = post("/_sim/runs", json=body).json()["run"]
    assert run in platform.refusal({flow: [audience]})
    assert platform.ledger()["exports"] == []
    assert platform.run(run)["flowId"] == flow
    assert post("/_sim/runs", json=body | {"kind": "other"}).status_code == 400
    assert post("/_sim/runs", json=body | {"dataflow": "x"}).status_code == 404
    assert post("/_sim/runs", json=body | {"audience": "x"}).status_code == 404
    assert post("/_sim/runs", json=body | {"duration_s": -1}).status_code == 400


def test_wording_and_unknown_controls(platform: Platform) -> None:
    assert platform.http.post("/_sim/wording", json={"word": "cohort"}).status_code == 400
    assert platform.http.post("/_sim/wording", json={"word": None}).json() == {"word": None}
    assert platform.http.get("/_sim/nothing").status_code == 404
    assert platform.http.get("/_sim/health").json()["status"] == "ok"


def catalogue(world: World) -> list[object]:
    place = world.sandboxes["prod"]
    return [
        list(place.audiences),
        list(place.flows),
        [sorted(flow.mappings) for flow in place.flows.values()],
        [one.name for one in place.audiences.values()],
        place.outcomes,
        list(place.targets),
    ]


def test_the_same_seed_gives_the_same_world() -> None:
    assert catalogue(World(Sizes(7, 120, 12))) == catalogue(World(Sizes(7, 120, 12)))
    assert catalogue(World(Sizes(8, 120, 12)))[0] != catalogue(World(Sizes(7, 120, 12)))[0]


@pytest.mark.parametrize(("audiences", "flows"), [(0, 0), (1, 1), (12, 3), (60, 1)])
def test_small_worlds_stand(audiences: int, flows: int) -> None:
    with Simulator(audiences=audiences, dataflows=flows) as sim:
        platform = Platform(sim)
        assert len(platform.items("/flows")) == flows + 1
        assert platform.get("/data/core/ups/audiences").json()["_page"]["totalCount"] == audiences


def test_a_busy_port_is_an_os_error(sim: Simulator) -> None:
    with pytest.raises(OSError, match="in use"):
        Simulator(port=sim.listener.server_port)


def test_no_cycle_begins_in_the_quiet_time(platform: Platform) -> None:
    """A day ahead scheduled exports have begun, unless that time was made quiet."""
    put, place = platform.http.put, platform.place

    def a_day_later() -> int:
        put("/_sim/clock", json={"now": platform.sim.world.now() + 86_400}).raise_for_status()
        platform.sign_in()
        platform.get(f"{FLOW}/flows", limit=1)
        return len(place.runs.by_id)

    before = len(place.runs.by_id)
    assert put("/_sim/clock", json={"quiet": 3 * 86_400}).status_code == 200
    assert a_day_later() == before
    put("/_sim/clock", json={"quiet": 0})
    assert a_day_later() > before
    for bad in (-1, True, "long"):
        assert put("/_sim/clock", json={"quiet": bad}).status_code == 400
