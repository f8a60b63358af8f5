"""The verb of people: write a wish down. Each is one transaction, the same for page, admin and command."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audiences import clock, nudges
from audiences.models import Audience, Dataflow, PlatformJob, User, Wish, WishEvent, Workspace
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
    job: PlatformJob | None = None,
    wanted: dict[str, Any] | None = None,
    seen: dict[str, Any] | None = None,
) -> Wish:
    """Write a wish down; a worker fulfils it. The same `press` answers with the wish it already made.

    `seen` is what the person saw: when it is no longer so, the person is asked again. Raises `CannotAsk`
    while another wish about the same thing is open.
    """
    if any(one is not None and one.workspace_id != workspace.pk for one in (dataflow, audience, job)):
        raise ValueError("a dataflow, audience or job of another workspace")
    now = clock.now()
    try:
        with transaction.atomic():
            wish = Wish.objects.create(
                workspace=workspace, what=what, dataflow=dataflow, audience=audience, job=job, wanted=wanted or {},
                seen=seen or {}, by=by, asked_at=now, press=press, state_since=now, next_at=now,
                deadline=now + GIVE_UP_AFTER,
            )  # fmt: skip
            data = {"from": "", "to": states.QUEUED, "wanted": wish.wanted, "seen": wish.seen}
            WishEvent.objects.create(wish=wish, at=now, actor=by, what="asked", data=data)
            nudges.wishes_soon(workspace.pk)
    except IntegrityError:
        made = Wish.objects.filter(workspace=workspace, press=press).first()
        if made is None:
            raise CannotAsk(
                _("Another change of the same is on its way. Wait until it is over, then look again.")
            ) from None
        return made
    return wish
