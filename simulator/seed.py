"""Seeds a whole sandbox: catalogue, run history, and the ad-hoc runs somebody else started."""

import heapq

from simulator.clock import DAY
from simulator.cycle import HOUR, advance, due, scheduled_run
from simulator.dataflow import Flow
from simulator.ids import number_for, uuid_for
from simulator.runs import Run
from simulator.sandbox import Audience, Sandbox
from simulator.seed_audiences import CYCLE, JOINS, seed_audiences
from simulator.seed_flows import seed_flows
from simulator.seed_mappings import seed_mappings

HISTORY_DAYS = 3
RUNS_PER_FLOW = 24
PAUSED_FOR = 10 * DAY


def seed_sandbox(place: Sandbox, audiences: int, flows: int) -> None:
    """Fill an empty sandbox; everything is relative to the moment it began."""
    people = seed_audiences(place, audiences)
    ways = seed_flows(place, flows)
    seed_mappings(place, people, ways)
    history = heapq.merge(*(_history(place, flow) for flow in ways), key=lambda run: run.created)
    for run in history:
        place.runs.add(run)
    for run in _joins(place, people, ways):
        place.runs.add(run)
    place.cycled = place.began
    advance(place, place.began)


def _history(place: Sandbox, flow: Flow) -> list[Run]:
    """The scheduled runs of the past days, oldest first, at most a screenful per dataflow."""
    if flow.kind in ("streaming", "dataset"):
        return _whole_flow_history(place, flow)
    if flow.kind == "new":
        return []
    last = int(place.began - 300) // HOUR
    if flow.kind == "disabled":
        last -= PAUSED_FOR // HOUR
    found: list[Run] = []
    for hour in range(last, last - HISTORY_DAYS * 24, -1):
        for mapping in due(flow, hour * HOUR):
            found.append(scheduled_run(place, flow, mapping, hour * HOUR))
        if len(found) >= RUNS_PER_FLOW:
            break
    return sorted(found[:RUNS_PER_FLOW], key=lambda run: run.created)


def _whole_flow_history(place: Sandbox, flow: Flow) -> list[Run]:
    """Streaming runs are hourly and dataset runs daily, both for the whole dataflow."""
    step = HOUR if flow.kind == "streaming" else DAY
    moments = [int(place.began // step) * step - back * step + 300 for back in range(6, 0, -1)]
    return [_whole_flow_run(place, flow, moment) for moment in moments]


def _whole_flow_run(place: Sandbox, flow: Flow, moment: float) -> Run:
    return Run(
        id=uuid_for(place.seed, flow.kind, flow.id, int(moment)),
        flow=flow.id,
        audience=None,
        kind=flow.kind,
        created=moment,
        started=moment + 1,
        ends=moment + 90,
        outcome="success",
        rows=2_000 + number_for(40_000, flow.id, moment),
        source=flow.source_id,
        target=flow.target_id,
        visible=moment,
    )


def _joins(place: Sandbox, people: list[Audience], ways: list[Flow]) -> list[Run]:
    """Ad-hoc runs started on the vendor's own page shortly before us, with minutes still to go."""
    wanted = {person.id: index for index, person in enumerate(people) if index % CYCLE in JOINS}
    made = []
    for flow in ways:
        for audience in flow.mappings.keys() & wanted.keys() if flow.kind == "batch" else ():
            index = wanted[audience]
            begun = place.began - 60 - index % 7
            made.append((begun, index, flow, audience))
    return [_join(place, flow, audience, begun) for begun, _, flow, audience in sorted(made, key=_order)]


def _order(item: tuple[float, int, Flow, str]) -> tuple[float, int]:
    return item[0], item[1]


def _join(place: Sandbox, flow: Flow, audience: str, begun: float) -> Run:
    return Run(
        id=uuid_for(place.seed, "join", flow.id, audience),
        flow=flow.id,
        audience=audience,
        kind="adhoc",
        created=begun,
        started=begun + 1,
        ends=place.began + 900 + number_for(600, place.seed, "join", audience),
        outcome="success",
        rows=place.audiences[audience].profiles(place.began),
        source=flow.source_id,
        target=flow.target_id,
        visible=begun,
    )
