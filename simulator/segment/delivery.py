"""Delivery Overview: what was delivered, failed or filtered at a destination, by minute, hour or day."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.clock import DAY, iso
from simulator.ids import number_for
from simulator.segment import query
from simulator.segment.refusals import invalid, missing
from simulator.segment.shelf import LINKED, Activation, Resync
from simulator.wire import Answer, Ask, Json, answer

if TYPE_CHECKING:
    from simulator.world import World

NAMES = (
    "sourceId",
    "destinationConfigId",
    "startTime",
    "endTime",
    "granularity",
    "groupBy",
    "filter",
    "pagination",
)
KEYS = (
    "eventName", "eventType", "discardReason", "appVersion", "subscriptionId", "activationId", "audienceId", "spaceId",
)  # fmt: skip
# Granularity: seconds of a step, the longest span, how far back.
STEPS = {
    "MINUTE": (60, 4 * 3_600, 2 * DAY),
    "HOUR": (3_600, 14 * DAY, 30 * DAY),
    "DAY": (DAY, 30 * DAY, 30 * DAY),
}
# What was sent is counted this much later (contract §9).
LATENCY = 30.0
Counts = Callable[[Resync, float], int]


def successful(world: "World", ask: Ask) -> Answer:
    """GET successful-delivery."""
    return _overview(world, ask, lambda resync, now: max(0, resync.sent(now) - _failed(resync, now)))


def failed(world: "World", ask: Ask) -> Answer:
    """GET failed-delivery."""
    return _overview(world, ask, _failed)


def filtered(world: "World", ask: Ask) -> Answer:
    """GET filtered-at-destination."""
    return _overview(world, ask, lambda resync, now: resync.sent(now) // 250)


def _failed(resync: Resync, now: float) -> int:
    return resync.failed * resync.sent(now) // max(1, resync.rows)


def _overview(world: "World", ask: Ask, counts: Counts) -> Answer:
    given = query.read(ask, NAMES)
    start, end, step = _window(given, world.now())
    destination = world.segment.destinations.get(str(given["destinationConfigId"]))
    if destination is None or destination.source != given["sourceId"]:
        raise missing("Destination", str(given["destinationConfigId"]))
    wanted = _filter(given.get("filter"))
    found = [
        one
        for one in world.segment.every_activation()
        if one.connection.destination is destination and _kept(one, wanted)
    ]
    groups = query.listed(given.get("groupBy"))
    if not set(groups) <= set(KEYS):
        raise invalid("groupBy", f"must be one of [{', '.join(KEYS)}]")
    rows: dict[tuple[str, ...], dict[float, int]] = {}
    for one in found:
        for resync in one.resyncs:
            if start <= resync.sends < end:
                key = tuple(_key(one, group) for group in groups)
                series = rows.setdefault(key, {})
                begun = resync.sends // step * step
                series[begun] = series.get(begun, 0) + counts(resync, world.now() - LATENCY)
    dataset = [_row(groups, key, series) for key, series in rows.items()]
    told = query.page(world.segment, given, "dataset", dataset)
    return answer({"data": {"total": sum(row["total"] for row in dataset), **told}})


def _row(groups: list[str], key: tuple[str, ...], series: dict[float, int]) -> Json:
    points = [
        {"time": iso(moment), "count": n, "retryCount": number_for(3, moment)}
        for moment, n in sorted(series.items())
    ]
    return {**dict(zip(groups, key, strict=True)), "total": sum(series.values()), "series": points}


def _key(one: Activation, group: str) -> str:
    known = {"activationId": one.id, "audienceId": one.audience.id, "spaceId": one.audience.space}
    return known.get(group, one.name if group == "eventName" else "track")


def _kept(one: Activation, wanted: dict[str, list[str]]) -> bool:
    """Only Linked Audiences carry their ids with the events; for others a filter by them finds nothing."""
    ids = {"activationId": one.id, "audienceId": one.audience.id, "spaceId": one.audience.space}
    asked = {name: values for name, values in wanted.items() if name in ids}
    if asked and one.audience.type != LINKED:
        return False
    return all(ids[name] in values for name, values in asked.items())


def _filter(given: Any) -> dict[str, list[str]]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not set(given) <= set(KEYS):
        raise invalid("filter", f"must hold only [{', '.join(KEYS)}]")
    return {name: query.listed(value) for name, value in given.items()}


def _window(given: Json, now: float) -> tuple[float, float, int]:
    for name in ("sourceId", "destinationConfigId", "startTime", "endTime", "granularity"):
        if not given.get(name):
            raise invalid(name, "is required")
    if given["granularity"] not in STEPS:
        raise invalid("granularity", f"must be one of [{', '.join(STEPS)}]")
    step, longest, back = STEPS[given["granularity"]]
    start, end = _moment(given, "startTime"), _moment(given, "endTime")
    if end <= start:
        raise invalid("endTime", "must be later than startTime")
    if end - start > longest:
        raise invalid("endTime", f"must be within {longest} seconds of startTime")
    if start < now - back:
        raise invalid("startTime", f"must lie within the last {back} seconds")
    return start, end, step


def _moment(given: Json, name: str) -> float:
    try:
        moment = datetime.fromisoformat(str(given[name]))
    except ValueError:
        raise invalid(name, "must be an ISO 8601 date") from None
    if moment.tzinfo is None:
        raise invalid(name, "must have a time zone")
    return moment.timestamp()
