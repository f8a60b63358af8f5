"""Flow Service: changing a dataflow by JSON Patch under an etag, and switching it on and off."""

import copy
import re
from datetime import date, datetime
from typing import Any

from simulator.dataflow import Flow
from simulator.sandbox import Sandbox
from simulator.wire import Answer, Ask, Json, Refusal, answer, body_of, flow_refusal, missing
from simulator.world import World

SELECTORS = "/transformations/0/params/segmentSelectors/selectors/"
PLAIN = frozenset({"/name", "/description"})
FREQUENCIES = {
    "DAILY_FULL_EXPORT": {"ONCE", "DAILY", "WEEKLY", "MONTHLY"},
    "FIRST_FULL_THEN_INCREMENTAL": {
        "DAILY",
        "EVERY_3_HOURS",
        "EVERY_6_HOURS",
        "EVERY_8_HOURS",
        "EVERY_12_HOURS",
    },
}
FULL_HOUR = re.compile(r"([01]\d|2[0-3]):00")
NEEDED = ("id", "filenameTemplate", "exportMode", "schedule")
TRIGGERS = ("SCHEDULED", "AFTER_SEGMENT_EVAL")
AFTER_EVALUATION = ("ONCE", "DAILY")
LONGEST_TEMPLATE = 255


def patch(world: World, ask: Ask) -> Answer:
    """PATCH /flows/{id}."""
    now, flow = world.at_now(ask.sandbox), _flow(ask)
    given = ask.headers.get("if-match", "").strip()
    if not given:
        raise flow_refusal("1403-400", "The header If-Match is missing.")
    _check_etag(flow, given)
    if flow.transition_until is not None:
        raise flow_refusal("1421-400", "The flow is in a transient state.")
    steps = body_of(ask)
    if not isinstance(steps, list) or not steps:
        raise Refusal(400, {"message": "The body must be a list of patch operations."})
    before = copy.deepcopy(flow.document)
    try:
        _apply(ask.sandbox, flow, steps, now)
    except Refusal:
        flow.document = before
        raise
    flow.changed(now, "update")
    return answer({"id": flow.id, "etag": flow.document["etag"]})


def action(world: World, ask: Ask) -> Answer:
    """POST /flows/{id}/action?op=enable|disable."""
    now, flow = world.at_now(ask.sandbox), _flow(ask)
    op = (ask.first("op") or "").lower()
    if op not in ("enable", "disable"):
        raise flow_refusal("1422-400", f"The operation {op or 'none'} is not supported for this flow.")
    if flow.transition_until is not None:
        raise flow_refusal("1421-400", "The flow is in a transient state.")
    wanted = f"{op}d"
    if flow.document["state"] == wanted:
        raise flow_refusal("1422-400", f"The flow is already {wanted}.")
    flow.document["state"] = wanted
    flow.changed(now, op)
    return answer({"id": flow.id, "etag": flow.document["etag"]})


def _flow(ask: Ask) -> Flow:
    flow = ask.sandbox.flows.get(ask.parts[0])
    if flow is None:
        raise missing("flows", ask.parts[0])
    return flow


def _check_etag(flow: Flow, given: str) -> None:
    current = flow.document["etag"]
    if given != current:
        text = f"Supplied version=[{given}] does not match the current version on entity=[{current}]"
        raise Refusal(412, {"errorMessage": text, "errorDetails": text})


def _apply(place: Sandbox, flow: Flow, steps: list[Any], now: float) -> None:
    """Apply in order, each to the result of the one before, as RFC 6902 says."""
    for step in steps:
        if not isinstance(step, dict):
            raise Refusal(400, {"message": "Each patch operation must be an object."})
        op, path = str(step.get("op", "")).lower(), str(step.get("path", ""))
        if op == "replace" and path in PLAIN and isinstance(step.get("value"), str):
            flow.document[path[1:]] = step["value"]
        elif op and path.startswith(SELECTORS) and flow.document["transformations"]:
            _change_selectors(place, flow, step, now)
        else:
            raise Refusal(400, {"message": f"The operation {op} on {path} is not supported."})


def _change_selectors(place: Sandbox, flow: Flow, step: Json, now: float) -> None:
    op, where = str(step["op"]).lower(), str(step["path"]).removeprefix(SELECTORS)
    selectors = flow.selectors
    value: Any = step.get("value")
    stamp = str(int(now))
    if op == "add" and where == "-":
        _check_selector(place, flow, value)
        _check_not_mapped(selectors, value)
        added = copy.deepcopy(value)
        added["value"] |= {"createTime": stamp, "updateTime": stamp}
        selectors.append(added)
        return
    if not where.isdecimal() or int(where) >= len(selectors):
        raise Refusal(400, {"message": f"There is no selector at {where}."})
    if op == "remove":
        del selectors[int(where)]
    elif op == "replace":
        _check_selector(place, flow, value)
        _check_not_mapped(selectors[: int(where)] + selectors[int(where) + 1 :], value)
        kept = selectors[int(where)]["value"].get("createTime", stamp)
        changed = copy.deepcopy(value)
        changed["value"] |= {"createTime": kept, "updateTime": stamp}
        selectors[int(where)] = changed
    else:
        raise Refusal(400, {"message": f"The operation {op} on selectors is not supported."})


def _audience(selector: Json) -> str:
    value = selector["value"]
    return str(value.get("systemSegmentId") or value.get("id"))


def _check_not_mapped(others: list[Json], selector: Json) -> None:
    if _audience(selector) in map(_audience, others):
        raise Refusal(400, {"message": f"The audience {_audience(selector)} is already part of this flow."})


def _check_selector(place: Sandbox, flow: Flow, selector: Any) -> None:
    value: Json = selector.get("value") if isinstance(selector, dict) else None  # type: ignore[assignment]
    if not isinstance(value, dict) or selector.get("type") != "PLATFORM_SEGMENT" or not value.get("id"):
        raise Refusal(400, {"message": "A selector needs the type PLATFORM_SEGMENT and a value with an id."})
    person = place.audiences.get(_audience(selector))
    if person is None or (person.external and person.audience_id != value["id"]):
        raise Refusal(400, {"message": f"The audience {value['id']} is not found."})
    if flow.kind == "streaming":
        return
    schedule = value.get("schedule")
    if any(not value.get(name) for name in NEEDED) or not isinstance(schedule, dict):
        raise Refusal(400, {"message": f"A selector of a batch dataflow needs {', '.join(NEEDED)}."})
    if len(str(value["filenameTemplate"])) > LONGEST_TEMPLATE:
        raise Refusal(400, {"message": f"The filenameTemplate is longer than {LONGEST_TEMPLATE} characters."})
    if str(schedule.get("frequency")) not in FREQUENCIES.get(str(value["exportMode"]), set()):
        raise Refusal(400, {"message": "The frequency does not match the exportMode."})
    _check_trigger(str(value["exportMode"]), schedule)
    _check_days(schedule)


def _check_trigger(mode: str, schedule: Json) -> None:
    """Older flows name no trigger, which then is the clock; only full exports follow the evaluation."""
    trigger = schedule.get("triggerType", "SCHEDULED")
    if trigger not in TRIGGERS:
        raise Refusal(400, {"message": f"The triggerType must be one of {', '.join(TRIGGERS)}."})
    if trigger == "SCHEDULED" and not FULL_HOUR.fullmatch(str(schedule.get("startTime", ""))):
        raise Refusal(400, {"message": "The schedule needs a startDate and a startTime at a full hour."})
    full = mode == "DAILY_FULL_EXPORT" and schedule.get("frequency") in AFTER_EVALUATION
    if trigger == "AFTER_SEGMENT_EVAL" and not full:
        raise Refusal(
            400, {"message": "The triggerType AFTER_SEGMENT_EVAL needs a full export, once or daily."}
        )


def _check_days(schedule: Json) -> None:
    start, end = _day(schedule, "startDate"), _day(schedule, "endDate")
    if start is None:
        raise Refusal(400, {"message": "The schedule needs a startDate and a startTime at a full hour."})
    if end is not None and schedule.get("frequency") == "ONCE":
        raise Refusal(400, {"message": "A schedule with the frequency ONCE has no endDate."})
    if end is not None and end <= start:
        raise Refusal(400, {"message": "The endDate must be after the startDate."})


def _day(schedule: Json, name: str) -> date | None:
    if schedule.get(name) in (None, ""):
        return None
    try:
        return datetime.strptime(str(schedule[name]), "%Y-%m-%d").date()
    except ValueError:
        raise Refusal(400, {"message": f"The {name} is not a day such as 2022-07-21."}) from None
