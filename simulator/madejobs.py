"""Evaluations and exports that somebody asks for by API: made, followed and cancelled like the real ones."""

from dataclasses import dataclass
from typing import Any

from simulator.ids import hex_for, uuid_for
from simulator.sandbox import MadeJob, Sandbox
from simulator.upsquery import ups_refusal
from simulator.wire import Answer, Ask, Json, answer, body_of
from simulator.world import World

PROFILE = "_xdm.context.profile"
SEGMENTS_AT_MOST = 1_500
EVERYTHING = "*"
# More than these at once and the service says 429 (SEG-SPEC names no number).
AT_ONCE = 3
BEGINS_AFTER, CANCELS_IN = 5, 5


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a job takes, and the words of its end."""

    lasts: int
    cancelling: str
    cancelled: str


# How throttling shows inside a job: not as a 429 (SEG-SPEC's SegmentJobErrorResponse).
FAILURE = {
    "code": "80000018",
    "msg": 'DocumentClientException: Message: {"Errors":["Request rate is large"]}',
    "callStack": "",
}
PACES = {"segment": Pace(120, "CANCELLING", "CANCELLED"), "export": Pace(60, "PROCESSING", "FAILED")}


def status_of(job: MadeJob, now: float) -> str:
    """NEW, then PROCESSING, then the end. The export's list of words has none for "cancelled" (contract §7.7)."""
    pace = PACES[job.kind]
    if job.cancelled_at is not None:
        return pace.cancelled if now >= job.cancelled_at + CANCELS_IN else pace.cancelling
    if now < job.begun + BEGINS_AFTER:
        return "NEW"
    if now < job.begun + pace.lasts:
        return "PROCESSING"
    return "FAILED" if job.fails else "SUCCEEDED"


def shown(place: Sandbox, job: MadeJob, now: float) -> Json:
    """The job as the service shows it now."""
    status = status_of(job, now)
    ended = job.begun + PACES[job.kind].lasts
    updated = int(min(now, ended) * 1000)
    times: Json = {"startTimeInMs": int(job.begun * 1000)}
    if status == "SUCCEEDED":
        times |= {"endTimeInMs": int(ended * 1000), "totalTimeInMs": PACES[job.kind].lasts * 1000}
    common: Json = {
        "id": job.id,
        "imsOrgId": place.org,
        "status": status,
        "requestId": hex_for(32, "request", job.id),
        "schema": {"name": job.schema},
        "metrics": {"totalTime": times, "profileSegmentationTime": times},
        "creationTime": int(job.begun * 1000),
        "updateTime": updated,
    }
    if status == "FAILED" and job.fails:
        common["errors"] = [FAILURE]
    if job.kind == "export":
        return common | {
            "jobType": "BATCH",
            "destination": {"datasetId": job.dataset, "segmentPerBatch": False},
            "filter": {"segments": [{"segmentId": one, "segmentNs": "ups"} for one in job.segments]},
            "computeGatewayJobId": {"exportJob": uuid_for("gateway", job.id)},
        }
    segments: list[Json] = [{"segmentId": one} for one in job.segments]
    for one in segments if job.segments != (EVERYTHING,) else ():
        one["segment"] = {
            "id": one["segmentId"],
            "expression": {"type": "PQL", "value": "true"},
            "mergePolicy": {"id": place.audiences[one["segmentId"]].merge_policy, "version": 1},
        }
    return common | {"source": "api", "segments": segments, "updateEpoch": updated // 1000, "properties": {}}


def made(place: Sandbox, kind: str, now: float) -> list[Json]:
    """All jobs of a kind that were asked for, newest first."""
    return [shown(place, job, now) for job in reversed(place.jobs) if job.kind == kind]


def evaluate(world: World, ask: Ask) -> Answer:
    """POST /segment/jobs: one array; everything is one element with a star."""
    place, now, body = ask.sandbox, world.now(), body_of(ask)
    if not isinstance(body, list) or not body or not all(isinstance(one, dict) for one in body):
        raise _bad(ask, "The body must be an array of segment ids.")
    ids = tuple(str(one.get("segmentId") or "") for one in body)
    if len(ids) > SEGMENTS_AT_MOST:
        raise _bad(ask, f"No more than {SEGMENTS_AT_MOST} segment ids; use * for all of them.")
    _check_segments(ask, ids, star=True)
    running = [
        job for job in place.jobs if job.kind == "segment" and status_of(job, now) in ("NEW", "PROCESSING")
    ]
    if len(running) >= AT_ONCE:
        raise ups_refusal(ask, 429, "UPAPI-113429-429", "There are too many segmentation jobs in processing.")
    return answer(shown(place, _begin(world, ask, "segment", ids), now))


def export(world: World, ask: Ask) -> Answer:
    """POST /export/jobs: needs a dataset and a schema; without a filter it exports everybody."""
    place, body = ask.sandbox, body_of(ask)
    if not isinstance(body, dict):
        raise _bad(ask, "The body must be an object.")
    dataset, schema = _part(body, "destination", "datasetId"), _part(body, "schema", "name")
    if not dataset or not schema:
        raise _bad(ask, "destination.datasetId and schema.name are required.")
    if dataset != dataset_of(place):
        raise _bad(ask, f"The dataset {dataset} is not found.")
    if schema != PROFILE:
        raise _bad(ask, f"The schema {schema} does not fit the dataset.")
    listed = body.get("filter", {}).get("segments", []) if isinstance(body.get("filter", {}), dict) else None
    if not isinstance(listed, list):
        raise _bad(ask, "filter.segments must be an array.")
    ids = tuple(str(one.get("segmentId") or "") for one in listed if isinstance(one, dict))
    _check_segments(ask, ids, star=False)
    job = _begin(world, ask, "export", ids, dataset)
    return answer(shown(place, job, world.now()))


def dataset_of(place: Sandbox) -> str:
    """The one dataset that profiles may be exported to."""
    return hex_for(24, "snapshot", place.seed)


def cancel(world: World, ask: Ask, kind: str) -> Answer:
    """DELETE: marks for cancelling what is still going on; what the schedule made is not ours to cancel."""
    now = world.now()
    job = next((one for one in ask.sandbox.jobs if one.kind == kind and one.id == ask.parts[0]), None)
    if job is None:
        raise ups_refusal(ask, 404, "UPAPI-113000-404", f"The entity {ask.parts[0]} is not found.")
    if status_of(job, now) not in ("NEW", "PROCESSING", "CANCELLING"):
        raise _bad(ask, "The job is over and cannot be cancelled.")
    if job.cancelled_at is None:
        job.cancelled_at = now
    if kind == "segment":
        return Answer(204)
    return answer({"status": True, "message": "Export job has been marked for cancelling"})


def _begin(world: World, ask: Ask, kind: str, segments: tuple[str, ...], dataset: str = "") -> MadeJob:
    number = len(ask.sandbox.jobs)
    job = MadeJob(
        kind,
        uuid_for(ask.sandbox.seed, "made", number),
        world.now(),
        segments,
        dataset=dataset,
        schema=PROFILE,
        fails=ask.fault is not None and ask.fault.fault == "run_error",
    )
    ask.sandbox.jobs.append(job)
    return job


def _check_segments(ask: Ask, ids: tuple[str, ...], *, star: bool) -> None:
    if star and ids == (EVERYTHING,):
        return
    for one in ids:
        known = ask.sandbox.audiences.get(one)
        if known is None or known.external:
            raise _bad(ask, f"The segment definition {one or '(none)'} is not found.")


def _part(body: Json, name: str, key: str) -> str:
    part: Any = body.get(name)
    return str(part.get(key) or "") if isinstance(part, dict) else ""


def _bad(ask: Ask, message: str) -> Exception:
    return ups_refusal(ask, 400, "UPAPI-113001-400", message)
