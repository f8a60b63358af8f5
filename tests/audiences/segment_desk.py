"""A mirrored Segment stand-in with the verbs of a wish spelled short."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from audiences import clients
from audiences.models import Audience, Dataflow, Destination, Mapping, Wish, Workspace
from audiences.wishes.actions import ask
from audiences.wishes.segment.terms import activation_terms, connection_terms
from audiences.wishes.work import fulfil_all
from platforms.http import Limits
from platforms.patience import Patience
from platforms.segment import SegmentClient, SegmentConfig
from simulator.segment.shelf import Audience as There
from tests.activations.world import fault, pass_time
from tests.audiences.segment_house import mirrored_segment


def impatient(workspace: Workspace) -> None:
    """This process's client gives up soon and keeps no pace of its own, so that refusals take no minutes."""
    config = SegmentConfig(workspace.sandbox, workspace.client_secret, workspace.platform_url)
    patience = Patience(attempts=2, budget=2.0, first=0.01, most=0.02, jitter=0)
    client = SegmentClient(config, limits=Limits(connect=0.5, read=1.0), patience=patience)
    clients._clients[workspace.pk] = (config, client)


class Desk:
    """One workspace, its stand-in, and what is asked there."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.workspace = mirrored_segment(sim)
        impatient(self.workspace)
        self.presses = 0
        self.later = 0.0

    @property
    def there(self) -> dict[str, There]:
        found: dict[str, There] = self.sim.world.segment.audiences[self.workspace.sandbox]
        return found

    def audience(self, **known: Any) -> Audience:
        """One that sends nothing yet."""
        rows = Audience.objects.filter(workspace=self.workspace, connections=None, **known)
        return rows.order_by("pk")[0]

    def lacking(self, slug: str) -> Audience:
        """A Classic audience that does not have this destination."""
        rows = Audience.objects.filter(workspace=self.workspace, origin="USERS", lifecycle="Live")
        return rows.exclude(connections__destination__platform_spec=slug).order_by("pk")[0]

    def destination(self, slug: str) -> Destination:
        """The one of this kind that audiences may use; the finance team keeps its own to itself."""
        rows = Destination.objects.filter(workspace=self.workspace, platform_spec=slug)
        return rows.exclude(account="Warehouse of the finance team").get()

    def flow(self, slug: str, **known: Any) -> Dataflow:
        rows = Dataflow.objects.filter(
            workspace=self.workspace, destination__platform_spec=slug, vanished_at=None, **known
        )
        return rows.select_related("audience", "destination").order_by("pk")[0]

    def mapping(self, **known: Any) -> Mapping:
        rows = Mapping.objects.filter(workspace=self.workspace, vanished_at=None, **known)
        return rows.select_related("dataflow", "audience").order_by("pk")[0]

    def ask(self, what: str, **about: Any) -> Wish:
        self.presses += 1
        return ask(self.workspace, what, **{"by": None, "press": f"press-{self.presses}", **about})

    def about(self, what: str, mapping: Mapping, **known: Any) -> Wish:
        """A wish about an activation as it is seen now."""
        mapping.refresh_from_db()
        seen = activation_terms(mapping.details, mapping.enabled)
        pair = {"dataflow": mapping.dataflow, "audience": mapping.audience}
        return self.ask(what, mapping=mapping, **pair, **{"seen": seen, **known})

    def change(self, flow: Dataflow, **wanted: Any) -> Wish:
        """A wish to set up a connection anew, as it is seen now."""
        return self.ask("reconnect", dataflow=flow, wanted=wanted, seen=connection_terms(flow.details))

    def connect(self, audience: Audience, destination: Destination, **wanted: Any) -> Wish:
        known = {"kind": "destination", "id_sync": [], **wanted}
        return self.ask("connect", audience=audience, destination=destination, wanted=known)

    def work(self, wish: Wish, later: float = 0) -> Wish:
        """Both clocks go on together."""
        if later:
            pass_time(self.sim, later)
        self.later += later
        now = timezone.now() + timedelta(seconds=self.later)
        fulfil_all(self.workspace, clock=lambda: now)
        wish.refresh_from_db()
        return wish

    def fault(self, name: str, method: str, path: str, **fields: Any) -> None:
        space = f"/spaces/{self.workspace.sandbox}/audiences/"
        fault(self.sim, name, method=method, path=space + path, **fields)

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.sim.world.ledger.calls)
