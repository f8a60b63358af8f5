"""Adding a destination to an audience, changing how it is connected, and removing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from audiences import nudges
from audiences.models import Audience, Dataflow, Destination, Wish
from audiences.segment import details_of
from audiences.supported import hidden_in
from audiences.wishes.doubt import not_while_it_may_appear
from audiences.wishes.outcomes import Already, Denied, Granted, Meanwhile
from audiences.wishes.segment import mirror
from audiences.wishes.segment.terms import Json, Note, connection_terms, id_sync_of, sends_anyway
from platforms.errors import Conflict, NotFound
from platforms.segment import SegmentClient
from platforms.segment.types import Connected, Connection

What = Wish.What
WHATS = frozenset({What.CONNECT.value, What.RECONNECT.value, What.DISCONNECT.value})
NAMED = 20


def perform(client: SegmentClient, wish: Wish, wanted: Json, note: Note) -> Granted:
    """Read the audience's connections, judge, and ask once. Raises as `wishes.segment.perform`."""
    if wish.what == What.CONNECT:
        return _connect(client, wish, wanted, note)
    flow, audience = _pair(wish)
    found = _read(client, audience)
    here = next((one for one in found if one.id == flow.platform_id), None)
    if here is None:
        mirror.disconnected(flow)
        if wish.what == What.DISCONNECT:
            raise Already
        raise Denied("not_found", NotFound("The connection is gone."))
    if wish.what == What.DISCONNECT:
        return _disconnect(client, wish, note)
    return _reconnect(client, wish, here, wanted, note)


def _connect(client: SegmentClient, wish: Wish, wanted: Json, note: Note) -> Granted:
    """The audience has a destination once: one that is there although it was not asked for is another's."""
    audience, destination = wish.audience, wish.destination
    if audience is None or destination is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no audience and destination")
    found = _read(client, audience)
    if any(one.destination == destination.platform_id for one in found):
        mirror.store(wish.workspace, audience, found, client.activations(audience.platform_id))
        raise Already if wish.doubtful else Meanwhile({"connected": "yes"})
    if wish.doubtful:
        not_while_it_may_appear(wish, client.platform_now())
    told = client.connect(
        audience.platform_id,
        destination.platform_id,
        kind=str(wanted["kind"]),
        id_sync=id_sync_of(wanted),
        settings=wanted.get("settings"),
        last=note,
    )
    return Granted(partial(_settle, wish, audience, destination, told))


def _settle(wish: Wish, audience: Audience, destination: Destination, told: Connected, at: datetime) -> None:
    """The mirror has it at once, and reads what the answer did not say as soon as that is possible."""
    flow = mirror.connected(wish.workspace, audience, destination, told, at)
    Wish.objects.filter(pk=wish.pk).update(dataflow=flow)
    nudges.look_soon(wish.workspace_id, audience.platform_id)


def _reconnect(client: SegmentClient, wish: Wish, here: Connection, wanted: Json, note: Note) -> Granted:
    flow, audience = _pair(wish)
    details = details_of(here, hidden_in(wish.workspace))
    now = connection_terms(details)
    if _is_so(here, details, wish.wanted) and not sends_anyway(wish, now):
        _remember(client, wish, here)
        raise Already
    if now != wish.seen:
        _remember(client, wish, here)
        raise Meanwhile(now)
    ids, settings = id_sync_of(wanted), wanted.get("settings")
    try:
        told = client.reconnect(audience.platform_id, here.id, id_sync=ids, settings=settings, last=note)
    except NotFound as error:
        mirror.disconnected(flow)
        raise Denied("not_found", error) from error
    return Granted(partial(mirror.reconnected, flow, told))


def _is_so(here: Connection, details: Json, wanted: Json) -> bool:
    """Whether it is set up so already, as far as it can be seen."""
    ids, settings = id_sync_of(wanted), wanted.get("settings")
    return (not ids or list(here.id_sync) == ids) and (
        not settings or details.get("connectionSettings") == settings
    )


def _remember(client: SegmentClient, wish: Wish, here: Connection) -> None:
    """The mirror was behind: it now says what was just read."""
    flow, _ = _pair(wish)
    told = Connected(here.id, here.id_sync, here.connection_settings)
    mirror.reconnected(flow, told, here.updated_at or client.platform_now() or wish.asked_at)


def _disconnect(client: SegmentClient, wish: Wish, note: Note) -> Granted:
    """Segment has no cascade: what still uses the connection is read and named."""
    flow, audience = _pair(wish)
    try:
        client.disconnect(audience.platform_id, flow.platform_id, last=note)
    except NotFound:
        mirror.disconnected(flow)
        raise Already from None
    except Conflict as error:
        every = client.activations(audience.platform_id)
        users = [one for one in every if one.connection == flow.platform_id]
        for one in users:
            mirror.activated(flow, audience, one)
        names = [one.display_name or one.name for one in users[:NAMED]]
        raise Denied("in_use", error, {"activations": names, "count": len(users)}) from error
    return Granted(lambda _at: mirror.disconnected(flow))


def _read(client: SegmentClient, audience: Audience) -> Sequence[Connection]:
    try:
        return client.connections(audience.platform_id)
    except NotFound:
        mirror.gone(audience)
        raise


def _pair(wish: Wish) -> tuple[Dataflow, Audience]:
    flow: Dataflow | None = wish.dataflow
    audience: Any = flow.audience if flow is not None else None
    if flow is None or audience is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no connection")
    return flow, audience
