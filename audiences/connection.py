"""Checking a workspace's connection: a worker asks the platform, the page reads the report it left.

The report lives in the cache for a day, without secrets or tokens, and with a fingerprint of the settings it
is about: a report on settings that have changed since is not shown as if it were about the present ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import shared_task
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from audiences import clock
from audiences.failures import SENTENCE, sentence_of
from audiences.models import Dataflow, Mapping, PlatformJob, Run, Supported, Trait, Wish, Workspace
from audiences.models.catalog import Audience, Destination
from audiences.models.workspaces import SyncState
from audiences.told import Told, as_line, from_line
from audiences.told import said as noted
from platforms.checking import ConnectionReport
from platforms.errors import CredentialsRefused, PlatformError, Refused

log = structlog.get_logger(__name__)

KEPT = timedelta(days=1)
# A worker that has not answered by then is not there, or the platform is silent beyond all patience.
PATIENCE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Check:
    """How a check stands. `state`: checking or done. `part` is what was refused, "" when all is well.

    `part` is one of the client's fields (key, secret, scopes, org, sandbox, token, permission, space), or address,
    platform (it could not be asked) and ours. Sandboxes (at Segment spaces, by their ids) are (name, title,
    state, type), permissions (name, granted or None). `workspace` and `place` are what the platform calls them.
    """

    state: str
    at: datetime
    settings: str
    part: str = ""
    summary: str = ""
    verbatim: str = ""
    sandboxes: list[tuple[str, str, str, str]] = field(default_factory=list)
    permissions: list[tuple[str, bool | None]] = field(default_factory=list)
    workspace: str = ""
    place: str = ""

    @property
    def is_lost(self) -> bool:
        """Asked for so long ago that no worker can still be at it."""
        return self.state == "checking" and timezone.now() - self.at > PATIENCE

    def is_about(self, workspace: Workspace) -> bool:
        """Whether it tells about the workspace's present settings."""
        return self.settings == fingerprint(workspace)

    @property
    def words(self) -> str:
        """What was refused, in the reader's language."""
        return str(from_line(self.summary))

    @property
    def choosable(self) -> list[str]:
        """Names of the sandboxes that may be chosen: the active ones."""
        return [name for name, _title, state, _type in self.sandboxes if state == "active"]


def fingerprint(workspace: Workspace) -> str:
    """Tells two settings apart and reveals neither."""
    parts = (
        workspace.platform,
        "" if workspace.is_segment else workspace.org,
        workspace.sandbox,
        workspace.client_id,
        workspace.client_secret_encrypted,
        workspace.scopes,
        workspace.platform_url,
        workspace.ims_url,
    )
    return salted_hmac("audiences.connection", "\n".join(parts)).hexdigest()[:32]


def _key(pk: int | None) -> str:
    return f"audiences.connection.{pk}"


def last_check(workspace: Workspace) -> Check | None:
    """The latest check of this workspace within a day."""
    kept = cache.get(_key(workspace.pk))
    return Check(**kept) if kept else None


def _keep(workspace: Workspace, check: Check) -> None:
    cache.set(_key(workspace.pk), asdict(check), KEPT.total_seconds())


def ask(workspace: Workspace) -> bool:
    """Ask a worker to check; False when the broker does not answer, and nothing was asked."""
    _keep(workspace, Check("checking", timezone.now(), fingerprint(workspace)))
    try:
        check_connection.apply_async((workspace.pk,), expires=PATIENCE.total_seconds())
    except (OperationalError, OSError):
        cache.delete(_key(workspace.pk))
        return False
    return True


@shared_task
def check_connection(workspace_id: int) -> None:
    """Ask the platform about a workspace's credentials and keep the report."""
    for workspace in Workspace.objects.filter(pk=workspace_id):
        _keep(workspace, check(workspace))


def check(workspace: Workspace) -> Check:
    """Check now, over the wire; whatever the platform says becomes a report. Called by the worker only."""
    settings = fingerprint(workspace)
    try:
        found = _reported(workspace)
    except Exception as error:
        words = as_line(sentence_of(error, workspace.vendor), SENTENCE)
        _keep(workspace, Check("done", timezone.now(), settings, part="ours", summary=words))
        raise
    log.info("The connection was checked.", workspace=workspace.slug, part=found.get("part", ""))
    return Check("done", timezone.now(), settings, **found)


def _reported(workspace: Workspace) -> dict[str, Any]:
    from audiences.clients import any_client_for

    if not workspace.client_secret_encrypted and workspace.is_segment:
        return {"part": "token", "summary": as_line(noted("No token is stored."), SENTENCE)}
    if not workspace.client_secret_encrypted:
        return {"part": "secret", "summary": as_line(noted("No client secret is stored."), SENTENCE)}
    try:
        return _flat(workspace, any_client_for(workspace).check_connection())
    except CredentialsRefused as error:
        return {"part": error.field, "summary": _why(workspace, error), "verbatim": error.verbatim}
    except PlatformError as error:
        # Refused without a word on credentials, before any call: a platform on this very machine.
        part = "address" if isinstance(error, Refused) and error.status is None else "platform"
        return {"part": part, "summary": _why(workspace, error), "verbatim": error.verbatim}


def _why(workspace: Workspace, error: PlatformError) -> str:
    return as_line(sentence_of(error, workspace.vendor), SENTENCE)


def _lacking(workspace: Workspace, report: ConnectionReport) -> Told | str:
    """What a report blames, in a sentence; "" where its part says it all."""
    if report.refused == "permission":
        names = ", ".join(one.name for one in report.permissions if one.granted is False)
        return noted("The credentials lack: %(names)s.") % {"names": names} if names else ""
    if report.refused in ("sandbox", "space"):
        if workspace.sandbox:
            return noted("These credentials may not use %(name)s.") % {"name": workspace.sandbox}
        return (
            noted("No space is chosen yet.") if workspace.is_segment else noted("No sandbox is chosen yet.")
        )
    return ""


def _flat(workspace: Workspace, report: ConnectionReport) -> dict[str, Any]:
    return {
        "part": report.refused or "",
        "summary": as_line(_lacking(workspace, report), SENTENCE),
        "verbatim": report.verbatim,
        "sandboxes": [(one.name, one.title, one.state, one.type) for one in report.sandboxes],
        "permissions": [(one.name, one.granted) for one in report.permissions],
        "workspace": report.workspace,
        "place": report.sandbox,
    }


class CannotMove(Exception):
    """The workspace stays where it is. `str()` is one plain sentence."""


def why_not_move(workspace: Workspace) -> str:
    """Why this workspace cannot be pointed at another organisation or sandbox now; "" when it can."""
    if workspace.pk is None:
        return ""
    if history := _history(workspace):
        return history
    if Wish.objects.filter(workspace=workspace).open().exists():
        return _(
            "Something that was asked of the present sandbox is on its way. Wait until it is done, then try again."
        )
    if not Workspace.objects.filter(_no_sync(), pk=workspace.pk).exists():
        return _("A sync of the present place is running. Wait until it is done, then try again.")
    return ""


def _history(workspace: Workspace) -> str:
    """What was done in the present place and is told or followed there; "" when nothing was."""
    if workspace.activations.exists() and workspace.is_segment:
        return _(
            "This workspace has activations in %(place)s, and their history must stay true. Make another "
            "workspace for another space."
        ) % {"place": workspace.place}
    if workspace.activations.exists():
        return _(
            "This workspace has activations in %(org)s, sandbox %(sandbox)s, and their history must stay true. "
            "Make another workspace for another sandbox or organisation."
        ) % {"org": workspace.org, "sandbox": workspace.sandbox}
    if workspace.external_audiences.exists():
        return _(
            "External audiences were created in %(org)s, sandbox %(sandbox)s, from here, and are followed there. "
            "Make another workspace for another sandbox or organisation."
        ) % {"org": workspace.org, "sandbox": workspace.sandbox}
    return ""


def _no_sync() -> Q:
    from audiences.sync import LEASE

    return ~Q(sync_state=SyncState.RUNNING) | Q(sync_started_at__lt=clock.now() - LEASE)


def use_sandbox(workspace: Workspace, name: str) -> None:
    """Point the workspace at one of the sandboxes (or spaces) that its last check listed as active.

    What was mirrored from the former sandbox is forgotten. Raises `CannotMove`.
    """
    seen = last_check(workspace)
    if seen is None or name not in seen.choosable:
        sentence = (
            _("%(name)s is not among the spaces of the last check.")
            if workspace.is_segment
            else _("%(name)s is not among the active sandboxes of the last check.")
        )
        raise CannotMove(sentence % {"name": name or "—"})
    if name == workspace.sandbox:
        return
    move(workspace, sandbox=name)


def uses(workspace: Workspace, name: str) -> str:
    """That the workspace is pointed at this sandbox or space now, as a sentence."""
    sentence = (
        _("%(workspace)s now uses the space %(name)s.")
        if workspace.is_segment
        else _("%(workspace)s now uses the sandbox %(name)s.")
    )
    return sentence % {"workspace": workspace.name, "name": name}


def move(workspace: Workspace, **place: str) -> None:
    """Change organisation or sandbox and forget the mirror of the former one. Raises `CannotMove`."""
    with transaction.atomic():
        why = why_not_move(workspace)
        if why:
            raise CannotMove(why)
        fields = {
            **place,
            "sync_state": SyncState.NEVER,
            "sync_error": "",
            "synced_at": None,
            "evaluated_at": None,
            "snapshot_at": None,
            "evaluation_cron": "",
            "looked_up_to": "",
        }
        if workspace.is_segment:
            fields["org"] = ""
        if not Workspace.objects.filter(_no_sync(), pk=workspace.pk).update(**fields):
            raise CannotMove(_("A sync has just begun. Wait until it is done, then try again."))
        forget(workspace)
    workspace.refresh_from_db()


def forget(workspace: Workspace) -> None:
    """Delete the workspace's mirror. Deliveries protect what they point at."""
    for model in (Wish, Run, PlatformJob, Mapping, Dataflow, Audience, Destination, Supported, Trait):
        model.objects.filter(workspace=workspace).delete()
