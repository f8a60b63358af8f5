"""How an external audience stands, computed from its operations and the platform's evaluations, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences import speech
from audiences.evaluation import next_evaluation
from audiences.models import ExternalAudience, ExternalOperation, PlatformJob, Workspace
from audiences.shown import Shown, table
from platforms.types import JobStatus

K, S = ExternalOperation.Kind, ExternalOperation.State

NEAR = timedelta(days=7)
# A moment that nobody has seen the end of is said to be about six in the morning: the platform's default.
ABOUT = gettext_lazy("about 06:00 UTC")

OPERATION = table(
    Shown(S.QUEUED, gettext_lazy("Queued"), "moving", "ellipsis"),
    Shown(S.SENDING, gettext_lazy("Sending"), "moving", "send"),
    Shown(S.UNCONFIRMED, gettext_lazy("Unconfirmed"), "moving", "circle-question-mark"),
    Shown(S.RUNNING, gettext_lazy("Running"), "moving", "loader-circle"),
    Shown(S.SUCCEEDED, gettext_lazy("Done"), "done", "check"),
    Shown(S.FAILED, gettext_lazy("Failed"), "act", "x"),
    Shown(S.REFUSED, gettext_lazy("Refused"), "act", "octagon-x"),
    Shown(S.CANCELED, gettext_lazy("Never sent"), "idle", "slash"),
    Shown(S.STOPPED, gettext_lazy("Stopped watching"), "look", "circle-question-mark"),
)
STAGE = {
    JobStatus.SUCCEEDED.value: OPERATION[S.SUCCEEDED],
    JobStatus.FAILED.value: OPERATION[S.FAILED],
}
STAGES: dict[str, str | Promise] = {
    "DATASET_INGEST": gettext_lazy("Into the data set"),
    "PROFILE_STORE_INGEST": gettext_lazy("Into the profile store"),
}
WAITING = Shown("waiting", gettext_lazy("Not yet"), "idle", "clock")
DELETED = Shown("deleted", gettext_lazy("Deleted"), "idle", "trash-2")
CREATING = Shown("creating", gettext_lazy("Being created"), "moving", "loader-circle")
DOUBT = Shown("doubt", gettext_lazy("Unconfirmed"), "moving", "circle-question-mark")
NOT_MADE = Shown("not_made", gettext_lazy("Not created"), "act", "octagon-x")
UNKNOWN = Shown("unknown", gettext_lazy("Stopped watching"), "look", "circle-question-mark")
DELETING = Shown("deleting", gettext_lazy("Being deleted"), "moving", "trash-2")
EMPTY = Shown("empty", gettext_lazy("Created, empty"), "look", "triangle-alert")
INGESTING = Shown("ingesting", gettext_lazy("Ingesting"), "moving", "loader-circle")
BROKEN = Shown("broken", gettext_lazy("Ingestion failed"), "act", "x")
EVALUATING = Shown("evaluating", gettext_lazy("Waits for the daily segmentation"), "moving", "clock")
USABLE = Shown("usable", gettext_lazy("Usable"), "done", "check")
LAPSING = Shown("lapsing", gettext_lazy("Usable, lapses soon"), "look", "triangle-alert")
LAPSED = Shown("lapsed", gettext_lazy("Data lapsed"), "act", "hourglass")


@dataclass(frozen=True, slots=True)
class Standing:
    """One state, the sentence that says it, and when it can be used: `usable_at` expected, `usable_since` seen."""

    shown: Shown
    sentence: str
    usable_at: datetime | None = None
    usable_since: datetime | None = None
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to an audience that can be used."""

    title: str | Promise
    shown: Shown
    note: str = ""
    at: datetime | None = None


def evaluations(workspace: Workspace) -> list[PlatformJob]:
    """The daily evaluations that succeeded, oldest first."""
    jobs = PlatformJob.objects.filter(workspace=workspace, kind="segment", status=JobStatus.SUCCEEDED.value)
    return list(jobs.filter(created_at__isnull=False).order_by("created_at"))


def evaluated(external: ExternalAudience, jobs: Iterable[PlatformJob]) -> PlatformJob | None:
    """The first evaluation that began after the last good ingestion was over: it is the one that counts it."""
    since = external.ingested_at
    if since is None:
        return None
    return next((job for job in jobs if job.created_at is not None and job.created_at >= since), None)


def stand(
    external: ExternalAudience,
    operations: Sequence[ExternalOperation],
    jobs: Iterable[PlatformJob],
    now: datetime,
) -> Standing:
    """How it stands; `operations` are its own, newest first."""
    newest = newest_of(operations)
    if external.deleted_at is not None:
        return Standing(DELETED, _("It is no longer at Adobe."))
    created = newest.get(K.CREATE)
    if external.external_id is None and created is not None:
        return _creation(created)
    deleting = newest.get(K.DELETE)
    if deleting is not None and deleting.is_open:
        return Standing(DELETING, _("The deletion is on its way."), moving=True)
    ingestion = newest.get(K.INGEST)
    if ingestion is not None and ingestion.is_open:
        return Standing(INGESTING, _("Adobe is bringing the data in."), moving=True)
    return _data(external, ingestion, evaluated(external, jobs), now)


def newest_of(operations: Iterable[ExternalOperation]) -> dict[str, ExternalOperation]:
    """The newest operation of each kind."""
    found: dict[str, ExternalOperation] = {}
    for operation in operations:
        found.setdefault(operation.kind, operation)
    return found


def _creation(created: ExternalOperation) -> Standing:
    if created.state == S.UNCONFIRMED:
        return Standing(
            DOUBT, _("We are checking whether Adobe took it; nothing is sent twice."), moving=True
        )
    if created.is_open:
        return Standing(CREATING, _("Adobe is asked to create it; that takes some seconds."), moving=True)
    if created.state == S.STOPPED:
        return Standing(UNKNOWN, _("Whether Adobe created it is unknown. Ask again with “Check again”."))
    return Standing(NOT_MADE, _("Adobe has not created it."))


def _data(
    external: ExternalAudience, ingestion: ExternalOperation | None, job: PlatformJob | None, now: datetime
) -> Standing:
    failed = ingestion is not None and ingestion.state in (S.FAILED, S.REFUSED)
    if external.ingested_at is None:
        if failed:
            return Standing(BROKEN, _("The last ingestion brought nothing in."))
        return Standing(EMPTY, _("It has no people yet: start an ingestion."))
    if external.expires_at is not None and external.expires_at <= now:
        return Standing(LAPSED, _("Its data has lapsed, as far as we can reckon: ingest it again."))
    if job is None:
        return Standing(EVALUATING, when(external), usable_at=expected(external), moving=True)
    since = job.completed_at or job.updated_at
    if lapses_soon(external, now):
        left = speech.span((external.expires_at or now) - now)
        sentence = _("Its data lapses in %(left)s: extend it or ingest it again.") % {"left": left}
        return Standing(LAPSING, sentence, usable_since=since)
    sentence = _("Dataflows can send it.")
    if failed:
        sentence = _("Dataflows can send what was ingested before; the last ingestion failed.")
    return Standing(USABLE, sentence, usable_since=since)


def lapses_soon(external: ExternalAudience, now: datetime) -> bool:
    """Within a week, or within the last third of a short life."""
    near = min(NEAR, timedelta(days=external.ttl_days) / 3)
    return external.expires_at is not None and external.expires_at - now <= near


def expected(external: ExternalAudience) -> datetime | None:
    """When the next daily segmentation after the last good ingestion begins; None when its schedule is unknown."""
    since = external.ingested_at
    return next_evaluation(external.workspace, since) if since is not None else None


def when(external: ExternalAudience) -> str:
    """When it can be used, in words."""
    at = expected(external)
    if at is None:
        return _("Usable after the next daily segmentation, %(about)s.") % {"about": ABOUT}
    return _("Usable after the next daily segmentation, %(about)s (%(day)s).") % {
        "about": _("about %(time)s UTC") % {"time": f"{at:%H:%M}"},
        "day": f"{at:%Y-%m-%d}",
    }


def steps(
    external: ExternalAudience, operations: Sequence[ExternalOperation], jobs: Iterable[PlatformJob]
) -> list[Step]:
    """Creation, the stages of the newest ingestion, and the evaluation that makes it usable."""
    newest = newest_of(operations)
    created, ingestion = newest.get(K.CREATE), newest.get(K.INGEST)
    found = [_step(_("Created at Adobe"), created)]
    stages = {str(one.get("name")): one for one in ingestion.stages} if ingestion is not None else {}
    names = [*STAGES, *(name for name in stages if name not in STAGES)]
    found += [_stage(name, stages.get(name), ingestion) for name in names]
    job = evaluated(external, jobs)
    ingesting = ingestion is not None and ingestion.is_open
    if job is not None and not ingesting:
        found.append(
            Step(_("Counted by the daily segmentation"), OPERATION[S.SUCCEEDED], at=job.completed_at)
        )
    else:
        note = when(external) if external.ingested_at is not None and not ingesting else ""
        found.append(Step(_("Counted by the daily segmentation"), WAITING, note))
    return found


def _step(title: str, operation: ExternalOperation | None) -> Step:
    if operation is None:
        return Step(title, WAITING)
    word = _("Adobe: %(word)s") % {"word": operation.word} if operation.word else ""
    return Step(title, OPERATION[operation.state], word, operation.finished_at)


def _stage(name: str, stage: dict[str, str] | None, ingestion: ExternalOperation | None) -> Step:
    title = STAGES.get(name, name)
    if stage is not None:
        word = _("Adobe: %(word)s") % {"word": stage["word"]} if stage.get("word") else ""
        shown = STAGE.get(stage["status"], OPERATION[S.RUNNING])
        return Step(title, shown, word)
    if ingestion is not None and ingestion.is_open and name == next(iter(STAGES)):
        return Step(title, OPERATION[ingestion.state])
    if ingestion is not None and ingestion.state in (S.REFUSED, S.STOPPED, S.CANCELED):
        return Step(title, OPERATION[ingestion.state])
    return Step(title, WAITING)
