"""What happens by itself: scheduled exports, transitions that complete, runs that end."""

from collections.abc import Iterator

from simulator.clock import DAY
from simulator.dataflow import Flow, Mapping, operation_of
from simulator.ids import number_for, uuid_for
from simulator.runs import Run
from simulator.runview import last_run
from simulator.sandbox import Sandbox

HOUR = 3_600
CATCH_UP = 2 * DAY  # a clock set far ahead does not invent years of exports
AFTER_EVALUATION_HOUR = 7
EVERY = {"EVERY_3_HOURS": 3, "EVERY_6_HOURS": 6, "EVERY_8_HOURS": 8, "EVERY_12_HOURS": 12, "DAILY": 24}


def advance(place: Sandbox, now: float) -> None:
    """Bring a sandbox up to this moment. Cheap unless an hour has passed or a run has ended."""
    for flow in [flow for flow in place.transitions if now >= (flow.transition_until or 0)]:
        flow.document["lastOperation"] = operation_of("create", int(now * 1000), done=True)
        flow.transition_until = None
        flow.touched()
        place.transitions.remove(flow)
    if now // HOUR > place.cycled // HOUR:
        _export_hours(place, now)
    for run in place.runs.ended(now):
        remember_last(place, run)


def remember_last(place: Sandbox, run: Run) -> None:
    """A finished run becomes the dataflow's last run unless a later one already is."""
    flow = place.flows.get(run.flow)
    if flow is None:
        return
    known = flow.document.get("lastRunDetails")
    if known is None or known["completedAtUTC"] <= run.ends * 1000:
        flow.document["lastRunDetails"] = last_run(run)
        flow.touched()


def _export_hours(place: Sandbox, now: float) -> None:
    since = max(place.cycled, now - CATCH_UP)
    place.cycled = now
    first = int(since // HOUR) + 1
    for hour in range(first, int(now // HOUR) + 1):
        moment = hour * HOUR
        if moment < place.began + place.quiet:
            continue
        for flow in place.flows.values():
            if flow.kind in ("batch", "new") and flow.enabled and flow.transition_until is None:
                for mapping in due(flow, moment):
                    place.runs.add(scheduled_run(place, flow, mapping, moment))


def due(flow: Flow, moment: int) -> Iterator[Mapping]:
    """The mappings of a dataflow whose scheduled export begins at this full hour."""
    for mapping in flow.mappings.values():
        every = EVERY.get(mapping.frequency)
        at = AFTER_EVALUATION_HOUR if mapping.hour is None else mapping.hour
        if every and (moment // HOUR - at) % every == 0 and _exports(mapping, moment):
            yield mapping


def _exports(mapping: Mapping, moment: int) -> bool:
    return mapping.mapped_at < moment and mapping.in_range(moment)


def scheduled_run(place: Sandbox, flow: Flow, mapping: Mapping, moment: float) -> Run:
    """The scheduled export of one mapping; how it ends depends only on the seed and the moment."""
    label = (place.seed, "scheduled", flow.id, mapping.audience, int(moment))
    audience = place.audiences.get(mapping.audience)
    rows = audience.profiles(moment) if audience else 0
    outcome = place.outcomes.get((flow.id, mapping.audience), "success")
    if number_for(40, *label, "luck") == 0:
        outcome = "failed"
    begins = moment + number_for(20, *label, "queue")
    lasts = 10 + number_for(31, *label, "lasts")
    return Run(
        id=uuid_for(*label),
        flow=flow.id,
        audience=mapping.audience,
        kind="scheduled",
        created=begins,
        started=begins + 1,
        ends=begins + lasts,
        outcome="empty" if rows == 0 and outcome != "failed" else outcome,
        rows=0 if outcome == "empty" else rows,
        source=flow.source_id,
        target=flow.target_id,
        visible=begins,
    )
