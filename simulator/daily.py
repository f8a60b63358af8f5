"""The daily segmentation and the snapshot export after it: pure functions of the clock."""

from simulator.clock import DAY
from simulator.ids import hex_for, uuid_for
from simulator.sandbox import EVALUATION_HOUR, Sandbox
from simulator.wire import Json

DAYS_KEPT = 14
SEGMENT_SECONDS = 8 * 60
EXPORT_SECONDS = 4 * 60
PROFILE = "_xdm.context.profile"


def evaluations(now: float) -> list[int]:
    """The beginnings of the daily evaluations, newest first, of the two weeks up to now."""
    today = int(now // DAY) * DAY + EVALUATION_HOUR * 3_600
    latest = today if now >= today else today - DAY
    return [latest - back * DAY for back in range(DAYS_KEPT)]


def segment_job(place: Sandbox, begun: int, now: float, counted: bool) -> Json:
    """One scheduled evaluation of every audience; `counted` adds the counts, which are large."""
    job = uuid_for(place.seed, "segment-job", begun)
    done = now >= begun + SEGMENT_SECONDS
    ended = begun + SEGMENT_SECONDS if done else int(now)
    return {
        "id": job,
        "imsOrgId": place.org,
        "status": "SUCCEEDED" if done else "PROCESSING",
        "source": "scheduler",
        "segments": [{"segmentId": "*"}],
        "schema": {"name": PROFILE},
        "batchId": hex_for(26, "batch", job).upper(),
        "requestId": hex_for(32, "request", job),
        "computeJobId": 8_000 + begun // DAY % 1_000,
        "properties": {
            "scheduleId": uuid_for(place.seed, "schedule"),
            "runId": uuid_for(place.seed, "schedule-run", begun),
        },
        "creationTime": begun * 1000,
        "updateTime": ended * 1000,
        "updateEpoch": ended,
        "metrics": _segment_metrics(place, begun, done, counted),
    }


def _segment_metrics(place: Sandbox, begun: int, done: bool, counted: bool) -> Json:
    times = {"startTimeInMs": begun * 1000}
    if not done:
        return {"totalTime": times, "profileSegmentationTime": times}
    ended = begun + SEGMENT_SECONDS
    times |= {"endTimeInMs": ended * 1000, "totalTimeInMs": SEGMENT_SECONDS * 1000}
    metrics: Json = {"totalTime": times, "profileSegmentationTime": times, "totalProfiles": 11_200_769}
    if counted:
        metrics["segmentedProfileCounter"] = {
            one.id: one.profiles(ended + EXPORT_SECONDS)
            for one in place.audiences.values()
            if one.size is not None and not one.external
        }
    return metrics


def export_jobs(place: Sandbox, now: float) -> list[Json]:
    """The snapshot exports, newest first; beside each a job of another schema, which v1 must not take.

    One of the quiet time is shown once it is over, so that no demo or test runs into it by the hour of day.
    """
    jobs: list[Json] = []
    quiet_until = (place.began + place.quiet) * 1000
    for begun in evaluations(now):
        after = begun + SEGMENT_SECONDS
        if now >= after + 60:
            jobs.append(_export(place, after + 60, now, "_xdm.context.account"))
        if now >= after:
            jobs.append(_export(place, after, now, PROFILE))
    return [job for job in jobs if job["status"] == "SUCCEEDED" or job["creationTime"] >= quiet_until]


def profile_exports(place: Sandbox, now: float) -> set[str]:
    """The ids v1 may name."""
    return {
        job["id"]
        for job in export_jobs(place, now)
        if job["schema"]["name"] == PROFILE and job["status"] == "SUCCEEDED"
    }


def _export(place: Sandbox, begun: int, now: float, schema: str) -> Json:
    job = uuid_for(place.seed, "export-job", begun, schema)
    done = now >= begun + EXPORT_SECONDS
    ended = begun + EXPORT_SECONDS if done else int(now)
    return {
        "id": job,
        "imsOrgId": place.org,
        "jobType": "BATCH",
        "status": "SUCCEEDED" if done else "PROCESSING",
        "schema": {"name": schema},
        "destination": {"datasetId": hex_for(24, "snapshot", place.seed), "segmentPerBatch": False},
        "requestId": hex_for(32, "request", job),
        "computeGatewayJobId": {"exportJob": uuid_for("gateway", job)},
        "metrics": {"totalTime": {"startTimeInMs": begun * 1000, "endTimeInMs": ended * 1000}},
        "creationTime": begun * 1000,
        "updateTime": ended * 1000,
    }
