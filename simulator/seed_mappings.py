"""Seeds which audience is mapped to which dataflow, on what schedule, and how its exports will end."""

from simulator import seed_audiences as slots
from simulator.clock import DAY, day_of
from simulator.dataflow import Flow
from simulator.ids import number_for
from simulator.names import FLOWS
from simulator.sandbox import Audience, Sandbox
from simulator.seed_flows import flow_hour
from simulator.wire import Json

AUDIENCES_PER_FLOW = 250
DATED = "%DESTINATION%_%SEGMENT_NAME%_%DATETIME(YYYYMMdd_HHmmss)%"
UNDATED = "%SEGMENT_NAME%_%SEGMENT_ID%"
OUTCOMES = {slots.FAILS: "failed", slots.EMPTY: "empty", slots.PARTLY: "partial"}
SPREAD = {"disabled": (0, 1, 2), "streaming": (3, 4, 5), "new": (6, 7, 8)}


def seed_mappings(place: Sandbox, audiences: list[Audience], flows: list[Flow]) -> None:
    """Put every audience but drafts and the deliberately unmapped on one or two dataflows."""
    by_company = [
        [flow for number, flow in enumerate(flows) if flow.kind == "batch" and _company(number) == company]
        for company in (0, 1)
    ]
    batch = [flow for flow in flows if flow.kind == "batch"]
    for index, audience in enumerate(audiences):
        slot = index % slots.CYCLE
        if slot in (slots.DRAFT, slots.UNMAPPED):
            continue
        choices = by_company[index % 2] or batch
        for flow in _chosen(choices, index, twice=slot < slots.WAITS_LONG and index % 3 == 0):
            _map(place, flow, audience, index)
        _map_beside(place, flows, audience, index)


def _company(number: int) -> int:
    return FLOWS[number % len(FLOWS)][2]


def _chosen(choices: list[Flow], index: int, twice: bool) -> list[Flow]:
    """One or two dataflows for an audience, spread evenly."""
    if not choices:
        return []
    turn = index // 2
    first = choices[turn % len(choices)]
    other = choices[(turn + 1 + turn // len(choices)) % len(choices)]
    return [first, other] if twice and other is not first else [first]


def _map_beside(place: Sandbox, flows: list[Flow], audience: Audience, index: int) -> None:
    """Some audiences are on a disabled, a streaming or a brand new dataflow too."""
    for kind, numbers in SPREAD.items():
        if index % slots.CYCLE in numbers:
            odd = [flow for flow in flows if flow.kind == kind]
            if odd:
                _map(place, odd[index // slots.CYCLE % len(odd)], audience, index)


def _map(place: Sandbox, flow: Flow, audience: Audience, index: int) -> None:
    if len(flow.selectors) >= AUDIENCES_PER_FLOW:
        return
    slot = index % slots.CYCLE
    value: Json = {"id": audience.audience_id, "name": audience.name}
    if audience.external:
        value |= {"systemSegmentId": audience.id, "namespace": audience.namespace}
    mapped = _mapped_at(place, flow, audience, index)
    if flow.kind != "streaming":
        value["filenameTemplate"] = UNDATED if slot == slots.UNDATED else DATED
        value |= _export(place, flow, index)
    else:
        value["schedule"] = {}
    value["schedule"] |= _dates(place, mapped, slot)
    value |= {"createTime": str(mapped), "updateTime": str(mapped)}
    flow.selectors.append({"type": "PLATFORM_SEGMENT", "value": value})
    if slot in OUTCOMES:
        place.outcomes[flow.id, audience.id] = OUTCOMES[slot]


def _mapped_at(place: Sandbox, flow: Flow, audience: Audience, index: int) -> int:
    slot, began = index % slots.CYCLE, int(place.began)
    minutes = {slots.WAITS_LONG: 19, slots.WAITS_SHORT: 41}.get(slot)
    if flow.kind == "new":
        minutes = 9
    if slot == slots.JUST_INGESTED:
        minutes = 70  # long enough for an ad-hoc run, which then finds nobody
    if minutes is not None:
        return began - minutes * 60
    age = (began - audience.created) // DAY
    return began - (4 + number_for(max(1, min(300, age - 5)), place.seed, "mapped", index)) * DAY


def _dates(place: Sandbox, mapped: int, slot: int) -> Json:
    began = place.began
    if slot == slots.ENDED:
        return {"startDate": day_of(mapped), "endDate": day_of(began - 2 * DAY)}
    if slot == slots.NOT_BEGUN:
        return {"startDate": day_of(began + 6 * DAY)}
    return {"startDate": day_of(mapped)}


def _export(place: Sandbox, flow: Flow, index: int) -> Json:
    """Export mode and frequency; the hour belongs to the dataflow."""
    at = f"{flow_hour(place, flow):02d}:00"
    choice = number_for(6, place.seed, "frequency", index)
    if choice == 0:
        schedule = {"frequency": "ONCE", "triggerType": "AFTER_SEGMENT_EVAL"}
    elif choice == 1:
        schedule = {"frequency": "DAILY", "triggerType": "AFTER_SEGMENT_EVAL"}
    elif choice == 2:
        schedule = {"frequency": "EVERY_12_HOURS", "triggerType": "SCHEDULED", "startTime": at}
        return {"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "schedule": schedule}
    else:
        schedule = {"frequency": "DAILY", "triggerType": "SCHEDULED", "startTime": at}
    return {"exportMode": "DAILY_FULL_EXPORT", "schedule": schedule}
