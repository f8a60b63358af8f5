"""Rules about a delivery through Segment."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from activations.preflight.finding import OURS, Facts, Finding


def can_be_sent(facts: Facts) -> Finding | None:  # noqa: ARG001 - as every rule
    return Finding(
        "platform_not_sent", "stop",
        _("Sending through Segment is not possible from here yet; this workspace only shows what there is."),
        _("Start the resync in Segment."),
        OURS,
    )  # fmt: skip
