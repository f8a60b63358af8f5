"""A running simulator over its real socket, and a client that speaks to it as the platform demands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simulator.adhoc import V2
from simulator.dataflow import Flow
from simulator.sandbox import Sandbox
from simulator.server import Simulator

FLOW = "/data/foundation/flowservice"
UPS = "/data/core/ups"
ADHOC = "/data/core/activation/disflowprovider/adhocrun"
CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "demo-client",
    "client_secret": "demo-secret",
    "scope": "openid,AdobeID,read_organizations",
}


class Platform:
    """What a well-behaved caller does, with short names for what the tests ask."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.http = httpx.Client(base_url=sim.url, timeout=5, verify=False, trust_env=False)
        self.sign_in()

    @property
    def place(self) -> Sandbox:
        return self.sim.world.sandboxes["prod"]

    def sign_in(self) -> str:
        token = self.http.post("/ims/token/v3", data=CREDENTIALS).json()["access_token"]
        self.http.headers.update(
            {
                "Authorization": f"Bearer {token}",
                "x-api-key": "demo-client",
                "x-gw-ims-org-id": "DEMO@AdobeOrg",
                "x-sandbox-name": "prod",
                "Accept": "application/json",
            }
        )
        return str(token)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params)

    def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.get(FLOW + path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def send(self, info: dict[str, list[str]], **rest: Any) -> httpx.Response:
        return self.http.post(ADHOC, json={"activationInfo": info, **rest}, headers={"Accept": V2})

    def accept(self, flow: str, audience: str) -> str:
        answer = self.send({flow: [audience]})
        assert answer.status_code == 200, answer.text
        return answer.json()["order"][0]["statusURL"].rsplit("/", 1)[-1]

    def run(self, run: str) -> dict[str, Any]:
        return self.items(f"/runs/{run}")[0]

    def refusal(self, info: dict[str, list[str]], status: int = 400) -> str:
        answer = self.send(info)
        assert answer.status_code == status, answer.text
        return answer.json()["message"]

    def fault(self, fault: str, path: str = ADHOC, method: str = "POST", **rest: Any) -> None:
        rule = {"method": method, "path": path, "fault": fault, "times": 1, **rest}
        self.http.put("/_sim/faults", json={"rules": [rule]}).raise_for_status()

    def ledger(self) -> dict[str, Any]:
        return self.http.get("/_sim/ledger").json()

    def pass_time(self, seconds: float) -> None:
        self.http.put("/_sim/clock", json={"now": self.sim.world.now() + seconds}).raise_for_status()

    def slot(self, slot: int, kind: str = "batch", place: Sandbox | None = None) -> tuple[Flow, str]:
        """A dataflow and an audience of this special slot of the seed."""
        place = place or self.place
        people = list(place.audiences)
        for index in range(slot, len(people), 60):
            for flow in place.flows.values():
                if flow.kind == kind and people[index] in flow.mappings:
                    return flow, people[index]
        raise AssertionError(f"the seed has no {kind} mapping in slot {slot}")

    def ready(self, count: int = 1) -> list[tuple[str, str]]:
        """Pairs that will be accepted, each of another audience."""
        found: dict[str, str] = {}
        now = self.sim.world.now()
        for flow in self.place.flows.values():
            for mapping in flow.mappings.values() if flow.kind == "batch" else ():
                person = self.place.audiences[mapping.audience]
                busy = self.place.runs.adhoc_running(person.id, now)
                fits = mapping.in_range(now) and mapping.ready(now) and person.lifecycle == "published"
                plain = (flow.id, person.id) not in self.place.outcomes and person.profiles(now)
                if fits and plain and not busy:
                    found.setdefault(person.id, flow.id)
        return [(flow, audience) for audience, flow in found.items()][:count]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def platform(sim: Simulator) -> Iterator[Platform]:
    caller = Platform(sim)
    yield caller
    caller.http.close()
