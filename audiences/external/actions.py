"""The verbs of people: create, ingest, update, extend, delete, check again. Each is one transaction.

Nothing here calls the platform: each verb leaves an operation for the workers, which send it once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audiences import clock
from audiences.external.moves import event, move
from audiences.models import Audience, ExternalAudience, ExternalOperation, User, Workspace
from audiences.nudges import nudge

CHECK_AGAIN_FOR = timedelta(hours=1)
# The platform allows so many, enforced by its system (XA-PUB, contract §9).
INGESTIONS_OF_AN_AUDIENCE, INGESTIONS_A_DAY = 10, 100
TASK = "audiences.tasks.external"

K, S = ExternalOperation.Kind, ExternalOperation.State


class CannotAsk(Exception):
    """A wish that leaves no operation. `str()` is one plain sentence; `field` names the form's field it is about."""

    def __init__(self, sentence: str, *, code: str, field: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.field = field


def create(workspace: Workspace, *, by: User | None, press: str, name: str, **spec: Any) -> ExternalAudience:
    """Ask for a new external audience; `spec` are the other columns of `ExternalAudience`.

    The same `press` answers with the audience it already asked for. Raises CannotAsk for a name in use.
    """
    now = clock.now()
    made = _pressed(workspace, press)
    if made is not None:
        return made
    taken = why_name_taken(workspace, name)
    if taken:
        raise CannotAsk(taken, code="name_taken", field="name")
    try:
        with transaction.atomic():
            made = ExternalAudience.objects.create(
                workspace=workspace, name=name, created_by=by, created_at=now, press=press, **spec
            )
            _ask(made, K.CREATE, by=by, now=now)
    except IntegrityError:
        made = _pressed(workspace, press)
        if made is not None:
            return made
        raise CannotAsk(
            _("Somebody asked for an audience of this name in this moment."), code="name_taken", field="name"
        ) from None
    return made


def _pressed(workspace: Workspace, press: str) -> ExternalAudience | None:
    return ExternalAudience.objects.filter(workspace=workspace, press=press).first()


def why_name_taken(workspace: Workspace, name: str) -> str:
    """Why the platform would call this name a duplicate, as far as we know; "" when it would not."""
    if ExternalAudience.objects.filter(workspace=workspace, name=name, live=True).exists():
        return _("An external audience of this name is here already; choose another name.")
    uploaded = Audience.objects.present().filter(workspace=workspace, external=True, name=name)
    if uploaded.filter(origin__iexact="CUSTOM_UPLOAD").exists():
        return _("Adobe has an uploaded audience of this name already; choose another name.")
    return ""


def ingest(
    external: ExternalAudience, *, data_from: datetime, data_until: datetime | None, by: User | None
) -> ExternalOperation:
    """Ask for the files of a span to be brought in. Raises CannotAsk."""
    _must_be_there(external)
    if data_until is not None and data_until <= data_from:
        raise CannotAsk(_("The end must be after the start."), code="span", field="data_until")
    return _asked(external, K.INGEST, by=by, data_from=data_from, data_until=data_until)


def update(external: ExternalAudience, change: dict[str, Any], *, by: User | None) -> ExternalOperation:
    """Ask for a change: description, ttl_days, labels, field_labels (labels by field name). Raises CannotAsk."""
    _must_be_there(external)
    if not change:
        raise CannotAsk(_("Nothing was changed, so nothing was sent."), code="no_change")
    return _asked(external, K.UPDATE, by=by, change=change)


def extend(external: ExternalAudience, *, by: User | None) -> ExternalOperation:
    """Ask for the data to be kept for its time once more. Raises CannotAsk."""
    _must_be_there(external)
    if external.ingested_at is None:
        raise CannotAsk(
            _("No ingestion has succeeded yet, so there is no data to keep longer."), code="no_data"
        )
    if external.operations.filter(kind=K.INGEST, state__in=ExternalOperation.OPEN).exists():
        raise CannotAsk(_("An ingestion is going on; wait until it is over."), code="ingesting")
    return _asked(external, K.EXTEND, by=by)


def delete(external: ExternalAudience, *, by: User | None) -> ExternalOperation:
    """Ask for the audience to be deleted at the platform. Raises CannotAsk."""
    _must_be_there(external)
    return _asked(external, K.DELETE, by=by)


def check_again(operation: ExternalOperation, *, by: User | None) -> bool:
    """Ask the platform once more about an operation we stopped watching. Only asks: nothing is sent again."""
    now = clock.now()
    to = S.RUNNING if operation.platform_id else S.UNCONFIRMED
    if operation.state != S.STOPPED:
        return False
    try:
        with transaction.atomic():
            moved = move(
                operation, to, what="checked_again", now=now, actor=by, next_check_at=now, checks=0,
                deadline=now + CHECK_AGAIN_FOR, reposted=True, reason="",
            )  # fmt: skip
    except IntegrityError:
        # Another operation of this kind is on its way: it is followed there.
        return False
    nudge(TASK, operation.workspace_id)
    return moved


def look_again(external: ExternalAudience, *, by: User | None) -> None:
    """Ask the platform for its list of this audience's ingestions."""
    now = clock.now()
    event(external, "looked", now=now, actor=by, runs_due_at=now)
    nudge(TASK, external.workspace_id)


def _must_be_there(external: ExternalAudience) -> None:
    external.refresh_from_db()
    if external.deleted_at is not None or not external.live:
        raise CannotAsk(_("This audience no longer exists at Adobe."), code="gone")
    if external.external_id is None:
        raise CannotAsk(_("Adobe has not created this audience yet."), code="not_created")


TWICE: dict[str, Callable[[], str]] = {
    K.CREATE: lambda: _("The creation is on its way already."),
    K.INGEST: lambda: _("An ingestion is going on already; Adobe allows one at a time."),
    K.UPDATE: lambda: _("An update is on its way already; wait until it is over."),
    K.EXTEND: lambda: _("An extension is on its way already."),
    K.DELETE: lambda: _("The deletion is on its way already."),
}


def _asked(external: ExternalAudience, kind: str, *, by: User | None, **fields: Any) -> ExternalOperation:
    deleting = external.operations.filter(kind=K.DELETE, state__in=ExternalOperation.OPEN)
    if kind != K.DELETE and deleting.exists():
        raise CannotAsk(_("This audience is being deleted."), code="deleting")
    try:
        with transaction.atomic():
            return _ask(external, kind, by=by, now=clock.now(), **fields)
    except IntegrityError:
        raise CannotAsk(TWICE[kind](), code="on_its_way") from None


def _ask(
    external: ExternalAudience, kind: str, *, by: User | None, now: datetime, **fields: Any
) -> ExternalOperation:
    operation = ExternalOperation.objects.create(
        workspace_id=external.workspace_id, external=external, kind=kind, state_since=now, requested_by=by,
        requested_at=now, deadline=now + external.workspace.send_limit, **fields,
    )  # fmt: skip
    event(external, "requested", now=now, actor=by, operation=operation, data=_said(fields))
    nudge(TASK, external.workspace_id)
    return operation


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, as the story keeps it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
        if value is not None
    }


def ingestions_used(external: ExternalAudience) -> int:
    """How many of the platform's ingestions of this audience we know to be used, extensions included."""
    begun = external.operations.filter(kind=K.INGEST).exclude(platform_id="")
    return begun.count()


def used_up(external: ExternalAudience, now: datetime) -> str:
    """Which of the platform's limits on ingestions is reached, as far as we know; "" for none."""
    if ingestions_used(external) >= INGESTIONS_OF_AN_AUDIENCE:
        return _("Adobe allows %(n)s ingestions of an audience, and all are used.") % {
            "n": INGESTIONS_OF_AN_AUDIENCE
        }
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = ExternalOperation.objects.filter(
        ~Q(platform_id=""), workspace_id=external.workspace_id, kind=K.INGEST, requested_at__gte=midnight
    )
    if today.count() >= INGESTIONS_A_DAY:
        return _("Adobe allows %(n)s ingestions a day in a sandbox, and all are used until 00:00 UTC.") % {
            "n": INGESTIONS_A_DAY
        }
    return ""
