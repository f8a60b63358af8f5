"""The one door to a Segment space: every call the product makes, each with its contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import httpx

from platforms import types
from platforms.decoding import Record, record, text
from platforms.errors import AnswerUnreadable, NotFound
from platforms.http import Limits, Wire
from platforms.pace import Pacer
from platforms.patience import Patience
from platforms.segment import access, decoding, delivery
from platforms.segment.config import SegmentConfig
from platforms.segment.envelopes import wait_said
from platforms.segment.gateway import STABLE, Gateway, Operation, PaceOf, all_of, no_pace, segment
from platforms.segment.types import (
    Activation,
    ActivationChange,
    Connected,
    Connection,
    DeliveryCount,
    Destination,
    IdSync,
    Json,
    NewActivation,
    Space,
    Supported,
    Workspace,
)

Found = TypeVar("Found")
Progress = Callable[[int, int | None], None]
# Called when nothing but the sending of a write is left.
Last = Callable[[], object]

AUDIENCES_PER_PAGE = 200
# A list of connections may be silent for the better part of a minute when its limit is used up.
WAITS = Patience(attempts=6, budget=150.0)


class SegmentClient:
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
        return _present(found, "space")

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
        return _present(decoding.audience(record(data["audience"])), "audience")

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

    def connections(self, audience: str) -> tuple[Connection, ...]:
        """The audience's destinations. Raises NotFound."""
        pages = self._gateway.pages(self._connections(audience), "connections", of=Operation.LIST_CONNECTIONS)
        return all_of(pages, decoding.connection)

    def connect(
        self,
        audience: str,
        destination: str,
        *,
        kind: str = "destination",
        id_sync: Sequence[IdSync] = (),
        settings: Mapping[str, object] | None = None,
        last: Last | None = None,
    ) -> Connected:
        """Add a destination to an audience, once; returns what came of it. Nothing is sent by it.

        Without `id_sync` Segment fills in its own. Raises Conflict where the audience has it already.
        """
        body: Json = {"destination": {"id": destination, "type": kind}}
        data = self._gateway.write(
            "POST",
            self._connections(audience),
            body | _given(id_sync, settings),
            key="connection",
            of=Operation.ADD_CONNECTION,
            last=last,
        )
        return decoding.connected(_id(record(data["connection"])), data)

    def reconnect(
        self,
        audience: str,
        connection: str,
        *,
        id_sync: Sequence[IdSync] = (),
        settings: Mapping[str, object] | None = None,
        last: Last | None = None,
    ) -> Connected:
        """Replace a connection's id sync or settings, each whole; one that is empty stays as it is."""
        path = f"{self._connections(audience)}/{segment(connection)}"
        data = self._gateway.write("PATCH", path, _given(id_sync, settings), key="destination", last=last)
        return decoding.connected(connection, data)

    def disconnect(self, audience: str, connection: str, *, last: Last | None = None) -> None:
        """Remove a destination from an audience. Raises Conflict while an activation uses it."""
        path = f"{self._connections(audience)}/{segment(connection)}"
        self._gateway.write("DELETE", path, key="status", last=last)

    def activations(self, audience: str) -> tuple[Activation, ...]:
        """All activations of the audience, over all its connections."""
        pages = self._gateway.pages(self._activations(audience), "activations", of=Operation.LIST_ACTIVATIONS)
        return all_of(pages, decoding.activation)

    def activation(self, audience: str, key: str) -> Activation:
        """One activation, read now. Raises NotFound."""
        data = self._gateway.get(
            f"{self._activations(audience)}/{segment(key)}", key="activation", of=Operation.GET_ACTIVATION
        )
        return _present(decoding.activation(record(data["activation"])), "activation")

    def add_activation(
        self, audience: str, connection: str, new: NewActivation, *, last: Last | None = None
    ) -> Activation:
        """Add an activation to a connection, once: look before a second time, nothing makes it harmless."""
        data = self._gateway.write(
            "POST",
            f"{self._connections(audience)}/{segment(connection)}/activations",
            new.written(),
            key="activation",
            of=Operation.ADD_ACTIVATION,
            last=last,
        )
        return _taken(decoding.activation(record(data["activation"])))

    def change_activation(
        self,
        audience: str,
        key: str,
        change: ActivationChange,
        *,
        last: Last | None = None,
    ) -> Activation:
        """Change an activation, once. `last` is called when nothing but the sending is left."""
        data = self._gateway.write(
            "PATCH",
            f"{self._activations(audience)}/{segment(key)}",
            change.written(),
            key="activation",
            of=Operation.UPDATE_ACTIVATION,
            last=last,
        )
        return _taken(decoding.activation(record(data["activation"])))

    def resync(self, audience: str, key: str, *, last: Last | None = None) -> types.Taken:
        """Send the whole audience again, once. `last` as in `change_activation`.

        The answer may not say yet that it is going on, so only reading the activation tells.
        """
        data, answer = self._gateway.write_told(
            "PATCH",
            f"{self._activations(audience)}/{segment(key)}",
            ActivationChange(resync=True).written(),
            key="activation",
            of=Operation.UPDATE_ACTIVATION,
            last=last,
        )
        _taken(decoding.activation(record(data["activation"])))
        told = json.dumps({"data": decoding.without_secrets(data)}, ensure_ascii=False)
        return types.Taken(key, answer.status, told, answer.request_id)

    def remove_activation(self, audience: str, key: str, *, last: Last | None = None) -> None:
        """Remove an activation; one that is gone already is as good."""
        path = f"{self._activations(audience)}/{segment(key)}"
        try:
            self._gateway.write("DELETE", path, key="status", of=Operation.REMOVE_ACTIVATION, last=last)
        except NotFound:
            return

    def force_run(self, audience: str) -> str:
        """Recompute a Linked Audience now; returns a run id that nothing can be asked about."""
        data = self._gateway.write("POST", f"{self._of(audience)}/runs", key="run")
        return _id(record(data["run"]))

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

    def check_connection(self) -> types.ConnectionReport:
        """Try the token and the space; name the first that is refused, the workspace, and the spaces there are.

        Raises NotSent or OutcomeUnknown when the platform could not be asked.
        """
        return access.check(self._gateway, self.config.space)

    def _of(self, audience: str) -> str:
        return f"{self._gateway.space}/audiences/{segment(audience)}"

    def _connections(self, audience: str) -> str:
        return f"{self._of(audience)}/destination-connections"

    def _activations(self, audience: str) -> str:
        return f"{self._of(audience)}/activations"


def _given(id_sync: Sequence[IdSync], settings: Mapping[str, object] | None) -> Json:
    """Only what is given: to Segment an empty part and none are the same (contract §5.3)."""
    told: Json = {}
    if id_sync:
        told["idSyncConfiguration"] = [one.written() for one in id_sync]
    return told | ({"connectionSettings": dict(settings)} if settings else {})


def _present(found: Found | None, what: str) -> Found:
    if found is None:
        raise AnswerUnreadable(f"Segment's {what} cannot be read.")
    return found


def _taken(found: Found | None) -> Found:
    if found is None:
        raise AnswerUnreadable("Segment took it, but its answer cannot be read.")
    return found


def _id(item: Record) -> str:
    return _taken(text(item.get("id")))
