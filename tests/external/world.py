"""A workspace that points at a simulator, and external audiences in it, spelled short."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from audiences import clients
from audiences.clients import client_for
from audiences.external import actions
from audiences.external.sweep import carry_on
from audiences.models import Audience, ExternalAudience, ExternalOperation, Workspace
from audiences.sync import sync
from platforms.adobe import AdobeClient
from platforms.http import Limits
from platforms.patience import Patience
from simulator.clock import DAY
from simulator.sandbox import EVALUATION_SECONDS, last_evaluation
from tests.activations.world import mirrored

AIS = "/data/core/ais/external-audience"
SPEC: dict[str, Any] = {
    "name": "Winter newsletter",
    "description": "From the fair",
    "fields": [
        {"name": "email", "type": "string", "identity": "Email", "labels": []},
        {"name": "city", "type": "string", "identity": "", "labels": ["core/C2"]},
    ],
    "path": "in/newsletter.csv",
    "kind": "file",
    "cloud": "DLZ",
    "ttl_days": 40,
}
_press = count(1)


class Stage:
    """Both clocks moved together."""

    def __init__(self, sim: Any, **fields: Any) -> None:
        self.sim = sim
        self.workspace: Workspace = mirrored(sim, **fields)
        self.passed = 0.0
        impatient(self.workspace)

    def now(self) -> datetime:
        return timezone.now() + timedelta(seconds=self.passed)

    def wait(self, seconds: float) -> None:
        self.passed += seconds
        self.sim.world.clock.set(now=self.sim.world.now() + seconds)

    def round(self) -> None:
        carry_on(self.workspace, now=self.now())

    def settle(self, rounds: int = 12, seconds: float = 12) -> None:
        """Workers and platform go on until nothing changes any more."""
        for _ in range(rounds):
            self.round()
            self.wait(seconds)
        self.round()

    def fault(self, name: str, *, path: str = f"{AIS}/", method: str = "POST", **rule: Any) -> None:
        known = {"method": method, "path": path, "fault": name, "times": 1}
        self.sim.world.faults.replace({"rules": [{**known, **rule}]})

    def heal(self) -> None:
        self.sim.world.faults.replace({"rules": []})

    def there(self) -> list[Any]:
        """The external audiences that the platform has."""
        return list(self.sim.world.sandboxes["prod"].externals.values())

    def calls(self, method: str, path: str) -> int:
        return sum((call.method, call.path) == (method, path) for call in self.sim.world.ledger.calls)

    def asked(self, **spec: Any) -> ExternalAudience:
        press = f"press-{next(_press)}"
        return actions.create(self.workspace, by=None, press=press, **{**SPEC, **spec})

    def made(self, **spec: Any) -> ExternalAudience:
        external = self.asked(**spec)
        self.settle(3)
        return fresh(external)

    def ingested(self, **spec: Any) -> ExternalAudience:
        external = self.made(**spec)
        ingest(external)
        self.settle(8)
        external = fresh(external)
        assert external.ingested_at is not None
        return external

    def next_evaluation(self) -> None:
        """Let the next daily segmentation pass, and mirror it."""
        now = self.sim.world.now()
        # One that is going on at this hour of the day began too early to count what is there now.
        self.wait(last_evaluation(now + EVALUATION_SECONDS) + DAY - now + 60)
        sync(self.workspace)
        self.workspace.refresh_from_db()


def impatient(workspace: Workspace) -> None:
    """A client that gives up on silence soon."""
    config = client_for(workspace).config
    patience = Patience(attempts=2, budget=2, first=0.01, most=0.05, jitter=0.01)
    client = AdobeClient(config, limits=Limits(read=0.5), patience=patience)
    clients._clients[workspace.pk] = (config, client)


def fresh(external: ExternalAudience) -> ExternalAudience:
    return ExternalAudience.objects.select_related("workspace").get(pk=external.pk)


def ingest(external: ExternalAudience, **span: Any) -> ExternalOperation:
    known = {"data_from": timezone.now() - timedelta(days=1), "data_until": None}
    return actions.ingest(external, by=None, **{**known, **span})


def last(external: ExternalAudience, kind: str = "create") -> ExternalOperation:
    found = external.operations.filter(kind=kind).first()
    assert found is not None
    return found


def story(external: ExternalAudience) -> list[str]:
    return list(external.events.order_by("pk").values_list("what", flat=True))


def listed(external: ExternalAudience) -> Audience:
    return Audience.objects.get(workspace=external.workspace, external_id=external.external_id)
