"""Segment jobs, export jobs and schedules: how fresh the snapshot is, and how another one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote, unquote

from platforms.adobe.gateway import SEGMENTATION, Gateway, having
from platforms.adobe.statuses import job_status
from platforms.adobe.writes import granted
from platforms.decoding import Record, dig, first, record, records, text, whole
from platforms.errors import AnswerUnreadable, NotFound
from platforms.times import EPOCH, moment
from platforms.types import EvaluationSchedule, JobStatus, PlatformJob, RunIssue

SEGMENT_JOBS = f"{SEGMENTATION}/segment/jobs"
EXPORT_JOBS = f"{SEGMENTATION}/export/jobs"
SCHEDULES = f"{SEGMENTATION}/config/schedules"

Kind = Literal["segment", "export"]
Last = Callable[[], object]
PATHS: dict[Kind, str] = {"segment": SEGMENT_JOBS, "export": EXPORT_JOBS}
EVERYTHING = "*"
# More than this many definitions are asked for with a star (SJ-DOC).
SEGMENTS_AT_MOST = 1_500

PROFILE_SCHEMA = "_xdm.context.profile"
JOBS_PER_PAGE = 100
PAGES_AT_MOST = 10


class Segmentation:
    """Reads jobs and schedules of one sandbox."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def segment_jobs(self, limit: int) -> tuple[PlatformJob, ...]:
        """The newest evaluation jobs, newest first."""
        params = [("limit", str(min(limit, JOBS_PER_PAGE))), ("sort", "creationTime:desc")]
        answer = self._gateway.get(SEGMENT_JOBS, params, sound=having("children"))
        return _newest_first(_jobs(records(answer["children"]), "segment"))[:limit]

    def export_jobs(self, limit: int) -> tuple[PlatformJob, ...]:
        """The newest snapshot jobs, newest first."""
        found: list[PlatformJob] = []
        for page in self._export_pages(limit):
            found += page
            if len(found) >= limit:
                break
        return _newest_first(found)[:limit]

    def job(self, kind: Kind, key: str) -> PlatformJob:
        """One job, read now. Raises NotFound."""
        said = self._gateway.get(f"{PATHS[kind]}/{quote(key, safe='')}", sound=having("id"))
        return self._made(said, kind)

    def evaluate(self, audiences: Sequence[str], *, last: Last | None = None) -> PlatformJob:
        """Ask for an evaluation of these audiences, all of them when there are none or too many; sent once."""
        every = not audiences or len(audiences) > SEGMENTS_AT_MOST
        body = [{"segmentId": one} for one in ([EVERYTHING] if every else audiences)]
        answer = self._gateway.write_once("POST", SEGMENT_JOBS, body, last=last)
        return self._made(granted(answer, self._gateway.secrets), "segment")

    def export(self, dataset: str, audiences: Sequence[str] = (), *, last: Last | None = None) -> PlatformJob:
        """Ask for an export of profiles to a dataset, everybody when no audience is named; sent once."""
        body: Record = {"destination": {"datasetId": dataset}, "schema": {"name": PROFILE_SCHEMA}}
        if audiences:
            body["filter"] = {"segments": [{"segmentId": one} for one in audiences]}
        answer = self._gateway.write_once("POST", EXPORT_JOBS, body, last=last)
        return self._made(granted(answer, self._gateway.secrets), "export")

    def cancel(self, kind: Kind, key: str, *, last: Last | None = None) -> None:
        """Mark a job for cancelling; sent once."""
        path = f"{PATHS[kind]}/{quote(key, safe='')}"
        granted(self._gateway.write_once("DELETE", path, last=last), self._gateway.secrets)

    def _made(self, said: Record, kind: Kind) -> PlatformJob:
        job = _job(said, kind)
        if job is None:
            raise AnswerUnreadable("Adobe's answer names no job.", verbatim=str(said)[:200])
        return job

    def latest_export_id(self) -> str:
        """The newest export job of the profile schema that succeeded: what v1 sends (AH-DOC, §7.7).

        Raises NotFound when the newest pages hold none.
        """
        for page in self._export_pages(JOBS_PER_PAGE):
            for job in _newest_first(page):
                if job.schema == PROFILE_SCHEMA and job.status is JobStatus.SUCCEEDED:
                    return job.id
        raise NotFound("No profile export of this sandbox has succeeded yet; v1 cannot be used.")

    def schedules(self) -> tuple[EvaluationSchedule, ...]:
        """When audiences are evaluated. An older tenant may also have an export schedule (§7.6)."""
        answer = self._gateway.get(SCHEDULES, [("limit", "100")], sound=having("children"))
        read = map(_schedule, records(answer["children"]))
        return tuple(schedule for schedule in read if schedule is not None)

    def _export_pages(self, limit: int) -> Iterator[list[PlatformJob]]:
        """Pages by the string cursor in `link.next`; an empty link is the end (contract §7.7)."""
        size = ("limit", str(min(limit, JOBS_PER_PAGE)))
        offset: str | None = None
        for _ in range(PAGES_AT_MOST):
            params = [size, ("offset", offset)] if offset else [size]
            answer = self._gateway.get(EXPORT_JOBS, params, sound=having("records"))
            yield _jobs(records(answer["records"]), "export")
            offset, before = _offset(answer), offset
            if offset is None or offset == before:
                return


def _offset(answer: Record) -> str | None:
    following = first(dig(answer, "link", "next"), dig(answer, "_links", "next", "href"))
    for part in (text(following) or "").partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name == "offset" and value:
            return unquote(value)
    return None


def _newest_first(jobs: list[PlatformJob]) -> tuple[PlatformJob, ...]:
    def age(job: PlatformJob) -> datetime:
        return job.created_at or EPOCH

    return tuple(sorted(jobs, key=age, reverse=True))


def _jobs(items: list[Record], kind: Kind) -> list[PlatformJob]:
    return [job for item in items if (job := _job(item, kind)) is not None]


def _job(item: Record, kind: Kind) -> PlatformJob | None:
    key = text(item.get("id"))
    if key is None:
        return None
    word = text(item.get("status"))
    return PlatformJob(
        id=key,
        kind=kind,
        status=job_status(word),
        word=word,
        schema=text(dig(item, "schema", "name")),
        scheduled=_scheduled(item),
        created_at=moment(item.get("creationTime")) or moment(item.get("createEpoch")),
        updated_at=moment(item.get("updateTime")) or moment(item.get("updateEpoch")),
        completed_at=moment(dig(item, "metrics", "totalTime", "endTimeInMs")),
        errors=tuple(_issue(error) for error in records(item.get("errors"))),
        segments=_segments(item, kind),
        dataset=text(dig(item, "destination", "datasetId")),
    )


def _segments(item: Record, kind: Kind) -> tuple[str, ...]:
    """An export without a filter is about everybody (SEG-SPEC)."""
    listed = records(item.get("segments") if kind == "segment" else dig(item, "filter", "segments"))
    found = tuple(key for one in listed if (key := text(one.get("segmentId"))))
    return found or ((EVERYTHING,) if kind == "export" else ())


def _scheduled(item: Record) -> bool | None:
    """Whether the platform's own schedule started it; export jobs do not say (contract §7.5)."""
    if text(dig(item, "properties", "scheduleId")):
        return True
    source = (text(item.get("source")) or "").casefold()
    return {"scheduler": True, "api": False}.get(source)


def _issue(error: Record) -> RunIssue:
    message = first(text(error.get("msg")), text(error.get("message")), "")
    return RunIssue("error", text(error.get("code")) or "", message, whole(error.get("count")))


def _schedule(item: Record) -> EvaluationSchedule | None:
    key = text(item.get("id"))
    if key is None:
        return None
    return EvaluationSchedule(
        id=key,
        name=text(item.get("name")) or key,
        kind=text(item.get("type")) or "",
        cron=text(record(item).get("schedule")) or "",
        active=(text(item.get("state")) or "").casefold() == "active",
    )
