"""A workspace that points at a simulator, mirrored, with the verbs of a press spelled short."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from django.utils import timezone

from activations.actions import request
from activations.dispatch import dispatch
from activations.facts import verdicts
from activations.models import Activation, Delivery
from activations.reconcile import reconcile
from activations.sweep import sweep
from activations.watch import watch
from audiences.models import Mapping, Workspace
from audiences.sync import sync

ADHOCRUN = "/data/core/activation/disflowprovider/adhocrun"


def mirrored(sim: Any, **fields: Any) -> Workspace:
    """A workspace with the simulator's demo credentials, its catalogue mirrored."""
    workspace = Workspace(
        slug=fields.pop("slug", "demo"),
        name="Demo",
        org="DEMO@AdobeOrg",
        sandbox="prod",
        client_id="demo-client",
        platform_url=sim.url,
        ims_url=sim.url,
        **fields,
    )
    workspace.client_secret = "demo-secret"
    workspace.save()
    sync(workspace)
    workspace.refresh_from_db()
    return workspace


def that(workspace: Workspace, will_go: str, *, dataflow: str | None = None) -> list[Mapping]:
    """The mappings that preflight gives this verdict now."""
    mappings = list(
        Mapping.objects.filter(workspace=workspace, vanished_at=None)
        .select_related("dataflow", "audience")
        .order_by("pk")
    )
    found = verdicts(workspace, mappings)
    chosen = [mapping for mapping in mappings if found[mapping.pk].will_go == will_go]
    return [m for m in chosen if dataflow is None or m.dataflow.platform_id == dataflow]


def press(workspace: Workspace, mappings: list[Mapping], token: str = "press") -> Activation:
    return request(workspace, mappings, by=None, press=token)


def pass_time(sim: Any, seconds: float) -> None:
    """Let simulated time pass, so that runs come to their end."""
    sim.world.clock.set(now=sim.world.clock.now() + seconds)


def fault(sim: Any, name: str, *, path: str = ADHOCRUN, method: str = "POST", **fields: Any) -> None:
    """Let the simulator commit this fault, once unless said otherwise."""
    rule = {"method": method, "path": path, "fault": name, "times": 1, **fields}
    httpx.put(f"{sim.url}/_sim/faults", json={"rules": [rule]}).raise_for_status()


def heal(sim: Any) -> None:
    httpx.put(f"{sim.url}/_sim/faults", json={"rules": []}).raise_for_status()


def ledger(sim: Any) -> list[tuple[str, str]]:
    """What the platform really did: (dataflow, audience) per export it accepted, in order."""
    exports = httpx.get(f"{sim.url}/_sim/ledger").json()["exports"]
    return [(one["dataflow"], one["audience"]) for one in exports]


def posts(sim: Any) -> int:
    calls = httpx.get(f"{sim.url}/_sim/ledger").json()["calls"]
    return sum(call["path"] == ADHOCRUN for call in calls)


def settle(sim: Any, workspace: Workspace, *, turns: int = 12, step: float = 20) -> None:
    """Let workers and platform go on, both clocks together, until nothing can change any more."""
    for number in range(1, turns + 1):
        pass_time(sim, step)
        turn(workspace, later=number * step)


def turn(workspace: Workspace, *, later: float = 0) -> None:
    """One turn of everything the workers do, as if `later` seconds had passed for our clock."""
    now = timezone.now() + timedelta(seconds=later)
    sweep(workspace, now=now)
    dispatch(workspace, clock=lambda: now)
    reconcile(workspace, now=now)
    watch(workspace, now=now)


def states_of(activation: Activation) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in activation.deliveries.filter(superseded=False).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def only(activation: Activation) -> Delivery:
    return activation.deliveries.select_related("dataflow", "audience", "workspace").get()
