"""What differs between the vendors when deliveries go: how many leave in a call, what a call keeps others from,
how it is made, followed and found again. Dispatch, watch, reconciliation and sweep are the same for all."""

from __future__ import annotations

from activations.vendors.adobe import Adobe
from activations.vendors.segment import Segment
from activations.vendors.vendor import Prepared, Vendor
from audiences.models import Workspace

__all__ = ["Prepared", "Vendor", "vendor_of"]

ADOBE, SEGMENT = Adobe(), Segment()


def vendor_of(workspace: Workspace) -> Vendor:
    """Whose ways a workspace's deliveries go."""
    return SEGMENT if workspace.is_segment else ADOBE
