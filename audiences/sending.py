"""What an audience of a Segment space sends, and where: its connections, each with the activations on it."""

from __future__ import annotations

from django.db.models import Prefetch

from audiences.models import Dataflow, Mapping
from audiences.models.catalog import MirroredQuerySet


def connections_of(flows: MirroredQuerySet) -> list[Dataflow]:
    """These connections as far as they are there; `sends` of each are its activations by name. Two queries."""
    activations = Mapping.objects.present().order_by("name", "pk")
    rows = flows.present().select_related("destination").order_by("destination__account", "pk")
    return list(rows.prefetch_related(Prefetch("mappings", activations, to_attr="sends")))
