"""A workspace that points at a simulator, mirrored, with the verbs of a press spelled short."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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


def turn(workspace: Workspace, *, later: float = 0) -> None:
    """One turn of everything the workers do, as if `later` seconds had passed for our clock."""
    now = timezone.now() + timedelta(seconds=later)
    sweep(workspace, now=now)
    dispatch(workspace)
    reconcile(workspace, now=now)
    watch(workspace, now=now)


def states_of(activation: Activation) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in activation.deliveries.filter(superseded=False).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def only(activation: Activation) -> Delivery:
    return activation.deliveries.select_related("dataflow", "audience", "workspace").get()
