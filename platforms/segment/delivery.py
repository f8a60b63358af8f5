"""Delivery Overview: what was delivered, failed or filtered at a destination within a window (contract §9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from platforms.decoding import whole
from platforms.segment import decoding
from platforms.segment.gateway import BETA, Gateway
from platforms.segment.types import DeliveryCount

Delivered = Literal["successful-delivery", "failed-delivery", "filtered-at-destination"]
Granularity = Literal["MINUTE", "HOUR", "DAY"]


@dataclass(frozen=True, slots=True)
class Window:
    """Which destination, and from when up to when (excluded)."""

    source: str
    destination: str
    start: datetime
    end: datetime
    granularity: Granularity

    def written(self) -> list[tuple[str, str]]:
        return [
            ("sourceId", self.source),
            ("destinationConfigId", self.destination),
            ("startTime", self.start.isoformat()),
            ("endTime", self.end.isoformat()),
            ("granularity", self.granularity),
        ]


def delivered(
    gateway: Gateway,
    what: Delivered,
    window: Window,
    *,
    group_by: Sequence[str],
    only: Mapping[str, Iterable[str]],
) -> DeliveryCount:
    """The count of the window, and of each group in it."""
    asked = window.written()
    asked += [(f"groupBy.{n}", name) for n, name in enumerate(group_by)]
    asked += [
        (f"filter.{name}.{n}", value) for name, values in only.items() for n, value in enumerate(values)
    ]
    path = f"/delivery-overview/{what}"
    total = whole(gateway.get(path, asked, key="total", accept=BETA)["total"])
    if not group_by:
        return DeliveryCount(total)
    pages = gateway.pages(path, "dataset", accept=BETA, params=asked)
    return DeliveryCount(total, tuple(row for page in pages for row in decoding.delivery_rows(page)))
