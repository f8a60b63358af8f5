"""Flow Service: changing a dataflow by JSON Patch under an etag, and switching it on and off."""

import copy
import re
from typing import Any

from simulator.dataflow import Flow
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


def patch(world: World, ask: Ask) -> Answer:
    """PATCH /flows/{id}."""
    now, flow = world.at_now(ask.sandbox), _flow(ask)
    given = ask.headers.get("if-match", "").strip()
    if not given:
        raise flow_refusal("1403-400", "The header If-Match is missing.")
    _check_etag(flow, given)
    steps = body_of(ask)
    if not isinstance(steps, list) or not steps:
        raise Refusal(400, {"message": "The body must be a list of patch operations."})
    before = copy.deepcopy(flow.document)
    try:
        _apply(flow, steps, now)
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


def _apply(flow: Flow, steps: list[Any], now: float) -> None:
    """Apply in order, each to the result of the one before, as RFC 6902 says."""
    for step in steps:
        if not isinstance(step, dict):
            raise Refusal(400, {"message": "Each patch operation must be an object."})
        op, path = str(step.get("op", "")).lower(), str(step.get("path", ""))
        if op == "replace" and path in PLAIN and isinstance(step.get("value"), str):
            flow.document[path[1:]] = step["value"]
        elif path.startswith(SELECTORS) and flow.document["transformations"]:
            _change_selectors(flow, op, path.removeprefix(SELECTORS), step.get("value"), now)
        else:
            raise Refusal(400, {"message": f"The operation {op} on {path} is not supported."})


def _change_selectors(flow: Flow, op: str, where: str, value: Any, now: float) -> None:
    selectors = flow.selectors
    stamp = str(int(now))
    if op == "add" and where == "-":
        _check_selector(flow, value)
        added = copy.deepcopy(value)
        added["value"] |= {"createTime": stamp, "updateTime": stamp}
        selectors.append(added)
        return
    if not where.isdecimal() or int(where) >= len(selectors):
        raise Refusal(400, {"message": f"There is no selector at {where}."})
    if op == "remove":
        del selectors[int(where)]
    elif op == "replace":
        _check_selector(flow, value)
        kept = selectors[int(where)]["value"].get("createTime", stamp)
        changed = copy.deepcopy(value)
        changed["value"] |= {"createTime": kept, "updateTime": stamp}
        selectors[int(where)] = changed
    else:
        raise Refusal(400, {"message": f"The operation {op} on selectors is not supported."})


def _check_selector(flow: Flow, selector: Any) -> None:
    value: Json = selector.get("value") if isinstance(selector, dict) else None  # type: ignore[assignment]
    if not isinstance(value, dict) or selector.get("type") != "PLATFORM_SEGMENT" or not value.get("id"):
        raise Refusal(400, {"message": "A selector needs the type PLATFORM_SEGMENT and a value with an id."})
    if flow.kind == "streaming":
        return
    schedule = value.get("schedule")
    if any(not value.get(name) for name in NEEDED) or not isinstance(schedule, dict):
        raise Refusal(400, {"message": f"A selector of a batch dataflow needs {', '.join(NEEDED)}."})
    if str(schedule.get("frequency")) not in FREQUENCIES.get(str(value["exportMode"]), set()):
        raise Refusal(400, {"message": "The frequency does not match the exportMode."})
    timed = FULL_HOUR.fullmatch(str(schedule.get("startTime", "")))
    if not schedule.get("startDate") or not (timed or schedule.get("triggerType") == "AFTER_SEGMENT_EVAL"):
        raise Refusal(400, {"message": "The schedule needs a startDate and a startTime at a full hour."})
