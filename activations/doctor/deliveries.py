"""What is stuck in a workspace's ledger: deliveries, jobs and holds that wait, and those nobody came for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, QuerySet

from activations import pauses, states
from activations.doctor.finding import PAGES, SWEEP, WATCH, Finding
from activations.messages import explain
from activations.models import Delivery, Hold, Job
from activations.vendors import vendor_of
from audiences import speech
from audiences.models import Workspace

# The sweep comes every 15 s and the watch every 2 s: what is overdue by more than this, nobody came for.
OVERDUE = timedelta(seconds=60)
# An unknown outcome is looked into at once; one older than its grace and this is worth a look.
GRACE = timedelta(seconds=settings.RECONCILE_GRACE) + OVERDUE
NAMED = 5


def unconfirmed(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    rows = _in(workspace, states.UNCONFIRMED).filter(state_since__lt=now - GRACE)
    for reason, those in _by_reason(rows):
        yield _finding(
            "unconfirmed", workspace, those, how="whose outcome at the platform is unknown",
            why=_title(workspace, reason),
            do=f"Nothing at first: the runs are being looked through. Then look in {workspace.vendor}, and {PAGES}. {WATCH}",
        )  # fmt: skip


def dead_jobs(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    dead = Job.objects.filter(
        workspace=workspace, outcome=Job.Outcome.SENDING, lease_until__lt=now - OVERDUE / 2
    )
    for job in dead.order_by("pk"):
        yield Finding(
            "job_lease_ended", f"Job {job.pk} with {job.size} deliveries has lost its sender.",
            "The process that was sending it stopped, and no sweep has come by since.", SWEEP,
            job.lease_until, workspace.slug,
        )  # fmt: skip


def armed(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    rows = _in(workspace, states.ARMED)
    left = rows.filter(next_check_at__lt=now - OVERDUE)
    if left.exists():
        yield _finding(
            "armed_not_judged", workspace, left, how="armed, and not looked at when they were due",
            why="No sweep has come by: beat does not tick, or no worker takes its tasks.", do=SWEEP,
        )  # fmt: skip
    for reason, those in _by_reason(rows):
        ends = those.aggregate(first=Min("not_before"))["first"]
        until = f"The first may go {speech.moment(ends, now)}" if ends else "They go when that clears"
        yield _finding(
            "armed", workspace, those, how="armed", why=_title(workspace, reason), do=f"Nothing: they go by themselves. {until}.",
            level="note",
        )  # fmt: skip


def queued(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    """Queued ones by what keeps them; what nothing keeps should have left long ago."""
    rows = _in(workspace, states.QUEUED)
    standing = pauses.standing(workspace, now)
    kept = rows if standing.whole else rows.filter(dataflow__destination__in=standing.destinations)
    if standing.pauses and kept.exists():
        why = "; ".join(f"paused by {p.who or 'an administrator'}: {p.reason}" for p in standing.pauses)
        yield _finding(
            "queued_paused", workspace, kept, how="queued", why=why,
            do="Lift the pause in the administration, under Pauses, or wait for its end.", level="note",
        )  # fmt: skip
        rows = rows.exclude(pk__in=kept.values("pk"))
    if workspace.send_after is not None and workspace.send_after > now:
        if rows.exists():
            yield _finding(
                "queued_paced", workspace, rows, how="queued",
                why=f"The platform asked to slow down; no job leaves before {speech.moment(workspace.send_after, now)}.",
                do="Nothing: they go by themselves.", level="note",
            )  # fmt: skip
        return
    yield from _held(workspace, rows)
    yield from _left_lying(workspace, rows, now)


def _held(workspace: Workspace, rows: QuerySet[Delivery]) -> Iterator[Finding]:
    held = rows.exclude(pk__in=vendor_of(workspace).unheld(workspace, rows).order_by().values("pk"))
    if held.exists():
        keys = {*held.values_list("audience__platform_id", flat=True), Hold.WHOLE_WORKSPACE}
        holds = Hold.objects.filter(workspace=workspace, key__in=keys)
        jobs = sorted(set(holds.filter(job__isnull=False).values_list("job", flat=True)))
        named = ", ".join(map(str, jobs[:NAMED]))
        why = f"Their audiences are on their way in job {named}; Adobe allows one job per audience at a time."
        if workspace.is_segment and not jobs:
            why = "An activation is being added with a full resync; Segment allows one at a time in a workspace."
        elif workspace.is_segment:
            why = f"The resync of job {named} is going on; Segment allows one at a time in a workspace."
        yield _finding(
            "queued_held", workspace, held, how="queued", why=why,
            do="Nothing: they go when those runs are over.", level="note",
        )  # fmt: skip


def _left_lying(workspace: Workspace, rows: QuerySet[Delivery], now: datetime) -> Iterator[Finding]:
    free = vendor_of(workspace).unheld(workspace, rows)
    late = free.filter(state_since__lt=now - OVERDUE).exclude(not_before__gt=now - OVERDUE)
    if late.exists():
        yield _finding(
            "queued_stuck", workspace, late, how="queued, and do not leave though nothing keeps them",
            why="No worker takes the task: the broker is lost, no worker runs, or beat does not tick.",
            do="Run: celery --app config call activations.tasks.dispatch "
            f"--args='[{workspace.pk}]' and see the worker's log",
        )  # fmt: skip


def late(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    over = _in(workspace, *states.UNSENT, states.UNCONFIRMED, states.RUNNING).filter(
        deadline__lt=now - OVERDUE
    )
    if over.exists():
        yield _finding(
            "past_deadline", workspace, over, how="past their deadline and not over",
            why="The sweep and the watch should have ended them: they do not run.", do=f"{SWEEP} and: {WATCH[5:]}",
        )  # fmt: skip


def unasked(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    rows = _in(workspace, states.RUNNING, states.UNCONFIRMED).filter(next_check_at__lt=now - OVERDUE)
    if rows.exists():
        yield _finding(
            "not_asked_about", workspace, rows, how="at the platform, and not asked about when they were due",
            why="The watch does not run: beat does not tick, or every worker is busy or gone.", do=WATCH,
        )  # fmt: skip


def orphans(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    mine = Delivery.objects.filter(job=OuterRef("job"), state__in=states.AT_PLATFORM)
    old = Hold.objects.filter(workspace=workspace, job__created_at__lt=now - OVERDUE)
    rows = old.exclude(Exists(mine.filter(audience__platform_id=OuterRef("key")))).exclude(
        Exists(mine), key=Hold.WHOLE_WORKSPACE
    )
    found = rows.aggregate(n=Count("pk"), since=Min("job__created_at"))
    if found["n"]:
        yield Finding(
            "orphan_hold", f"{found['n']} holds keep audiences that nothing is sending.",
            "A worker died between two commits, and no sweep has come by since.", SWEEP,
            found["since"], workspace.slug,
        )  # fmt: skip


def stopped(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    rows = _in(workspace, states.STOPPED).filter(superseded=False, state_since__gt=now - timedelta(days=3))
    for reason, those in _by_reason(rows):
        yield _finding(
            "stopped_watching", workspace, those, how="no longer watched, their outcome unknown",
            why=_title(workspace, reason), do=f"A person decides: look in {workspace.vendor}, and {PAGES}.", level="note",
        )  # fmt: skip


def _in(workspace: Workspace, *wanted: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(workspace=workspace, state__in=wanted)


def _by_reason(rows: QuerySet[Delivery]) -> Iterator[tuple[str, QuerySet[Delivery]]]:
    for reason in sorted(set(rows.order_by().values_list("reason", flat=True))):
        yield reason, rows.filter(reason=reason)


def _title(workspace: Workspace, reason: str) -> str:
    return (
        f"{explain(reason, vendor=workspace.platform).message.title}." if reason else "No reason was noted."
    )


def _finding(
    code: str,
    workspace: Workspace,
    rows: QuerySet[Delivery],
    *,
    how: str,
    why: str,
    do: str,
    level: str = "act",
) -> Finding:
    """About some deliveries: how many, of which activations, since when the first of them."""
    found = rows.order_by().aggregate(n=Count("pk"), since=Min("state_since"))
    pks = list(rows.order_by("activation").values_list("activation", flat=True).distinct()[: NAMED + 1])
    of = ", ".join(map(str, pks[:NAMED])) + (" …" if len(pks) > NAMED else "")
    deliveries = "1 delivery is" if found["n"] == 1 else f"{found['n']} deliveries are"
    noun = "activation" if len(pks) == 1 else "activations"
    return Finding(code, f"{deliveries} {how} ({noun} {of}).", why, do, found["since"], workspace.slug, level)
