"""A house whose activations have something to tell, and a receiver over real HTTP that hears it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from activations import states
from activations.models import Activation
from notices import signing
from notices.models import Channel
from tests.activations.house import House, ended, make_house, running, sent
from tests.notices.receiver import NETWORK, Receiver, listening

SECRET = signing.new_secret()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.NOTIFY_NETWORKS = [NETWORK]
    with listening() as found:
        yield found


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def channel(house: House, url: str, *, kind: str = "webhook", **fields: Any) -> Channel:
    """The workspace's own, unless `owner` is given."""
    if "owner" not in fields:
        fields.setdefault("workspace", house.workspace)
    known = {"name": "Operations", "place": "127.0.0.1", "created_at": timezone.now()}
    made = Channel(kind=kind, **{**known, **fields})
    made.address = url
    made.secret = SECRET if kind == "webhook" else ""
    made.save()
    return made


def finished(house: House, *outcomes: str, **fields: Any) -> Activation:
    """An activation whose deliveries ended so, in the order of its mappings; "" leaves one running."""
    count = len(outcomes)
    found = house.activation(*house.mappings[:count], **fields)
    deliveries = running(found, sent(found))
    end(deliveries, *outcomes)
    return found


def end(deliveries: list[Any], *outcomes: str) -> None:
    for delivery, outcome in zip(deliveries, outcomes, strict=True):
        if outcome:
            known = (
                {"reason": "run_failed", "verbatim": "The run failed."} if outcome == states.FAILED else {}
            )
            ended([delivery], outcome, **known)
