"""The segmentation service: evaluation jobs, snapshot exports and the daily schedule."""

from simulator.daily import evaluations, export_jobs, segment_job
from simulator.ids import uuid_for
from simulator.madejobs import cancel, made
from simulator.ups import sandbox_part
from simulator.upsquery import MAX_LIMIT, bad_value, only, sorting, ups_refusal, whole
from simulator.wire import Answer, Ask, Json, answer
from simulator.world import World

STATUSES = frozenset({"NEW", "QUEUED", "PROCESSING", "CANCELLING", "CANCELLED", "FAILED", "SUCCEEDED"})


def segment_jobs(world: World, ask: Ask) -> Answer:
    """GET /segment/jobs. Only the newest finished job carries its counts here: they are large."""
    only(ask, "start", "limit", "status", "sort", "property", "snapshot.name")
    start, limit = whole(ask, "start", 0, 0, 10**9), whole(ask, "limit", 20, 1, MAX_LIMIT)
    _, descending = sorting(ask, frozenset({"creationTime", "updateTime"}), "creationTime:desc")
    status = ask.first("status")
    if status is not None and status not in STATUSES:
        raise bad_value(ask, "The query parameter status is not valid.")
    place, now = ask.sandbox, world.now()
    begun = evaluations(now)
    jobs = [segment_job(place, moment, now, counted=False) for moment in begun]
    jobs = sorted([*jobs, *made(place, "segment", now)], key=_created, reverse=True)
    if status:
        jobs = [job for job in jobs if job["status"] == status]
    if not descending:
        jobs.reverse()
    shown = jobs[start : start + limit]
    newest = next((moment for moment in begun if moment + 480 <= now), None)
    shown = [
        _counted(world, ask, job)
        if job["creationTime"] == (newest or 0) * 1000 and job["source"] == "scheduler"
        else job
        for job in shown
    ]
    links: Json = {"next": {}}
    page: Json = {"totalCount": len(jobs), "pageSize": len(shown)}
    if start + limit < len(jobs):
        page["next"] = start + limit
        links["next"] = {"href": f"@/segment/jobs?start={start + limit}&limit={limit}"}
    return answer({"_page": page, "children": shown, "_links": links})


def _counted(world: World, ask: Ask, job: Json) -> Json:
    return segment_job(ask.sandbox, job["creationTime"] // 1000, world.now(), counted=True)


def one_segment_job(world: World, ask: Ask) -> Answer:
    """GET /segment/jobs/{id}, with its counts."""
    for moment in evaluations(world.now()):
        job = segment_job(ask.sandbox, moment, world.now(), counted=False)
        if job["id"] == ask.parts[0]:
            return answer(_counted(world, ask, job))
    for job in made(ask.sandbox, "segment", world.now()):
        if job["id"] == ask.parts[0]:
            return answer(job)
    raise ups_refusal(ask, 404, "UPAPI-113000-404", f"The entity {ask.parts[0]} is not found.")


def exports(world: World, ask: Ask) -> Answer:
    """GET /export/jobs: the offset is a cursor in text, not a number."""
    only(ask, "limit", "offset", "status")
    limit, status = whole(ask, "limit", 10, 1, MAX_LIMIT), ask.first("status")
    if status is not None and status not in ("NEW", "SUCCEEDED", "FAILED"):
        raise bad_value(ask, "The query parameter status must be NEW, SUCCEEDED or FAILED.")
    jobs = [job for job in _exports(world, ask) if status in (None, job["status"])]
    offset = ask.first("offset")
    start = _start(ask, jobs, offset) if offset else 0
    shown = jobs[start : start + limit]
    page: Json = {"sortField": "createdTime", "sort": "desc", "pageSize": limit}
    page["pageOffset"] = _cursor(shown[0]) if shown else ""
    link = ""
    if start + limit < len(jobs):
        link = f"/export/jobs?limit={limit}&offset={_cursor(jobs[start + limit])}"
        link += f"&status={status}" if status else ""
    return answer({"records": shown, "page": page, "link": {"next": link}})


def one_export(world: World, ask: Ask) -> Answer:
    """GET /export/jobs/{id}."""
    for job in _exports(world, ask):
        if job["id"] == ask.parts[0]:
            return answer(job)
    raise ups_refusal(ask, 404, "UPAPI-113000-404", f"The entity {ask.parts[0]} is not found.")


def cancel_segment_job(world: World, ask: Ask) -> Answer:
    """DELETE /segment/jobs/{id}."""
    return cancel(world, ask, "segment")


def cancel_export(world: World, ask: Ask) -> Answer:
    """DELETE /export/jobs/{id}."""
    return cancel(world, ask, "export")


def _exports(world: World, ask: Ask) -> list[Json]:
    now = world.now()
    jobs = [*export_jobs(ask.sandbox, now), *made(ask.sandbox, "export", now)]
    return sorted(jobs, key=_created, reverse=True)


def _created(job: Json) -> int:
    return int(job["creationTime"])


def _cursor(job: Json) -> str:
    return f"{job['creationTime']}_{job['id'][:8]}"


def _start(ask: Ask, jobs: list[Json], offset: str) -> int:
    for index, job in enumerate(jobs):
        if _cursor(job) == offset:
            return index
    raise bad_value(ask, "The query parameter offset is not a known cursor.")


def schedules(world: World, ask: Ask) -> Answer:
    """GET /config/schedules: one daily evaluation of everything."""
    only(ask, "start", "limit")
    begun = int(world.began) - 400 * 86_400
    child = {
        "id": uuid_for(ask.sandbox.seed, "schedule"),
        "imsOrgId": ask.sandbox.org,
        "sandbox": sandbox_part(ask.sandbox),
        "name": "Daily evaluation",
        "state": "active",
        "type": "batch_segmentation",
        "schedule": "0 0 6 * * ?",
        "properties": {"segments": ["*"]},
        "createEpoch": begun,
        "updateEpoch": begun,
    }
    start = whole(ask, "start", 0, 0, 10**9)
    shown = [child][start:]
    return answer({"_page": {"totalCount": 1, "pageSize": len(shown)}, "children": shown})
