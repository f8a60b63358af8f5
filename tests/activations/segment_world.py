"""A Segment workspace mirrored from the stand-in, with the verbs of a press; both clocks move together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from activations import states
from activations.actions import request
from activations.dispatch import claim, look
from activations.models import Activation, Delivery, Job
from activations.tally import tally
from audiences import clients
from audiences.models import Mapping, Workspace
from platforms.http import Limits
from platforms.patience import Patience
from platforms.segment import SegmentClient
from simulator.segment.shelf import Activation as There
from tests.activations.world import CONTROL, pass_time, that, turn
from tests.audiences.segment_house import mirrored_segment


class SegmentStage:
    """One small Segment space. What the platform accepted is read from its own ledger."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.workspace = mirrored_segment(sim)
        self.workspace.refresh_from_db()
        self.later = 0.0
        self.presses = 0
        impatient(self.workspace)

    # ── choosing ──

    def good(self, count: int = 1, kind: str = "USERS") -> list[Mapping]:
        """Ready mappings of this type of audience, of different audiences, that send entries."""
        seen: set[int] = set()
        found: list[Mapping] = []
        for mapping in that(self.workspace, "ready"):
            fits = mapping.audience.origin == kind and mapping.audience.profiles
            if fits and mapping.audience_id not in seen and "Entered" in mapping.activation_type:
                seen.add(mapping.audience_id)
                found.append(mapping)
        assert len(found) >= count, "the seeded world is too small for this test"
        return found[:count]

    def there(self, mapping: Mapping) -> There:
        """The activation as the platform keeps it."""
        return next(one for one in self.sim.world.segment.every_activation() if one.id == mapping.platform_id)

    def path(self, mapping: Mapping) -> str:
        return (
            f"/spaces/{self.workspace.sandbox}/audiences/{mapping.audience.platform_id}"
            f"/activations/{mapping.platform_id}"
        )

    # ── acting ──

    def press(self, mappings: Iterable[Mapping], **fields: Any) -> Activation:
        self.presses += 1
        return request(
            self.workspace, list(mappings), **{"by": None, "press": f"press-{self.presses}", **fields}
        )

    def now(self) -> datetime:
        return timezone.now() + timedelta(seconds=self.later)

    def turn(self, seconds: float = 0) -> None:
        if seconds:
            pass_time(self.sim, seconds)
        self.later += seconds
        turn(self.workspace, later=self.later)
        tally(self.workspace, now=self.now())

    def claim(self) -> tuple[Job, list[Delivery]] | None:
        look(self.workspace, self.now())
        return claim(self.workspace, self.now())

    def settle(self, *, at_most: int = 60, step: float = 20) -> None:
        for _ in range(at_most):
            if not Delivery.objects.filter(state__in=states.MOVING).exists():
                return
            self.turn(step)

    # ── the platform ──

    def fault(self, fault: str, mapping: Mapping | None = None, **fields: Any) -> None:
        path = self.path(mapping) if mapping else "*"
        rule = {"method": "PATCH", "path": path, "fault": fault, "times": 1, **fields}
        CONTROL.put(f"{self.sim.url}/_sim/faults", json={"rules": [rule]}).raise_for_status()

    def heal(self) -> None:
        CONTROL.put(f"{self.sim.url}/_sim/faults", json={"rules": []}).raise_for_status()

    def others_resync(self, mapping: Mapping) -> None:
        """Somebody starts a resync in Segment's own app."""
        answer = CONTROL.patch(
            f"{self.sim.url}{self.path(mapping)}",
            json={"performResync": True},
            headers={
                "Authorization": "Bearer sgp_demo_public_api_token",
                "Content-Type": "application/vnd.segment.v1alpha+json",
            },
        )
        answer.raise_for_status()

    def ledger(self) -> list[tuple[str, str]]:
        """(connection, audience) per resync that the platform accepted, in order."""
        exports = CONTROL.get(f"{self.sim.url}/_sim/ledger").json()["exports"]
        return [(one["dataflow"], one["audience"]) for one in exports]

    def calls(self, method: str, path: str) -> int:
        calls = CONTROL.get(f"{self.sim.url}/_sim/ledger").json()["calls"]
        return sum((call["method"], call["path"]) == (method, path) for call in calls)

    def sent_once(self, mappings: Iterable[Mapping]) -> bool:
        """Whether the platform has accepted exactly these resyncs, each exactly once."""
        return all(len(self.there(mapping).resyncs) == 1 for mapping in mappings) and len(
            self.ledger()
        ) == len(list(mappings))


def impatient(workspace: Workspace, read: float = 0.4) -> None:
    """This process's client gives up soon and has no pace, so that tests take no minutes."""
    config = clients._segment_config(workspace)
    client = SegmentClient(
        config,
        limits=Limits(connect=0.5, read=read),
        patience=Patience(attempts=2, budget=2.0, first=0.01, most=0.02, jitter=0),
    )
    clients._clients[workspace.pk] = (config, client)
