"""Deliveries that are over, made by hand: when they ended, how, and how long they took."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from activations import states
from activations.models import Activation, Delivery
from audiences.models import Mapping, Workspace

_next = count(1)


def bygone(
    mapping: Mapping, at: datetime, state: str = states.SUCCEEDED, *, took: float | None = None, **fields: Any
) -> Delivery:
    """One that came to `state` at this moment; `took` seconds, if anybody knows."""
    activation = fields.pop("activation", None) or press_of(mapping.workspace, at)
    timed = {} if took is None else {"started_at": at - timedelta(seconds=took), "finished_at": at}
    known = {"workspace": mapping.workspace, "dataflow": mapping.dataflow, "audience": mapping.audience}
    return Delivery.objects.create(
        activation=activation, mapping=mapping, state=state, state_since=at, deadline=at,
        **{**known, **timed, **fields},
    )  # fmt: skip


def press_of(workspace: Workspace, at: datetime) -> Activation:
    number = next(_next)
    return Activation.objects.create(
        workspace=workspace, name=f"Past {number}", press=f"past-{number}", requested_at=at
    )
