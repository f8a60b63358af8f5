"""`manage.py demo_past`: what a demo needs to look lived in: a past, two sets with a schedule, and something going on.

The past is made as the product would have: presses of the marketer's at past moments, of runs that the simulator is
told to have had then. How each ended, and what is told of it, our own watch and notices read from the simulator.
Here, because it asks the whole house.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from activations import actions, schedules, sets, states
from activations.models import Activation, ActivationSet, Job, Schedule
from activations.moves import move
from activations.opening import default_name, deliver
from activations.places import judge
from activations.watch import watch
from audiences.models import Mapping, User, Workspace
from notices.outbox import collect

WHY = "Demo: this press and its runs were made up when the demo was started"
# Days and hours ago, how many audiences, and what it is called.
PRESSES = (
    (23.2, 4, "Autumn catalogue"),
    (20.9, 2, "Rainy weekend, rainwear"),
    (15.3, 1, ""),
    (13.7, 3, "Late checkout offer"),
    (9.4, 2, "Lost luggage apology"),
    (7.2, 5, "Loyalty double points"),
    (5.6, 1, ""),
    (2.3, 4, "Storm warning, coast"),
    (1.2, 3, "Winter boots are back"),
    (0.2, 5, "Weekend getaways"),
)
FLASH, WEEKS = "Friday flash sale", 3
# The runs end within 40 seconds; a watch that is late twice has seen all of them.
LOOKS = (timedelta(minutes=2), timedelta(minutes=6), timedelta(minutes=20))
FIRST, SIZE = 12, 6  # of the usable mappings, those of the flash sale
GOES_ON = timedelta(hours=3)
SECOND = timedelta(seconds=1)


class Command(BaseCommand):
    help = "Give the demo workspaces a past, sets, a schedule and something that is going on. Demo mode only, once."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Only in demo mode (DEMO=1): nothing is made up anywhere else.")
        workspace = Workspace.objects.get(slug="demo")
        if Activation.objects.filter(workspace=workspace).exists():
            return
        by, now = User.objects.get(username="marketer"), timezone.now()
        with httpx.Client(base_url=workspace.platform_url, trust_env=False, verify=False) as simulator:  # noqa: S501 plain HTTP
            flash = lived(simulator, workspace, by, now)
            going_on(simulator, workspace, by, now)
        resynced(Workspace.objects.get(slug="demo-segment"), by, now)
        schedules.save(flash, Schedule(kind="weekly", weekdays=[4], at=time(17), zone="Europe/Berlin"), by=by)


def lived(simulator: httpx.Client, workspace: Workspace, by: User, now: datetime) -> ActivationSet:
    """Make the past presses, oldest first, and the two sets; returns the one that goes again and again."""
    usable = with_verdict(workspace, "ready", now)
    flash = sets.save(usable[FIRST : FIRST + SIZE], name=FLASH, by=by)
    elsewhere = Mapping.objects.filter(workspace__slug="demo-segment", vanished_at=None).order_by("pk")[:2]
    sets.save([*usable[:4], *elsewhere], name="Storm warning, everywhere", by=by)
    presses, at = [(then, usable[FIRST : FIRST + SIZE], FLASH) for then in fridays(now)], 0
    for days, count, name in PRESSES:
        presses.append((now - timedelta(days=days), (usable * 2)[at % len(usable) :][:count], name))
        at += count
    for then, chosen, name in sorted(presses, key=lambda press: press[0]):
        pressed(simulator, workspace, chosen, by, then, name=name, of_set=flash if name == FLASH else None)
    return flash


def fridays(now: datetime) -> list[datetime]:
    """The last Fridays at 17:00 in Berlin."""
    local = now.astimezone(ZoneInfo("Europe/Berlin"))
    last = local.replace(hour=17, minute=0, second=0, microsecond=0) - timedelta(
        days=(local.weekday() - 4) % 7
    )
    if last > local - timedelta(hours=1):
        last -= timedelta(days=7)
    return [last - timedelta(days=7 * week) for week in range(WEEKS)]


def pressed(
    simulator: httpx.Client,
    workspace: Workspace,
    chosen: list[Mapping],
    by: User,
    then: datetime,
    *,
    name: str,
    of_set: ActivationSet | None,
) -> None:
    """One press at a past moment: the simulator has its runs, and we ask it what became of them."""
    chosen = could_go(workspace, chosen, then)
    if not chosen:
        return
    activation = Activation.objects.create(
        workspace=workspace, name=name or default_name(chosen), reason=WHY, requested_by=by, requested_at=then,
        press=f"demo:{then.timestamp():.0f}", of_set=of_set, set_version=of_set.version if of_set else None,
    )  # fmt: skip
    found = judge(workspace, chosen, now=then)
    going = deliver(activation, [(one, found[one.pk], None) for one in chosen], by, then)
    job = Job.objects.create(
        workspace=workspace, outcome=Job.Outcome.ACCEPTED, created_at=then + SECOND, platform_at=then + SECOND,
        lease_until=then + SECOND, answered_at=then + 2 * SECOND, size=len(going), status=200,
        request={"demo": WHY},
    )  # fmt: skip
    going = move(going, states.SENDING, what="sent", now=then + SECOND, job=job, job_id=job.pk)
    runs = {one.pk: {"run_id": run(simulator, one.mapping, at=then.timestamp() + 1)} for one in going}
    move(
        going, states.RUNNING, what="accepted", now=then + 2 * SECOND, job=job, each=runs,
        started_at=then + 2 * SECOND, next_check_at=then + 3 * SECOND, deadline=then + workspace.watch_limit,
    )  # fmt: skip
    for later in LOOKS:
        watch(workspace, now=then + later)
    collect(then + LOOKS[0])


def going_on(simulator: httpx.Client, workspace: Workspace, by: User, now: datetime) -> None:
    """Something running for hours, something armed, something blocked: pressed for real, and sent by the workers."""
    ready = with_verdict(workspace, "ready", now)[-3:]
    # Somebody started it at the platform; ours joins it, as it would any that is going on.
    run(simulator, ready[0], duration_s=GOES_ON.total_seconds(), by="Priya, on Adobe's own page")
    waiting = with_verdict(workspace, "waits", now)
    chosen = [*ready, *waiting[-2:], *with_verdict(workspace, "blocked", now)[:1]]
    actions.request(
        workspace,
        chosen,
        by=by,
        press="demo:now",
        name="Tonight's guests",
        reason="Demo: pressed when it was started",
    )


def resynced(segment: Workspace, by: User, now: datetime) -> None:
    """The other vendor's workspace has no past; two resyncs are pressed for real, one after the other."""
    actions.request(
        segment,
        with_verdict(segment, "ready", now)[:2],
        by=by,
        press="demo:segment",
        name="Guests, all of them again",
        reason="Demo: pressed when it was started",
    )


def could_go(workspace: Workspace, chosen: list[Mapping], then: datetime) -> list[Mapping]:
    """Those that would have gone at once: what was armed in the past would go now."""
    found = judge(workspace, chosen, now=then)
    return [mapping for mapping in chosen if found[mapping.pk].will_go == "ready"]


def with_verdict(workspace: Workspace, will_go: str, now: datetime) -> list[Mapping]:
    """The mappings of which preflight says so now, each of another audience, those that clear last at the end."""
    rows = Mapping.objects.filter(workspace=workspace, vanished_at=None, dataflow__vanished_at=None)
    listed = list(rows.select_related("workspace", "dataflow", "audience").order_by("pk"))
    found = judge(workspace, listed, now=now)
    fitting = [mapping for mapping in listed if found[mapping.pk].will_go == will_go]
    fitting.sort(key=lambda mapping: found[mapping.pk].clears_at or now)
    return list({mapping.audience_id: mapping for mapping in fitting}.values())


def run(simulator: httpx.Client, mapping: Mapping, **fields: Any) -> str:
    """Let the simulator have an ad-hoc run of this mapping; returns its id."""
    known = {
        "dataflow": mapping.dataflow.platform_id,
        "audience": mapping.audience.platform_id,
        "kind": "adhoc",
    }
    answer = simulator.post("/_sim/runs", json={**known, **fields})
    answer.raise_for_status()
    return str(answer.json()["run"])
