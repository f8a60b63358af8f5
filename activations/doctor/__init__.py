"""What is stuck, since when, why, and what to run. Read from the tables, the settings and one cheap question to
each platform; nothing is mended here.

A check gives the findings about one workspace; adding one is adding a function to `CHECKS`, and its test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from activations.doctor import asked, deliveries, installation, platforms
from activations.doctor.finding import Finding
from activations.doctor.schedules import schedules
from audiences import clock
from audiences.models import Workspace

__all__ = ["Finding", "examine", "installation"]

Check = Callable[[Workspace, datetime], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    deliveries.dead_jobs,
    deliveries.unconfirmed,
    deliveries.late,
    deliveries.unasked,
    deliveries.queued,
    deliveries.armed,
    deliveries.stopped,
    deliveries.orphans,
    asked.wishes,
    asked.external_operations,
    asked.chains,
    platforms.mirror,
    lambda workspace, _now: installation.stand_ins(workspace),
)


def examine(
    workspaces: Iterable[Workspace], *, ask: bool = True, now: datetime | None = None
) -> list[Finding]:
    """Every finding about these workspaces, trouble first. `ask`: also put a question to their platforms."""
    now, workspaces = now or clock.now(), list(workspaces)
    checks = [*CHECKS, platforms.connection] if ask else CHECKS
    found = [finding for workspace in workspaces for check in checks for finding in check(workspace, now)]
    found += schedules(workspaces, now)
    return sorted(found, key=lambda finding: finding.level != "act")
