"""The control plane under /_sim/: ledger, faults, clock, wording, runs of others, reset."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from simulator.adhoc import Pair, adhoc_run
from simulator.clock import DAY, iso
from simulator.cycle import scheduled_run
from simulator.faults import BadRule
from simulator.runs import Run
from simulator.wire import Answer, Ask, Json, Refusal, answer, body_of
from simulator.world import Sizes, World

MOST_AUDIENCES, MOST_FLOWS = 100_000, 2_000
LONGEST_RUN = 10_000_000
LONGEST_NAME = 300
FURTHEST_BACK = 366 * DAY
LAST_MOMENT = 32_472_144_000
LIMITS = {"seed": 2**63, "audiences": MOST_AUDIENCES, "dataflows": MOST_FLOWS}


def sentence(message: str, status: int = 400) -> Refusal:
    """A refusal of the control plane, in one sentence."""
    return Refusal(status, {"error": message})


def health(world: World, _: Ask) -> Answer:
    """GET /_sim/health: alive, and seeded with what."""
    place = world.sandboxes["prod"]
    sizes = {"seed": world.sizes.seed, "audiences": len(place.audiences), "dataflows": world.sizes.dataflows}
    return answer({"status": "ok", "now": iso(world.now()), "runs": len(place.runs.all), **sizes})


def ledger(world: World, ask: Ask) -> Answer:
    """GET /_sim/ledger?since=N."""
    since = ask.first("since") or "0"
    if not since.isdecimal():
        raise sentence("since must be a whole number of calls to skip.")
    return answer(world.ledger.shown(int(since)))


def faults(world: World, _: Ask) -> Answer:
    """GET /_sim/faults."""
    return answer(world.faults.shown())


def set_faults(world: World, ask: Ask) -> Answer:
    """PUT /_sim/faults."""
    try:
        world.faults.replace(_object(ask))
    except BadRule as problem:
        raise sentence(str(problem)) from None
    return answer(world.faults.shown())


def clock(world: World, _: Ask) -> Answer:
    """GET /_sim/clock."""
    return answer({"now": iso(world.now()), "speed": world.clock.speed})


def set_clock(world: World, ask: Ask) -> Answer:
    """PUT /_sim/clock: a moment, a speed, or both; also for how many seconds from the start no cycle begins."""
    body = _object(ask)
    _only(body, {"now", "speed", "quiet"})
    speed = body.get("speed")
    if speed is not None and (not _number(speed) or not 0 <= speed <= 1_000_000):
        raise sentence("speed must be a number between 0 and 1000000.")
    quiet = body.get("quiet")
    if quiet is not None and (not _number(quiet) or quiet < 0):
        raise sentence("quiet must be a number of seconds, 0 or more.")
    world.clock.set(_moment(body.get("now")), None if speed is None else float(speed))
    if quiet is not None:
        for place in world.sandboxes.values():
            place.quiet = float(quiet)
    return clock(world, ask)


def wording(world: World, ask: Ask) -> Answer:
    """POST /_sim/wording: fix the word of the refusals, or null to let them take turns."""
    body = _object(ask)
    if body.get("word") not in ("segment", "audience", None) or body.keys() != {"word"}:
        raise sentence("word must be segment, audience or null.")
    world.word = body["word"]
    return answer({"word": world.word})


def reset(world: World, ask: Ask) -> Answer:
    """POST /_sim/reset: begin again, with the old sizes where none are given."""
    body = _object(ask) if ask.body else {}
    _only(body, set(LIMITS))
    for name, value in body.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LIMITS[name]:
            raise sentence(f"{name} must be a whole number between 0 and {LIMITS[name]}.")
    old = {name: getattr(world.sizes, name) for name in LIMITS}
    world.reset(Sizes(**(old | body)))
    return health(world, ask)


def start_run(world: World, ask: Ask) -> Answer:
    """POST /_sim/runs: a run that is not ours, in any sandbox that has the dataflow; an ad-hoc one also `at` a past
    moment, as if it had been asked for then."""
    body = _object(ask)
    _only(body, {"dataflow", "audience", "kind", "duration_s", "by", "client", "at"})
    kind, lasts = body.get("kind"), body.get("duration_s")
    if kind not in ("scheduled", "adhoc"):
        raise sentence("kind must be scheduled or adhoc.")
    if lasts is not None and (not _number(lasts) or not 0 <= lasts <= LONGEST_RUN):
        raise sentence("duration_s must be a number of seconds.")
    for place in world.sandboxes.values():
        flow = place.flows.get(str(body.get("dataflow")))
        if flow is None:
            continue
        now = _past(body, world.at_now(place))
        mapping = flow.mappings.get(str(body.get("audience")))
        if mapping is None:
            raise sentence("This dataflow does not hold that audience; name it by its system id.", 404)
        world.extra_runs += 1
        if kind == "adhoc":
            run = adhoc_run(place, Pair(flow, mapping.audience), f"other/{world.extra_runs}", now)
        else:
            run = scheduled_run(place, flow, mapping, now)
            _begin_at(run, now, f"{world.extra_runs:04x}")
        run.ends = run.ends if lasts is None else now + lasts
        run.started = min(run.started, run.ends)
        run.by, run.client = _named(body, "by", run.by), _named(body, "client", run.client)
        place.runs.add(run)
        if "at" in body:
            place.runs.settle()
        return answer({"run": run.id})
    raise sentence("There is no such dataflow.", 404)


def _past(body: Json, now: float) -> float:
    moment = _moment(body.get("at"))
    if moment is None:
        return now
    if body["kind"] != "adhoc" or not now - FURTHEST_BACK <= moment <= now:
        raise sentence("at is for ad-hoc runs, and lies in the past year.")
    return moment


def _named(body: Json, name: str, otherwise: str) -> str:
    value = body.get(name, otherwise)
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise sentence(f"{name} must be a text of at most {LONGEST_NAME} characters.")
    return value


def _begin_at(run: Run, now: float, mark: str) -> None:
    """A scheduled run asked for begins now and is unlike the one the schedule itself will make."""
    lasts = run.ends - run.created
    run.id = run.id[:-4] + mark[-4:]
    run.created = run.visible = now
    run.started, run.ends = now + 1, now + lasts


def _object(ask: Ask) -> Json:
    body = body_of(ask)
    if not isinstance(body, dict):
        raise sentence("The body must be an object.")
    return body


def _only(body: Json, names: set[str]) -> None:
    for name in body:
        if name not in names:
            raise sentence(f"There is no field {name!r}; there are {', '.join(sorted(names))}.")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: Any) -> float | None:
    if value is None:
        return None
    try:
        moment = float(value) if _number(value) else _parsed(value)
    except (TypeError, ValueError, OverflowError):
        raise sentence("now must be ISO 8601 or epoch seconds.") from None
    if not 0 <= moment <= LAST_MOMENT:
        raise sentence("now must lie between 1970 and 2999.")
    return moment


def _parsed(text: str) -> float:
    """ISO 8601; without a zone it means UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


Handler = Callable[[World, Ask], Answer]
CONTROLS: dict[tuple[str, str], Handler] = {
    ("GET", "/_sim/health"): health,
    ("GET", "/_sim/ledger"): ledger,
    ("GET", "/_sim/faults"): faults,
    ("PUT", "/_sim/faults"): set_faults,
    ("GET", "/_sim/clock"): clock,
    ("PUT", "/_sim/clock"): set_clock,
    ("POST", "/_sim/wording"): wording,
    ("POST", "/_sim/reset"): reset,
    ("POST", "/_sim/runs"): start_run,
}
