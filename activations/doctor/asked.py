"""What people asked the platform for besides sending, and nobody comes for: wishes, external audiences, chains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from activations.chain import LONGEST_STEP
from activations.doctor.deliveries import OVERDUE
from activations.doctor.finding import Finding
from activations.models import Chain
from activations.models.chains import EVALUATING, EXPORTING, GOING_ON, PRESSING
from audiences import speech
from audiences.models import ExternalOperation, Wish, Workspace
from audiences.wishes import states as wish_states
from audiences.wishes.jobs import OVER

S = ExternalOperation.State
TOLD_FOR = timedelta(days=3)
NAMED = 3
WISHES = "Run: celery --app config call audiences.tasks.wish_tick"
EXTERNAL = "Run: celery --app config call audiences.tasks.external_tick"
CHAINS = "Run: celery --app config call activations.tasks.chain_tick"
NO_TICK = "Beat does not tick, or no worker takes its tasks."


def wishes(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    late = now - OVERDUE
    here = Wish.objects.filter(workspace=workspace)
    overdue = Q(state__in=wish_states.WAITING) & (Q(next_at__lt=late) | Q(deadline__lt=late))
    dead = Q(state=wish_states.SENDING, lease_until__lt=late)
    yield from _finding(
        "wish_stuck",
        workspace,
        here.filter(overdue | dead),
        how="due and not taken up",
        why=NO_TICK,
        do=WISHES,
    )
    yield from _finding(
        "wish_unconfirmed", workspace, here.filter(state=wish_states.UNCONFIRMED, state_since__lt=late).exclude(overdue),
        how="whose outcome at the platform is unknown", why="Its answer was lost; the platform is asked before it goes again.",
        do="Nothing at first; it is given up by its deadline.", level="note",
    )  # fmt: skip
    yield from _finding(
        "wish_lost", workspace, here.filter(state=wish_states.LOST, state_since__gt=now - TOLD_FOR),
        how="given up, the outcome unknown", why="The platform could not be asked what became of it.",
        do="A person decides: press Refresh on the dataflow's page, look whether it is so, ask again if not.", level="note",
    )  # fmt: skip


def external_operations(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    late = now - OVERDUE
    here = ExternalOperation.objects.filter(workspace=workspace)
    unsent = Q(state=S.QUEUED, state_since__lt=late) & (Q(not_before=None) | Q(not_before__lt=late))
    dead = Q(state=S.SENDING, lease_until__lt=late)
    unasked = Q(state__in=(S.UNCONFIRMED, S.RUNNING), next_check_at__lt=late)
    yield from _finding(
        "external_stuck", workspace, here.filter(unsent | dead | unasked), how="due and not carried on with", why=NO_TICK, do=EXTERNAL
    )  # fmt: skip
    yield from _finding(
        "external_unconfirmed", workspace, here.filter(state=S.UNCONFIRMED, state_since__lt=late).exclude(unasked),
        how="whose outcome at the platform is unknown", why="Its answer was lost; it is looked up before it goes again.",
        do="Nothing at first; after its limit a person is asked.", level="note",
    )  # fmt: skip
    yield from _finding(
        "external_stopped", workspace, here.filter(state=S.STOPPED, state_since__gt=now - TOLD_FOR),
        how="no longer watched, the outcome unknown", why="The platform did not say in time what became of it.",
        do="A person decides: press “Check again” on the external audience's page.", level="note",
    )  # fmt: skip


def chains(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    """A step that is over, or has lasted too long, is taken within seconds."""
    late = now - OVERDUE
    open_ones = Chain.objects.filter(workspace=workspace, state__in=GOING_ON)
    stuck = open_ones.filter(
        Q(state=PRESSING, state_since__lt=late)
        | Q(state_since__lt=late - LONGEST_STEP)
        | (Q(state=EVALUATING) & _over("evaluation", late))
        | (Q(state=EXPORTING) & _over("export", late))
    )
    yield from _finding(
        "chain_stuck",
        workspace,
        stuck,
        how="whose step is over, and the next not begun",
        why=NO_TICK,
        do=CHAINS,
    )
    yield from _finding(
        "chain", workspace, open_ones.filter(state_since__lt=late).exclude(pk__in=stuck.values("pk")), how="going on",
        why="Its job at the platform takes its time.", do="Nothing: it goes on by itself, and stops after twelve hours.", level="note",
    )  # fmt: skip


def _over(step: str, late: datetime) -> Q:
    """The wish of a step needs a person, or its job has ended, since before `late`."""
    given_up = Q(**{f"{step}__state__in": wish_states.NEEDS_YOU, f"{step}__state_since__lt": late})
    return given_up | Q(**{f"{step}__job__status__in": OVER, f"{step}__job__completed_at__lt": late})


def _finding(
    code: str, workspace: Workspace, rows: QuerySet[Any], *, how: str, why: str, do: str, level: str = "act"
) -> Iterator[Finding]:
    """About some rows of a kind: how many, which, since when the first of them."""
    found = rows.order_by().aggregate(n=Count("pk"), since=Min("state_since"))
    if not found["n"]:
        return
    names = ", ".join(f"“{str(one).strip(': ')}”" for one in rows.order_by("pk")[:NAMED])
    more = " …" if found["n"] > NAMED else ""
    meta = rows.model._meta
    noun = meta.verbose_name if found["n"] == 1 else meta.verbose_name_plural
    what = f"{speech.number(found['n'])} {noun} {how}: {names}{more}."
    yield Finding(code, what, why, do, found["since"], workspace.slug, level)
