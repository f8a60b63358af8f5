"""What is wrong between a workspace and its platform: its mirror, its credentials, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from activations.doctor.finding import Finding, sync
from audiences.clients import any_client_for
from audiences.failures import words_of
from audiences.models import Workspace
from audiences.models.workspaces import SyncState
from audiences.sync import LEASE as SYNC_LEASE
from platforms.errors import CredentialsRefused, PlatformError, Refused

# The catalogue is mirrored every quarter of an hour; this old, four rounds have failed.
MIRROR_OLD = timedelta(hours=1)


def mirror(workspace: Workspace, now: datetime) -> Iterator[Finding]:
    """Synced, lately, and not for ever."""
    state, since = workspace.sync_state, workspace.sync_started_at
    slug, do = workspace.slug, sync(workspace.pk)
    if state == SyncState.FAILED:
        why = " ".join(words_of(workspace.sync_error).split()) or "No reason was noted."
        yield Finding("sync_failed", "The last sync of the catalogue failed.", why, do, since, slug)
    elif state == SyncState.RUNNING and since is not None and since < now - SYNC_LEASE:
        why = "Its worker stopped; the next sync takes over."
        yield Finding("sync_hangs", "A sync of the catalogue does not end.", why, do, since, slug)
    if workspace.synced_at is None:
        if state != SyncState.RUNNING:
            why = "Without a mirror there is nothing to choose from."
            yield Finding("never_synced", "The catalogue was never mirrored.", why, do, None, slug)
    elif workspace.synced_at < now - MIRROR_OLD:
        why = (
            "Beat starts a sync every 15 minutes: it does not tick, no worker takes the task, or syncs fail."
        )
        yield Finding("mirror_old", "The mirror of the catalogue is old.", why, do, workspace.synced_at, slug)


def connection(workspace: Workspace, now: datetime) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """One cheap question to the platform: do the credentials work, and what time is it there?"""
    slug = workspace.slug
    if (trouble := _without_secret(workspace)) is not None:
        yield trouble
        return
    try:
        client = any_client_for(workspace)
        client.credentials_work()
        theirs = client.platform_now()
    except PlatformError as error:
        yield _trouble(error, slug)
        return
    if theirs is not None:
        yield from _skew(theirs - timezone.now(), slug)


def _without_secret(workspace: Workspace) -> Finding | None:
    """What is wrong with the stored secret, by the name its platform gives it."""
    called = "token" if workspace.is_segment else "client secret"
    anew = f"Enter the {called} anew on the workspace's page in the administration."
    try:
        if workspace.client_secret:
            return None
    except ValueError as error:
        what = f"The {called} cannot be decrypted."
        do = f"Put the key it was written with back into FIELD_KEYS, or: {anew}"
        return Finding("secret_unreadable", what, str(error), do, None, workspace.slug)
    why = "Nothing can be asked or sent without it."
    return Finding("secret_missing", f"No {called} is stored.", why, anew, None, workspace.slug)


def _trouble(error: PlatformError, slug: str) -> Finding:
    if isinstance(error, CredentialsRefused):
        return Finding(
            "credentials_refused", f"The platform refuses the credentials: {error.field}.", error.summary,
            "Use “Check connection” on the workspace's page in the administration: it names what to correct.",
            None, slug,
        )  # fmt: skip
    if isinstance(error, Refused):
        do = "Correct what it names on the workspace's page in the administration."
        return Finding("platform_refuses", "The platform refuses to be asked.", error.summary, do, None, slug)
    return Finding(
        "platform_unreachable", "The platform could not be asked.", f"{error.summary} ({error.code})",
        "Check addresses, DNS, proxy and firewall of this host, and the platform's status page; nothing is lost "
        "meanwhile.",
        None, slug,
    )  # fmt: skip


def _skew(ahead: timedelta, slug: str) -> Iterator[Finding]:
    """Ours against the platform's `Date`, which leaves out the begun second."""
    seconds = ahead.total_seconds()
    if abs(seconds) > settings.CLOCK_SKEW:
        side = "behind" if seconds > 0 else "ahead of"
        yield Finding(
            "clock_skew", f"This host's clock is {abs(seconds):.0f} s {side} the platform's.",
            f"More than {settings.CLOCK_SKEW} s (CLOCK_SKEW): runs may be taken for older or newer than they are.",
            "Run: timedatectl set-ntp true, on every host; or correct the clock that is wrong.", None, slug,
        )  # fmt: skip
