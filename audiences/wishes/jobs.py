"""Wishes about the platform's jobs: an evaluation, an export, and cancelling one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from audiences.models import PlatformJob, Wish
from audiences.sync import store_jobs
from audiences.wishes.doubt import not_while_it_may_appear
from audiences.wishes.outcomes import Already, Granted
from platforms import types
from platforms.adobe import AdobeClient
from platforms.errors import NotFound

What = Wish.What
KINDS = {What.EVALUATE.value: "segment", What.EXPORT.value: "export"}
WHATS = frozenset({*KINDS, What.CANCEL.value})
Note = Callable[[], object]
SKEW = timedelta(seconds=settings.CLOCK_SKEW)
NEWEST = 100


def perform(client: AdobeClient, wish: Wish, note: Note) -> Granted:
    """Ask for the job once. After a lost answer it is looked for among the newest before anything goes again.

    Raises Already, NotYet (nothing was sent then) or the PlatformError of a call.
    """
    if wish.what == What.CANCEL:
        return _cancel(client, wish, note)
    if wish.doubtful:
        _look(client, wish)
    audiences: list[str] = wish.wanted.get("audiences", [])
    if wish.what == What.EVALUATE:
        job = client.evaluate(audiences, last=note)
    else:
        job = client.export(str(wish.wanted.get("dataset", "")), audiences, last=note)
    return Granted(lambda _at: adopt(wish, job))


def _look(client: AdobeClient, wish: Wish) -> None:
    """Raises Already when the job is there, NotYet while it may still appear."""
    kind = KINDS[wish.what]
    jobs = client.segment_jobs(NEWEST) if kind == "segment" else client.export_jobs(NEWEST)
    taken = set(
        Wish.objects.filter(workspace=wish.workspace, job__kind=kind).values_list(
            "job__platform_id", flat=True
        )
    )
    sent_at = wish.sent_at or wish.asked_at
    found = [job for job in jobs if job.id not in taken and _is_it(wish, job, sent_at)]
    if found:
        adopt(wish, found[-1])
        raise Already
    not_while_it_may_appear(wish, client.platform_now())


def _is_it(wish: Wish, job: types.PlatformJob, sent_at: datetime) -> bool:
    """Made since the call, by nobody's schedule, about the same audiences and going to the same dataset."""
    if job.scheduled or job.created_at is None or job.created_at < sent_at - SKEW:
        return False
    same = set(job.segments) == set(wish.wanted.get("audiences") or ["*"])
    return same and (wish.what == What.EVALUATE or job.dataset == wish.wanted.get("dataset"))


def _cancel(client: AdobeClient, wish: Wish, note: Note) -> Granted:
    job = wish.job
    if job is None:
        raise ValueError(f"wish {wish.pk} is about no job")
    kind = "segment" if job.kind == "segment" else "export"
    now = client.job(kind, job.platform_id)  # type: ignore[arg-type]
    if now.status.is_over or (now.word or "").upper() == "CANCELLING":
        store_jobs(wish.workspace, [now])
        raise Already
    client.cancel_job(kind, job.platform_id, last=note)  # type: ignore[arg-type]
    return Granted()


def adopt(wish: Wish, job: types.PlatformJob) -> None:
    """This job came of this wish: made by a person, so never the scheduled snapshot."""
    store_jobs(wish.workspace, [job])
    row = PlatformJob.objects.filter(workspace=wish.workspace, kind=job.kind, platform_id=job.id)
    row.update(scheduled=False)
    wish.job = row.get()
    Wish.objects.filter(pk=wish.pk).update(job=wish.job)


OVER = ("succeeded", "failed", "canceled")
FOLLOWED_FOR = timedelta(days=2)


def follow(client: AdobeClient, jobs: list[PlatformJob]) -> None:
    """Read how these jobs of one workspace stand, by the newest of their kind, single ones besides."""
    for kind in ("segment", "export"):
        mine = {job.platform_id: job for job in jobs if job.kind == kind}
        if not mine:
            continue
        listed = client.segment_jobs(NEWEST) if kind == "segment" else client.export_jobs(NEWEST)
        found = {job.id: job for job in listed if job.id in mine}
        for key in mine.keys() - found.keys():
            try:
                found[key] = client.job(kind, key)
            except NotFound:
                # It cannot be told any more how it ended; nobody is to wait for it for ever.
                PlatformJob.objects.filter(pk=mine[key].pk).update(status="unknown", word="404")
        store_jobs(next(iter(mine.values())).workspace, found.values())
