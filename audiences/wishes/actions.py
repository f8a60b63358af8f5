"""The verb of people: write a wish down. Each is one transaction, the same for page, admin and command."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audiences import clock, nudges, secrets
from audiences.models import (
    Audience,
    Dataflow,
    Destination,
    Mapping,
    PlatformJob,
    User,
    Wish,
    WishEvent,
    Workspace,
)
from audiences.wishes import states

GIVE_UP_AFTER = timedelta(hours=1)


class CannotAsk(Exception):
    """No wish was written down and nothing was sent. `str()` is one plain sentence."""


def ask(
    workspace: Workspace,
    what: str,
    *,
    by: User | None,
    press: str,
    dataflow: Dataflow | None = None,
    audience: Audience | None = None,
    mapping: Mapping | None = None,
    destination: Destination | None = None,
    job: PlatformJob | None = None,
    wanted: dict[str, Any] | None = None,
    sealed: dict[str, Any] | None = None,
    seen: dict[str, Any] | None = None,
) -> Wish:
    """Write a wish down; a worker fulfils it. The same `press` answers with the wish it already made.

    `seen` is what the person saw: when it is no longer so, the person is asked again. `sealed` are the parts of
    `wanted` that hold secrets, which are struck out there; they are kept encrypted until it is over. Raises
    `CannotAsk` while another wish about the same thing is open.
    """
    about = (dataflow, audience, mapping, destination, job)
    if any(one is not None and one.workspace_id != workspace.pk for one in about):
        raise ValueError("a dataflow, audience, mapping, destination or job of another workspace")
    now = clock.now()
    try:
        with transaction.atomic():
            wish = Wish.objects.create(
                workspace=workspace, what=what, dataflow=dataflow, audience=audience, mapping=mapping,
                destination=destination, job=job, wanted=wanted or {}, sealed=_sealed(sealed), seen=seen or {}, by=by, asked_at=now, press=press, state_since=now, next_at=now,
                deadline=now + GIVE_UP_AFTER,
            )  # fmt: skip
            if wish.resyncs:
                # It takes its turn among the workspace's resyncs, as deliveries do.
                wish.deadline = now + workspace.send_limit
                wish.save(update_fields=["deadline"])
            data = {"from": "", "to": states.QUEUED, "wanted": wish.wanted, "seen": wish.seen}
            WishEvent.objects.create(wish=wish, at=now, actor=by, what="asked", data=data)
            (nudges.resyncs_soon if wish.resyncs else nudges.wishes_soon)(workspace.pk)
    except IntegrityError:
        made = Wish.objects.filter(workspace=workspace, press=press).first()
        if made is None:
            raise CannotAsk(
                _("Another change of the same is on its way. Wait until it is over, then look again.")
            ) from None
        return made
    return wish


def _sealed(parts: dict[str, Any] | None) -> str:
    return secrets.encrypt(json.dumps(parts)) if parts else ""


def opened(wish: Wish) -> dict[str, Any]:
    """What shall be so, with its secrets. Raises ValueError when none of FIELD_KEYS opens them."""
    return {**wish.wanted, **(json.loads(secrets.decrypt(wish.sealed)) if wish.sealed else {})}
