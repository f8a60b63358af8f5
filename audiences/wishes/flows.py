"""Wishes about dataflows: what is read before anything is sent, what is sent, and what the mirror then says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from audiences.fresh import store_dataflows
from audiences.mirroring import mirror
from audiences.models import Audience, Dataflow, Mapping, Wish
from audiences.wishes.outcomes import Already, Denied, Granted, Meanwhile, NotYet
from audiences.wishes.terms import as_terms, terms_of
from platforms import types
from platforms.adobe import AdobeClient
from platforms.changes import Add, Alter, Change, Changed, Remove
from platforms.errors import NotFound, PlatformError

What = Wish.What
# Written down just before the call, with the version that the call is tied to.
Note = Callable[[str], object]
IN_TRANSITION = 10.0
SWITCHES = {What.ENABLE.value: "enabled", What.DISABLE.value: "disabled"}


def perform(client: AdobeClient, wish: Wish, note: Note) -> Granted:
    """Read the dataflow, see whether the wish still makes sense, and ask for it once.

    Raises Already, Denied, Meanwhile, NotYet (nothing was sent then) or the PlatformError of a call.
    """
    try:
        answer = _switch(client, wish, note) if wish.what in SWITCHES else _change(client, wish, note)
    except NotFound as error:
        _look_whether_it_is_gone(client, wish)
        raise Denied("not_found", error) from error
    return Granted(partial(settle, wish, answer.etag), answer.request_id, answer.status)


def _look_whether_it_is_gone(client: AdobeClient, wish: Wish) -> None:
    """What one address does not find the list must lack, too, before it is marked as gone."""
    if wish.dataflow is None:
        return
    key = wish.dataflow.platform_id
    with suppress(PlatformError):
        found = client.dataflows_by_id([key])
        with transaction.atomic():
            store_dataflows(wish.workspace, [key], found)


def _change(client: AdobeClient, wish: Wish, note: Note) -> Changed:
    seen: list[str] = []

    def inspect(flow: types.Dataflow) -> None:
        seen[:] = [flow.etag]
        _judge(wish, flow)

    dataflow, audience = _pair(wish)
    return client.change_dataflow(
        dataflow.platform_id, [_asked(wish, audience)], inspect=inspect, last=lambda: note(seen[0])
    )


def _pair(wish: Wish) -> tuple[Dataflow, Audience]:
    if wish.dataflow is None or wish.audience is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no mapping")
    return wish.dataflow, wish.audience


def _asked(wish: Wish, audience: Audience) -> Change:
    key = audience.platform_id
    if wish.what == What.UNMAP:
        return Remove(key)
    if wish.what == What.ALTER:
        return Alter(key, as_terms(wish.wanted))
    external = audience.external_id if audience.external else None
    return Add(key, as_terms(wish.wanted), audience.name, external, audience.namespace)


def _judge(wish: Wish, flow: types.Dataflow) -> None:
    """Whether to go on, now that the dataflow is read: the person's picture of it must still be true."""
    _, audience = _pair(wish)
    mapping = next((one for one in flow.mappings if one.audience == audience.platform_id), None)
    now = terms_of(mapping) if mapping is not None else None
    if (now is None) if wish.what == What.UNMAP else (now == wish.wanted):
        _remember(wish, flow)
        raise Already
    if now != (wish.seen or None):
        _remember(wish, flow)
        raise Meanwhile({"mapped": "yes", **now} if now is not None else {"mapped": "no"})


def _switch(client: AdobeClient, wish: Wish, note: Note) -> Changed:
    """There is no If-Match here: after a lost answer, a dataflow that somebody changed since is asked about."""
    if wish.dataflow is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no dataflow")
    flow, wanted = client.dataflow(wish.dataflow.platform_id), SWITCHES[wish.what]
    if flow.state == wanted:
        _remember(wish, flow)
        raise Already
    if flow.state not in SWITCHES.values() or (flow.operation_status or "").upper() == "IN_PROGRESS":
        raise NotYet(IN_TRANSITION)
    if wish.doubtful and flow.etag != wish.sent_etag:
        _remember(wish, flow)
        raise Meanwhile({"state": flow.state})
    return client.switch_dataflow(flow.id, on=wish.what == What.ENABLE, last=partial(note, flow.etag))


def _remember(wish: Wish, flow: types.Dataflow) -> None:
    """The mirror was behind: it now says what was just read."""
    with transaction.atomic():
        store_dataflows(wish.workspace, [flow.id], {flow.id: flow})


def settle(wish: Wish, etag: str, at: datetime) -> None:
    """Make the mirror say what the platform agreed to, `at` by its own clock; runs in the caller's transaction.
    `etag` is the dataflow's new version.

    So the hour after mapping counts at once, and not from the next sync on.
    """
    flow = wish.dataflow
    if flow is None:
        return
    fields: dict[str, Any] = {"etag": etag or flow.etag, "updated_at": at}
    if wish.what in SWITCHES:
        fields["state"] = SWITCHES[wish.what]
    else:
        _write_mapping(wish, at)
        fields["mapped_count"] = flow.mappings.filter(vanished_at=None).count()
    Dataflow.objects.filter(pk=flow.pk).update(**fields)


def _write_mapping(wish: Wish, at: datetime) -> None:
    flow, audience = _pair(wish)
    key = f"{flow.platform_id} {audience.platform_id}"
    if wish.what == What.UNMAP:
        Mapping.objects.filter(dataflow=flow, audience=audience).update(vanished_at=timezone.now())
        return
    terms = as_terms(wish.wanted)
    row: dict[str, Any] = {
        "dataflow_id": flow.pk,
        "audience_id": audience.pk,
        "export_mode": terms.export_mode,
        "frequency": terms.frequency,
        "trigger": terms.trigger,
        "start_date": terms.start_date,
        "end_date": terms.end_date,
        "start_time": terms.start_time or None,
        "file_name_template": terms.file_name_template,
        "updated_at": at,
    }
    if wish.what == What.MAP:
        row |= {"name": audience.name, "mapped_at": at}
    mirror(Mapping, wish.workspace, {key: row}, now=timezone.now(), complete=False)
