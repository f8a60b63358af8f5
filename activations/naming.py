"""What a log line names: workspace, activations, job and deliveries, by id; never people, secrets or bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activations.models import Delivery

# A line stays readable, and a press of thousands does not fill a disk.
NAMED = 100


def ids(deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """Fields that name these deliveries and their activations, and how many there are where not all are named."""
    activations = sorted({delivery.activation_id for delivery in deliveries})
    named: dict[str, Any] = {
        "activations": activations[:NAMED],
        "deliveries": [delivery.pk for delivery in deliveries[:NAMED]],
    }
    return named if len(deliveries) <= NAMED else {**named, "count": len(deliveries)}
