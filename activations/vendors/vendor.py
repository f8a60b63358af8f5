"""What dispatch, watch, reconciliation and sweep ask of a vendor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from activations.models import Delivery, Job
from audiences.models import Workspace
from platforms.types import Accepted, Run


class Clocked(Protocol):
    """A client that knows the platform's clock."""

    def platform_now(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call with everything it needs. `make` makes it, once; its argument is called at the last moment before,
    and what that raises keeps the call back. Raises PlatformError."""

    client: Clocked
    make: Callable[[Callable[[], object]], Accepted]


class Vendor(Protocol):
    """One vendor's ways. Deliveries come with `workspace`, `dataflow`, `audience` and `mapping` selected.

    `looked_at`: how many deliveries one last look takes. `per_question`: about how many runs one call asks.
    `swept`: how many that wait for something at the platform one sweep asks about.
    """

    looked_at: int
    per_question: int
    swept: int

    def per_job(self, workspace: Workspace) -> int:
        """How many deliveries one call carries."""

    def hold_key(self, delivery: Delivery) -> str:
        """What the delivery's job keeps others from."""

    def unheld(self, workspace: Workspace, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Those of `rows` that no job's hold keeps from leaving."""

    def body(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """What the job's call says of them, for the record."""

    def look(self, workspace: Workspace, deliveries: Collection[Delivery]) -> None:
        """Read again at the platform, into the mirror, what preflight asks about these. Raises PlatformError."""

    def prepare(self, workspace: Workspace, job: Job, deliveries: Sequence[Delivery]) -> Prepared:
        """Everything that comes before the call itself. Raises PlatformError; then nothing was sent."""

    def runs(self, workspace: Workspace, deliveries: Sequence[Delivery], now: datetime) -> dict[str, Run]:
        """How the runs that these deliveries follow stand, by run id; those that could not be read are left out.

        Raises PlatformError when none could be read.
        """

    def traces(self, workspace: Workspace, deliveries: Sequence[Delivery]) -> list[Run]:
        """Runs that can be the effect of these deliveries' calls, whose outcome is unknown. Raises PlatformError."""

    def count_at(self, delivery: Delivery, now: datetime) -> datetime | None:
        """When to ask for what a run delivered that is over without having told it; None where nobody tells."""
