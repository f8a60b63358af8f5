"""A well-behaved caller of the stand-in for Segment, with short names for what the tests ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from simulator.segment.shelf import TOKEN, Activation, Audience, Connection, Shelf
from simulator.server import Simulator

ALPHA = "application/vnd.segment.v1alpha+json"


class Caller:
    """Speaks to one simulator in the version every operation has."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.http = httpx.Client(
            base_url=sim.url,
            trust_env=False,
            headers={"Authorization": f"Bearer {TOKEN}", "Accept": ALPHA, "Content-Type": ALPHA},
        )

    @property
    def shelf(self) -> Shelf:
        return self.sim.world.segment

    @property
    def space(self) -> str:
        return next(iter(self.shelf.spaces))

    def audiences(self) -> list[Audience]:
        return list(self.shelf.audiences[self.space].values())

    def one(self, fits: Callable[[Audience], bool] = lambda _: True) -> Audience:
        """The first audience with a connection, an activation and this property."""
        return next(one for one in self.audiences() if one.activations and fits(one))

    def ready(self, kind: str = "USERS") -> Activation:
        """An activation that can be told to resync."""
        return next(
            activation
            for activation in self.shelf.every_activation()
            if activation.audience.space == self.space
            and activation.audience.type == kind
            and activation.enabled
            and activation.audience.enabled
            and activation.audience.size
            and activation.connection.destination.enabled
        )

    def with_actions(self) -> Connection:
        """A connection whose destination has actions."""
        return next(
            connection
            for audience in self.audiences()
            for connection in audience.connections.values()
            if connection.destination.actions
        )

    def path(self, audience: Audience, rest: str = "") -> str:
        return f"/spaces/{audience.space}/audiences/{audience.id}{rest}"

    def of(self, activation: Activation) -> str:
        return self.path(activation.audience, f"/activations/{activation.id}")

    def patch(self, activation: Activation, **body: Any) -> httpx.Response:
        return self.http.patch(self.of(activation), json=body, headers={"Content-Type": ALPHA})

    def state(self, activation: Activation) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(self.of(activation)).json()["data"]["activation"]
        return found

    def exports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/_sim/ledger").json()["exports"]
        return found

    def fault(self, fault: str, path: str = "*", method: str = "*", **rest: Any) -> None:
        rule = {"method": method, "path": path, "fault": fault, "times": 1, **rest}
        self.http.put("/_sim/faults", json={"rules": [rule]}).raise_for_status()

    def pass_time(self, seconds: float) -> None:
        self.http.put("/_sim/clock", json={"now": self.sim.world.now() + seconds}).raise_for_status()


def activation_body(connection: Connection, name: str = "Win back", **more: Any) -> dict[str, Any]:
    """A body that is accepted for this connection."""
    action = connection.destination.actions[0]
    settings = {field["fieldKey"]: field["defaultValue"] or "x" for field in action["fields"]}
    return {
        "performResync": False,
        "activationType": "Audience Entered",
        "activationName": name,
        "enabled": True,
        "personalization": {"profile": {"properties": ["email"]}},
        "destinationMapping": {"actionId": action["id"], "settings": settings},
        **more,
    }
