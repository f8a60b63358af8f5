"""Will it go? Facts about a delivery in, findings out; pure.

A rule is a function from `Facts` to a `Finding` or None, listed in `RULES`, for Segment in `SEGMENT_RULES`;
adding a rule is adding a function and its test. Nothing here reads the database, the clock or the platform.
"""

from __future__ import annotations

from collections.abc import Callable

from activations.preflight import flows, people, segment, traffic
from activations.preflight.finding import Facts, Finding, Guardrails, Paused, Verdict
from activations.preflight.traffic import over_budget_finding, paused_finding

__all__ = [
    "RULES",
    "SEGMENT_RULES",
    "Facts",
    "Finding",
    "Guardrails",
    "Paused",
    "Verdict",
    "check",
    "over_budget_finding",
    "paused_finding",
]

Rule = Callable[[Facts], Finding | None]


def check(facts: Facts) -> Verdict:
    """Ask every rule about one delivery."""
    rules = RULES if facts.platform == "adobe" else SEGMENT_RULES
    found = traffic.as_chosen([finding for rule in rules if (finding := rule(facts))], facts)
    # Two rules may come to the same finding; people read it once.
    return Verdict(tuple({finding.code: finding for finding in found}.values()))


RULES: tuple[Rule, ...] = (
    flows.dataflow_present,
    flows.batch_file_based,
    flows.dataflow_enabled,
    flows.dataflow_settled,
    flows.audience_mapped,
    people.audience_known,
    flows.schedule_started,
    flows.schedule_not_ended,
    people.lifecycle_published,
    traffic.not_paused,
    flows.mapped_long_enough,
    traffic.no_scheduled_run,
    traffic.no_snapshot_job,
    traffic.not_held,
    traffic.no_ad_hoc_run,
    people.not_delivered_yet,
    people.external_evaluated,
    people.external_kept,
    people.merge_policy_settled,
    people.count_known,
    flows.file_name_dated,
    traffic.budget_left,
)

SEGMENT_RULES: tuple[Rule, ...] = (
    segment.credentials_there,
    flows.dataflow_present,
    segment.activation_present,
    people.audience_known,
    segment.connection_enabled,
    segment.activation_enabled,
    segment.audience_enabled,
    segment.audience_settled,
    traffic.not_paused,
    traffic.not_held,
    segment.no_resync_elsewhere,
    segment.no_resync_here,
    segment.audience_status_known,
    segment.sends_entries,
    segment.count_known,
)
