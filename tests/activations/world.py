"""A workspace that points at a simulator, mirrored, with the verbs of a press spelled short."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

import httpx
from django.utils import timezone

from activations import states
from activations.actions import request
from activations.dispatch import claim, dispatch, look
from activations.facts import verdicts
from activations.models import Activation, Delivery, Hold, Job
from activations.reconcile import reconcile
from activations.sweep import sweep
from activations.watch import watch
from audiences import clients
from audiences.models import Audience, Mapping, Workspace
from audiences.sync import sync
from platforms.adobe import AdobeClient
from platforms.http import Limits
from platforms.patience import Patience

# One client for the simulator's control plane: each module-level call of httpx would load all certificates.
CONTROL = httpx.Client(verify=False, trust_env=False)
ADHOCRUN = "/data/core/activation/disflowprovider/adhocrun"
# Seconds without a scheduled export; which hours those take depends on the hour at which a test begins.
QUIET = 30 * 86_400


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
    CONTROL.put(f"{sim.url}/_sim/faults", json={"rules": [rule]}).raise_for_status()


def heal(sim: Any) -> None:
    CONTROL.put(f"{sim.url}/_sim/faults", json={"rules": []}).raise_for_status()


def ledger(sim: Any) -> list[tuple[str, str]]:
    """What the platform really did: (dataflow, audience) per export it accepted, in order."""
    exports = CONTROL.get(f"{sim.url}/_sim/ledger").json()["exports"]
    return [(one["dataflow"], one["audience"]) for one in exports]


def posts(sim: Any) -> int:
    calls = CONTROL.get(f"{sim.url}/_sim/ledger").json()["calls"]
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


def outcome_of(sim: Any, mapping: Mapping) -> str:
    """How the simulator will end an ad-hoc run of this mapping."""
    place = sim.world.sandboxes["prod"]
    return str(place.outcomes.get((mapping.dataflow.platform_id, mapping.audience.platform_id), "success"))


class Stage:
    """A small platform, its mirrored workspace, and both clocks moved together."""

    def __init__(self, sim: Any, **fields: Any) -> None:
        self.sim = sim
        sim.world.sandboxes["prod"].quiet = QUIET
        self.workspace = mirrored(sim, **fields)
        self.later = 0.0
        self.presses = 0

    # ── choosing ──

    def good(self, count: int | None = None, *, flows: int | None = None) -> list[Mapping]:
        """Ready mappings that will be delivered with people in them, each audience once.

        `flows`: from so many dataflows at most, taken in turn.
        """
        by_flow: dict[int, list[Mapping]] = {}
        seen: set[int] = set()
        for mapping in that(self.workspace, "ready"):
            sound = mapping.audience.profiles and outcome_of(self.sim, mapping) == "success"
            if sound and mapping.audience_id not in seen and not mapping.audience.external:
                seen.add(mapping.audience_id)
                by_flow.setdefault(mapping.dataflow_id, []).append(mapping)
        rows = list(by_flow.values())[:flows]
        turns = [m for column in zip_longest(*rows) for m in column if m is not None]
        assert count is None or len(turns) >= count, "the seeded world is too small for this test"
        return turns[:count]

    def twins(self) -> tuple[Mapping, Mapping]:
        """One audience on two dataflows, both ready."""
        by_audience: dict[int, list[Mapping]] = {}
        for mapping in that(self.workspace, "ready"):
            if mapping.audience.profiles and outcome_of(self.sim, mapping) == "success":
                by_audience.setdefault(mapping.audience_id, []).append(mapping)
        first, second = next(found[:2] for found in by_audience.values() if len(found) > 1)
        return first, second

    def ending(self, outcome: str) -> Mapping:
        """A ready mapping whose run will end so: failed, empty or partial."""
        return next(m for m in that(self.workspace, "ready") if outcome_of(self.sim, m) == outcome)

    # ── acting ──

    def press(self, mappings: Iterable[Mapping], **fields: Any) -> Activation:
        self.presses += 1
        fields = {"by": None, "press": f"press-{self.presses}", **fields}
        return request(self.workspace, list(mappings), **fields)

    def now(self) -> datetime:
        return timezone.now() + timedelta(seconds=self.later)

    def turn(self, seconds: float = 0) -> None:
        """Let so much time pass on both sides, then let every worker take its turn."""
        if seconds:
            pass_time(self.sim, seconds)
        self.later += seconds
        turn(self.workspace, later=self.later)

    def look(self) -> int:
        """The last look before sending; what changes after it the platform alone knows."""
        return look(self.workspace, self.now())

    def claim(self) -> tuple[Job, list[Delivery]] | None:
        """Take the next job as dispatch does, and go no further."""
        self.look()
        return claim(self.workspace, self.now())

    def settle(self, *, at_most: int = 30, step: float = 20) -> None:
        """Turn until no delivery moves any more."""
        for _ in range(at_most):
            if not Delivery.objects.filter(state__in=states.MOVING).exists():
                return
            self.turn(step)

    # ── the platform ──

    def fault(self, name: str, **fields: Any) -> None:
        fault(self.sim, name, **fields)

    def heal(self) -> None:
        heal(self.sim)

    def word(self, word: str | None) -> None:
        CONTROL.post(f"{self.sim.url}/_sim/wording", json={"word": word}).raise_for_status()

    def others_run(
        self, mapping: Mapping, kind: str = "adhoc", duration: float | None = 60, **who: str
    ) -> str:
        """A run that is not ours begins, started `by` somebody with a `client`; returns its id."""
        asked = {"dataflow": mapping.dataflow.platform_id, "audience": mapping.audience.platform_id}
        asked |= {"kind": kind, **who} | ({"duration_s": duration} if duration is not None else {})
        answer = CONTROL.post(f"{self.sim.url}/_sim/runs", json=asked)
        return str(answer.raise_for_status().json()["run"])

    def rename(self, mapping: Mapping, name: str) -> None:
        """The audience is called so, on the platform, in the dataflow and in the mirror."""
        place = self.sim.world.sandboxes["prod"]
        place.audiences[mapping.audience.platform_id].name = name
        flow = place.flows[mapping.dataflow.platform_id]
        for selector in flow.selectors:
            value = selector["value"]
            if mapping.audience.platform_id in (value.get("systemSegmentId"), value["id"]):
                value["name"] = name
        flow.changed(self.sim.world.now(), "update")
        Audience.objects.filter(pk=mapping.audience_id).update(name=name)
        Mapping.objects.filter(pk=mapping.pk).update(name=name)
        mapping.refresh_from_db()

    def unmap(self, mapping: Mapping) -> None:
        """The platform no longer has this mapping; our mirror does not know yet."""
        flow = self.sim.world.sandboxes["prod"].flows[mapping.dataflow.platform_id]
        mine = mapping.audience.platform_id
        flow.selectors[:] = [
            one for one in flow.selectors
            if mine not in (one["value"].get("systemSegmentId"), one["value"]["id"])
        ]  # fmt: skip
        flow.changed(self.sim.world.now(), "update")

    def ledger(self) -> list[tuple[str, str]]:
        return sorted(ledger(self.sim))

    def posts(self) -> int:
        return posts(self.sim)

    # ── looking ──

    def calls(self, path: str) -> int:
        """How often this path was asked so far."""
        return sum(call["path"] == path for call in httpx.get(f"{self.sim.url}/_sim/ledger").json()["calls"])

    def sent_once(self, mappings: Iterable[Mapping]) -> bool:
        """Whether the platform has accepted exactly these pairs, each exactly once."""
        return self.ledger() == sorted(pair(mapping) for mapping in mappings)


def pair(mapping: Mapping) -> tuple[str, str]:
    return (mapping.dataflow.platform_id, mapping.audience.platform_id)


def impatient(workspace: Workspace, adhoc_timeout: float = 0.4) -> None:
    """This process's client gives up soon, so that tests of silence and refusals take no minutes."""
    config = clients._config(workspace)
    client = AdobeClient(
        config,
        adhoc_timeout=adhoc_timeout,
        limits=Limits(connect=0.5, read=1.0),
        patience=Patience(attempts=2, budget=2.0, first=0.01, most=0.02, jitter=0),
    )
    clients._clients[workspace.pk] = (config, client)


def at_rest() -> None:
    """Nothing moves, so nothing may be held, and no job may still be in the air."""
    assert not Delivery.objects.filter(state__in=states.MOVING).exists()
    assert not Hold.objects.exists()
    assert not Job.objects.filter(outcome=Job.Outcome.SENDING).exists()


def told(activation: Activation) -> list[str]:
    """The story of an activation as codes, in order."""
    return list(activation.events.values_list("what", flat=True))
