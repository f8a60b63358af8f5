"""Switching a whole audience on and off at Segment: one that is off is not computed and sends nothing."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.utils import timezone

from audiences.columns import audience_fields
from audiences.mirroring import mirror
from audiences.models import Audience, Wish
from audiences.wishes.outcomes import Already, Denied, Granted
from audiences.wishes.segment.mirror import gone
from audiences.wishes.segment.terms import Note
from platforms import types
from platforms.errors import NotFound
from platforms.segment import SegmentClient

What = Wish.What
OFF = "disabled"


def perform(client: SegmentClient, wish: Wish, note: Note) -> Granted:
    """Read how it stands, and ask once. Raises as `wishes.segment.perform`."""
    audience, on = wish.audience, wish.what == What.ENABLE
    if audience is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no audience")
    try:
        here = client.audience(audience.platform_id)
        if is_on(here.lifecycle) is on:
            raise Already(partial(_seen, audience, here))
        told = client.switch_audience(audience.platform_id, enabled=on, last=note)
    except NotFound as error:
        gone(audience)
        raise Denied("not_found", error) from error
    return Granted(partial(_seen, audience, told))


def is_on(lifecycle: str) -> bool:
    """Segment's status says it where it is off; any other word is of one that is on."""
    return lifecycle.lower() != OFF


def _seen(audience: Audience, told: types.Audience, _at: datetime) -> None:
    row = {audience.platform_id: audience_fields(told)}
    mirror(Audience, audience.workspace, row, now=timezone.now(), complete=False)
