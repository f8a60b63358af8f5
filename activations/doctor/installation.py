"""What is wrong with the installation itself: parts that do not answer, and settings that do not belong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from activations.doctor.finding import Finding
from audiences.models import Workspace
from audiences.models.workspaces import LOOPBACK

DO: Mapping[str, tuple[str, str]] = {
    "database": (
        "Nothing can be stored or read; what the platform has taken goes on there.",
        "Check DATABASE_URL and the server, then run: python manage.py doctor",
    ),
    "broker": (
        "Nothing is prompt: no task reaches a worker. Nothing is lost, the table is the queue.",
        "Check REDIS_URL (or BROKER_URL) and the server, then run: python manage.py doctor",
    ),
    "beat": (
        "Nothing is watched, swept or mirrored by itself.",
        "Run: celery --app config beat (or restart python manage.py up)",
    ),
    "worker": (
        "Tasks pile up: nothing is sent and nothing is watched.",
        "Run: celery --app config worker (or restart python manage.py up)",
    ),
}


def parts(answers: Iterable[tuple[str, bool, str]]) -> Iterator[Finding]:
    """Parts of the stack that failed, from (name, is it well, what it says)."""
    for name, ok, says in answers:
        if not ok:
            why, do = DO.get(name, ("It does not do its part.", "Look at /readyz."))
            yield Finding(f"{name}_down", says, why, do)


def unmigrated() -> Iterator[Finding]:
    """Tables that are older than the code."""
    executor = MigrationExecutor(connection)
    todo = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if todo:
        named = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in todo[:3])
        yield Finding(
            "not_migrated", f"The database lacks {len(todo)} migrations ({named}{' …' * (len(todo) > 3)}).",
            "The code is newer than the tables, so nothing works.", "Run: python manage.py migrate",
        )  # fmt: skip


def settings_that_do_not_belong() -> Iterator[Finding]:
    public = sorted(set(settings.ALLOWED_HOSTS) - LOOPBACK - {"[::1]", "testserver"})
    if settings.DEMO and (settings.SECURE or public):
        named = f" ({', '.join(public)})" if public else ""
        yield Finding(
            "demo_in_production", "Demo mode is on in an installation that others can reach.",
            f"DEMO=1 beside SECURE=1 or public host names{named}: demo logins and platforms on this machine are allowed.",
            "Set DEMO=0, restart, and run: python manage.py changepassword admin",
        )  # fmt: skip
    if settings.DEBUG and (settings.SECURE or public):
        yield Finding(
            "debug_in_production", "Debug pages are on in an installation that others can reach.",
            "DEBUG=1 shows settings and stack traces to whoever causes an error.", "Set DEBUG=0 and restart.",
        )  # fmt: skip


def stand_ins(workspace: Workspace) -> Iterator[Finding]:
    if workspace.production and workspace.is_stand_in:
        yield Finding(
            "stand_in_in_production", "The workspace is marked as production but talks to a stand-in.",
            "Its platform's address is on this machine, so nothing that is sent arrives anywhere.",
            "Enter the real addresses on the workspace's page in the administration.", None, workspace.slug,
        )  # fmt: skip
