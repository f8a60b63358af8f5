"""What one audience sends: its connections to destinations, and the activations on them (contract §5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from platforms import types
from platforms.answer import Answer
from platforms.decoding import Record, record
from platforms.errors import NotFound
from platforms.segment import decoding
from platforms.segment.gateway import Gateway, Operation, all_of, segment
from platforms.segment.present import identity, present, taken
from platforms.segment.types import (
    Activation,
    ActivationChange,
    Connected,
    Connection,
    IdSync,
    Json,
    NewActivation,
)

# Called when nothing but the sending of a write is left.
Last = Callable[[], object]


class Sending:
    """The calls about what an audience sends. Writes are never repeated: none of them is safe to send twice."""

    _gateway: Gateway

    def _of(self, audience: str) -> str:
        return f"{self._gateway.space}/audiences/{segment(audience)}"

    def _connections(self, audience: str) -> str:
        return f"{self._of(audience)}/destination-connections"

    def _activations(self, audience: str) -> str:
        return f"{self._of(audience)}/activations"

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
        return decoding.connected(identity(record(data["connection"])), data)

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
        return present(decoding.activation(record(data["activation"])), "activation")

    def add_activation(
        self, audience: str, connection: str, new: NewActivation, *, last: Last | None = None
    ) -> tuple[Activation, types.Taken]:
        """Add an activation to a connection, once: look before a second time, nothing makes it harmless.

        With `resync` everybody is sent by this very call. Returns it with the answer, for the record.
        """
        data, answer = self._gateway.write_told(
            "POST",
            f"{self._connections(audience)}/{segment(connection)}/activations",
            new.written(),
            key="activation",
            of=Operation.ADD_ACTIVATION,
            last=last,
        )
        made = taken(decoding.activation(record(data["activation"])))
        return made, _told(made.id, data, answer)

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
        return taken(decoding.activation(record(data["activation"])))

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
        taken(decoding.activation(record(data["activation"])))
        return _told(key, data, answer)

    def remove_activation(self, audience: str, key: str, *, last: Last | None = None) -> None:
        """Remove an activation; one that is gone already is as good."""
        path = f"{self._activations(audience)}/{segment(key)}"
        try:
            self._gateway.write("DELETE", path, key="status", of=Operation.REMOVE_ACTIVATION, last=last)
        except NotFound:
            return


def _given(id_sync: Sequence[IdSync], settings: Mapping[str, object] | None) -> Json:
    """Only what is given: to Segment an empty part and none are the same (contract §5.3)."""
    told: Json = {}
    if id_sync:
        told["idSyncConfiguration"] = [one.written() for one in id_sync]
    return told | ({"connectionSettings": dict(settings)} if settings else {})


def _told(key: str, data: Record, answer: Answer) -> types.Taken:
    """The record of a call that was taken, secrets struck out."""
    body = json.dumps({"data": decoding.without_secrets(data)}, ensure_ascii=False)
    return types.Taken(key, answer.status, body, answer.request_id)
