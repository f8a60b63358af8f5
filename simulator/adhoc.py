"""Ad-hoc activation: `adhocrun`, the one call that makes something happen. All or nothing."""

from dataclasses import dataclass
from typing import Any

from simulator.daily import profile_exports
from simulator.dataflow import Flow
from simulator.ids import number_for, uuid_for
from simulator.madejobs import made
from simulator.runs import Run
from simulator.sandbox import Sandbox
from simulator.wire import Answer, Ask, Json, Refusal, answer, body_of
from simulator.world import World

V2 = "application/vnd.adobe.adhoc.activation+json; version=2"
MOST_PAIRS = 80
NOT_READY = (
    "Invalid parameter: Following order ID(s) are not ready for dataset export, "
    "please wait for 10 minutes and retry."
)
RUN_URL = "https://platform.adobe.io/data/foundation/flowservice/runs/"
SLOW_START = 30.0


@dataclass(frozen=True, slots=True)
class Pair:
    """One audience through one dataflow."""

    flow: Flow
    audience: str


def refuse(message: str, status: int = 400) -> Refusal:
    """The one documented error shape of this service."""
    return Refusal(status, {"message": message})


def adhocrun(world: World, ask: Ask) -> Answer:
    """POST /adhocrun: v2 with the exact Accept, v1 otherwise."""
    place, now = ask.sandbox, world.at_now(ask.sandbox)
    body = body_of(ask)
    if not isinstance(body, dict):
        raise refuse("The request body must be an object.")
    wanted = _read_pairs(body)
    if ask.headers.get("accept") != V2:
        _check_exports(place, body, now)
    pairs = _resolve(place, wanted)
    for flow in dict.fromkeys(pair.flow for pair in pairs):
        _check_flow(world, place, flow, [pair.audience for pair in pairs if pair.flow is flow], now)
    for pair in pairs:
        _check_idle(world, place, pair, now)
    return _accept(world, ask, pairs, now)


def _read_pairs(body: Json) -> list[tuple[str, str]]:
    info = body.get("activationInfo")
    if not isinstance(info, dict) or not info:
        raise refuse("activationInfo is required and must map destination ids to audience ids.")
    pairs: list[tuple[str, str]] = []
    for order, audiences in info.items():
        if not isinstance(audiences, list) or not all(isinstance(one, str) and one for one in audiences):
            raise refuse(f"activationInfo for {order} must be a list of audience ids.")
        # SILENT on empty lists and repeats; the stricter reading refuses both.
        if not audiences or len(set(audiences)) != len(audiences):
            raise refuse(f"activationInfo for {order} must name at least one audience, each once.")
        pairs += [(order, audience) for audience in audiences]
    if len(pairs) > MOST_PAIRS:
        # SILENT whether 80 counts audiences or pairs; pairs is the stricter reading.
        raise refuse(f"An ad-hoc activation job can activate up to {MOST_PAIRS} audiences.")
    return pairs


def _check_exports(place: Sandbox, body: Json, now: float) -> None:
    """V1 needs the id of a profile export job that succeeded."""
    exports = body.get("exportIds")
    if not isinstance(exports, list) or not exports or not all(isinstance(one, str) for one in exports):
        raise refuse("exportIds is required and must list audience export job ids.")
    good = profile_exports(place, now) | {
        job["id"] for job in made(place, "export", now) if job["status"] == "SUCCEEDED"
    }
    for one in exports:
        if one not in good:
            raise refuse(f"exportIds: {one} is not a finished audience export job.")


def _resolve(place: Sandbox, wanted: list[tuple[str, str]]) -> list[Pair]:
    for order, audience in wanted:
        if order not in place.flows:
            raise refuse(f"Destination instance {order} was not found.", 404)
        if audience not in place.audiences and audience not in place.by_external:
            raise refuse(f"Audience {audience} was not found.", 404)
    return [Pair(place.flows[order], audience) for order, audience in wanted]


def _check_flow(world: World, place: Sandbox, flow: Flow, audiences: list[str], now: float) -> None:
    if flow.kind not in ("batch", "disabled", "new"):
        spec = flow.document["flowSpec"]["id"]
        raise refuse(
            f"Invalid parameter: Flow for id {flow.id} is incorrect. "
            f"Error is [Adhoc run can not be executed for Flow spec={spec}."
        )
    if not flow.enabled:
        # SILENT whether a disabled dataflow takes ad-hoc runs; the stricter reading refuses.
        raise refuse(f"Order {flow.id} is disabled. Enable the dataflow and try again.")
    if flow.transition_until is not None:
        raise refuse(NOT_READY)
    outside = [name_of(place, flow, one) for one in audiences if not _belongs(place, flow, one, now)]
    if outside:
        word = "Segments" if spoken(world) == "segment" else "Audiences"
        raise refuse(f"{word} {', '.join(outside)} are not part of this dataflow or out of schedule range!")
    if any(not flow.mappings[one].ready(now) for one in audiences):
        raise refuse(NOT_READY)
    running = place.runs.scheduled_running(flow.id, now)
    if running:
        raise refuse(
            f"A scheduled export is in progress for order {flow.id} with run id {running[0].id}. "
            "Wait until it has finished."
        )


def _belongs(place: Sandbox, flow: Flow, audience: str, now: float) -> bool:
    mapping, person = flow.mappings.get(audience), place.audiences.get(audience)
    if mapping is None or person is None:
        return False  # an external id lands here: only the system id is mapped
    # SILENT on unpublished audiences; the stricter reading takes them for not exported.
    return mapping.in_range(now) and person.lifecycle == "published"


def name_of(place: Sandbox, flow: Flow, audience: str) -> str:
    """The name the refusal uses: the mapping's own, else the audience's."""
    if audience in flow.mappings and flow.mappings[audience].name:
        return flow.mappings[audience].name
    person = place.audiences.get(audience) or place.by_external[audience][0]
    return person.name


def spoken(world: World) -> str:
    """`segment` or `audience`: the platform's sentences come in both wordings, in turn unless fixed."""
    world.refusals += 1
    if world.word is not None:
        return world.word
    return ("segment", "audience")[(world.refusals + world.sizes.seed) % 2]


def _check_idle(world: World, place: Sandbox, pair: Pair, now: float) -> None:
    """One concurrent ad-hoc run per audience, anywhere in the sandbox; that order's own is named first."""
    running = place.runs.adhoc_running(pair.audience, now)
    if running:
        run = min(running, key=lambda one: (one.flow != pair.flow.id, one.seq))
        raise refuse(
            f"Run already going on for {spoken(world)} {pair.audience} "
            f"for order {run.flow} with run id {run.id}"
        )


def _accept(world: World, ask: Ask, pairs: list[Pair], now: float) -> Answer:
    world.jobs += 1
    job = uuid_for(world.sizes.seed, "job", world.jobs, "/".join(pair.audience for pair in pairs))
    fault = ask.fault.fault if ask.fault else ""
    order: list[dict[str, Any]] = []
    for pair in pairs:
        run = adhoc_run(ask.sandbox, pair, f"{job}/{len(order)}", now, fault)
        ask.sandbox.runs.add(run)
        world.ledger.accepted(pair.flow.id, pair.audience, run.id, job, now)
        order.append({"segment": pair.audience, "order": pair.flow.id, "statusURL": RUN_URL + run.id})
    return answer({"order": order[:-1] if fault == "drop_pair" else order})


def adhoc_run(place: Sandbox, pair: Pair, label: str, now: float, fault: str = "") -> Run:
    """A new ad-hoc run; how it ends depends on the mapping, the audience and the fault asked for."""
    rows = place.audiences[pair.audience].profiles(now)
    outcome = place.outcomes.get((pair.flow.id, pair.audience), "success")
    outcome = {"run_error": "failed", "run_empty": "empty"}.get(fault, outcome)
    if rows == 0 and outcome != "failed":
        outcome = "empty"
    seen = now + SLOW_START if fault == "run_slow_start" else now
    return Run(
        id=uuid_for(place.seed, "adhoc", label, pair.flow.id, pair.audience),
        flow=pair.flow.id,
        audience=pair.audience,
        kind="adhoc",
        created=now,
        started=seen + 1.5,
        ends=seen + 10 + number_for(30_000, place.seed, label, pair.audience) / 1000,
        outcome=outcome,
        rows=0 if outcome == "empty" else rows,
        source=pair.flow.source_id,
        target=pair.flow.target_id,
        visible=seen,
    )
