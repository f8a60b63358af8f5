"""The one door to a Segment space: every call the product makes, each with its contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import httpx

from platforms import types
from platforms.checking import ConnectionReport
from platforms.decoding import record
from platforms.errors import AnswerUnreadable
from platforms.http import Limits, Wire
from platforms.pace import Pacer
from platforms.patience import Patience
from platforms.segment import access, decoding, delivery
from platforms.segment.config import SegmentConfig
from platforms.segment.envelopes import wait_said
from platforms.segment.gateway import STABLE, Gateway, Operation, PaceOf, all_of, no_pace, segment
from platforms.segment.present import identity, present, taken
from platforms.segment.sending import Last, Sending
from platforms.segment.traits import Trait, traits
from platforms.segment.types import (
    DeliveryCount,
    Destination,
    Space,
    Supported,
    Workspace,
)

Progress = Callable[[int, int | None], None]

AUDIENCES_PER_PAGE = 200
# A list of connections may be silent for the better part of a minute when its limit is used up.
WAITS = Patience(attempts=6, budget=150.0)


class SegmentClient(Sending):
    """Reads one space and changes what its audiences send. One per process and workspace; safe from any thread.

    Reads are repeated with growing pauses and end in a `PlatformError`. Writes are never repeated: no call
    of this API is safe to send twice. `pace` holds back every call, `pace_of` those that are counted apart.
    """

    def __init__(
        self,
        config: SegmentConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        pace: Pacer | None = None,
        pace_of: PaceOf = no_pace,
        limits: Limits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.config = config
        self._wire = Wire(transport=transport, limits=limits, pace=pace, heed=wait_said)
        self._gateway = Gateway(config, self._wire, patience or WAITS, pace_of)

    def __repr__(self) -> str:
        return f"SegmentClient({self.config.space!r})"

    def __enter__(self) -> SegmentClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back. The client cannot be used afterwards."""
        self._wire.close()

    def platform_now(self) -> datetime | None:
        """This moment by the platform's clock; None while it told us no time."""
        return self._wire.far_clock.now()

    def workspace(self) -> Workspace | None:
        """The workspace the token belongs to (Public API, Get Workspace); None where it is not told."""
        return access.workspace(self._gateway)

    def credentials_work(self) -> None:
        """One cheap question. Raises PlatformError when the answer is no, or none."""
        self.space()

    def spaces(self) -> tuple[Space, ...]:
        """Every space of the workspace."""
        return access.spaces(self._gateway)

    def space(self) -> Space:
        """The configured space. Raises NotFound."""
        found = decoding.space(record(self._gateway.get(self._gateway.space, key="space")["space"]))
        return present(found, "space")

    def traits(self) -> tuple[Trait, ...]:
        """Every trait of the space: what can go along with an event."""
        return traits(self._gateway)

    def audiences(self, progress: Progress | None = None, *, known: int = 0) -> tuple[types.Audience, ...]:
        """Every audience of the space once. With `known` > 0 an empty list raises AnswerUnreadable."""
        found: dict[str, types.Audience] = {}
        pages = self._gateway.pages(
            f"{self._gateway.space}/audiences",
            "audiences",
            of=Operation.LIST_AUDIENCES,
            count=AUDIENCES_PER_PAGE,
        )
        for page in pages:
            found |= {one.id: one for one in map(decoding.audience, page) if one is not None}
            if progress is not None:
                progress(len(found), None)
        if not found and known:
            raise AnswerUnreadable("Segment shows no audience, though there were some; that is not believed.")
        return tuple(found.values())

    def audience(self, key: str) -> types.Audience:
        """One audience, read now. Raises NotFound."""
        data = self._gateway.get(self._of(key), key="audience", of=Operation.GET_AUDIENCE)
        return present(decoding.audience(record(data["audience"])), "audience")

    def switch_audience(self, key: str, *, enabled: bool, last: Last | None = None) -> types.Audience:
        """Enable or disable an audience, once. Segment locks it until that is applied, and runs a Linked Audience
        that is enabled (contract §7). Raises NotFound."""
        data = self._gateway.write(
            "PATCH",
            self._of(key),
            {"enabled": enabled},
            key="audience",
            of=Operation.UPDATE_AUDIENCE,
            last=last,
        )
        return taken(decoding.audience(record(data["audience"])))

    def destinations(self) -> tuple[Destination, ...]:
        """Every destination of the workspace, with its actions and their fields."""
        return all_of(
            self._gateway.pages("/destinations", "destinations", accept=STABLE, count=200),
            decoding.destination,
        )

    def supported_destinations(
        self, audience_type: str, *, slug: str = "", action: str = ""
    ) -> tuple[Supported, ...]:
        """Which types of destination this type of audience (USERS, ACCOUNTS, LINKED) can use."""
        asked = [(name, value) for name, value in (("slug", slug), ("actionId", action)) if value]
        data = self._gateway.get(
            f"{self._gateway.space}/audienceType/{segment(audience_type)}/supported-destinations",
            asked,
            key="destinations",
            of=Operation.LIST_SUPPORTED,
        )
        return decoding.supported(data["destinations"])

    def force_run(self, audience: str) -> str:
        """Recompute a Linked Audience now; returns a run id that nothing can be asked about."""
        data = self._gateway.write("POST", f"{self._of(audience)}/runs", key="run")
        return identity(record(data["run"]))

    def delivered(
        self,
        what: delivery.Delivered,
        *,
        source: str,
        destination: str,
        start: datetime,
        end: datetime,
        granularity: delivery.Granularity = "MINUTE",
        group_by: Sequence[str] = (),
        only: Mapping[str, Iterable[str]] | None = None,
    ) -> DeliveryCount:
        """Delivery Overview's count from `start` up to `end`. `only` narrows by keys such as activationId, which
        is promised for Linked Audiences alone (contract §9): elsewhere a count is the whole destination's."""
        return delivery.delivered(
            self._gateway,
            what,
            delivery.Window(source, destination, start, end, granularity),
            group_by=group_by,
            only=only or {},
        )

    def check_connection(self) -> ConnectionReport:
        """Try the token and the space; name the first that is refused, the workspace, and the spaces there are.

        Raises NotSent or OutcomeUnknown when the platform could not be asked.
        """
        return access.check(self._gateway, self.config.space)
