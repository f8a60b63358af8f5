"""The platform's daily evaluation of audiences: when the next one comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audiences.models import Workspace


def next_evaluation(workspace: Workspace, now: datetime) -> datetime | None:
    """The next daily evaluation from the platform's schedule (Quartz, UTC); None when it is not a daily one."""
    fields = workspace.evaluation_cron.split()
    if len(fields) < 6 or not (fields[1].isdigit() and fields[2].isdigit()):
        return None
    if fields[3] not in ("*", "?", "1/1") or fields[5] not in ("*", "?"):
        return None
    minute, hour = int(fields[1]), int(fields[2])
    if minute > 59 or hour > 23:
        return None
    today = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
