"""Evaluate, export, activate with that export: one action for organisations on v1, step by step.

The rows are the queue: a step is taken when the one before has succeeded, by one conditional update each, and a
lost nudge only delays it until the next tick. Adobe's newest guide (EFN) says that on-demand exports send the
latest *scheduled* snapshot and ignore jobs that were asked for by API; the page says so, with the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from activations.actions import CannotRequest, request
from activations.models import Activation, Chain, Event
from activations.models.chains import DONE, EVALUATING, EXPORTING, GOING_ON, PRESSING, STOPPED
from activations.opening import default_name
from audiences import clock
from audiences.models import Mapping, User, Wish, Workspace
from audiences.models.workspaces import AdhocVersion
from audiences.wishes import states as wish_states
from audiences.wishes.actions import ask

log = structlog.get_logger(__name__)
# Our own figure: a daily evaluation takes minutes to hours, and who waits longer has given up.
LONGEST_STEP = timedelta(hours=12)
SOURCE = (
    "https://experienceleague.adobe.com/en/docs/experience-platform/destinations/ui/activate/export-file-now"
)


class CannotStart(Exception):
    """No chain was begun and nothing was sent. `str()` is one plain sentence."""


def start(
    workspace: Workspace,
    mappings: Sequence[Mapping],
    *,
    by: User | None,
    press: str,
    dataset: str,
    name: str = "",
    reason: str = "",
    on_export: str = Activation.OnExport.WAIT,
) -> Chain:
    """Begin a chain for these mappings. The same `press` answers with the chain it already made.

    External audiences cannot be evaluated; they are activated at the end like the others. Raises CannotStart.
    """
    if any(one.workspace_id != workspace.pk for one in mappings):
        raise CannotStart(
            _("An export job is of one workspace, so a chain is, too; press Activate now instead.")
        )
    if workspace.adhoc_version != AdhocVersion.V1:
        raise CannotStart(_("This workspace uses v2, which takes no export job; press Activate now instead."))
    if not mappings:
        raise CannotStart(_("No audience is selected, so there is nothing to activate."))
    now = clock.now()
    audiences = sorted({one.audience.platform_id for one in mappings if not one.audience.external})
    if not audiences:
        raise CannotStart(_("Only external audiences are selected, and those are not evaluated by a job."))
    try:
        with transaction.atomic():
            chain = Chain.objects.create(
                workspace=workspace, by=by, asked_at=now, press=press, reason=reason[:500], dataset=dataset,
                name=(name or default_name(list(mappings)))[:200], mappings=[one.pk for one in mappings],
                audiences=audiences, on_export=on_export, state=EVALUATING, state_since=now,
            )  # fmt: skip
            chain.evaluation = _wish(chain, Wish.What.EVALUATE, {"audiences": audiences})
            chain.save(update_fields=["evaluation"])
            _tell(chain, "chain_begun", now, to=EVALUATING)
    except IntegrityError:
        return Chain.objects.get(workspace=workspace, press=press)
    return chain


def advance_all(workspace: Workspace, now: datetime | None = None) -> None:
    """Take every step of the workspace's chains that can be taken."""
    rows = Chain.objects.filter(workspace=workspace, state__in=GOING_ON)
    for chain in rows.select_related("workspace", "by", "evaluation__job", "export__job").order_by("pk"):
        advance(chain, now or clock.now())


def advance(chain: Chain, now: datetime) -> None:
    """Take the next step, if the present one is over."""
    if chain.state == PRESSING:
        _press(chain, now)
        return
    wish = chain.evaluation if chain.state == EVALUATING else chain.export
    if now - chain.state_since > LONGEST_STEP:
        _stop(chain, now, "too_long", "")
    elif wish is None or wish.state in wish_states.NEEDS_YOU:
        _stop(chain, now, wish.reason if wish else "no_trace", wish.verbatim if wish else "")
    elif wish.job is not None and wish.job.status == "succeeded":
        _next(chain, now)
    elif wish.job is not None and not wish.job.is_open:
        said = "\n".join(wish.job.problems)
        _stop(chain, now, f"{wish.job.kind}_{wish.job.status}"[:40], said)


def _next(chain: Chain, now: datetime) -> None:
    if chain.state == EXPORTING:
        if _move(chain, PRESSING, "chain_exported", now):
            _press(chain, now)
        return
    with transaction.atomic():
        if _move(chain, EXPORTING, "chain_evaluated", now):
            wanted = {"audiences": chain.audiences, "dataset": chain.dataset}
            chain.export = _wish(chain, Wish.What.EXPORT, wanted)
            chain.save(update_fields=["export"])


def _press(chain: Chain, now: datetime) -> None:
    """The press token is the chain's own: however often this runs, it is one activation."""
    export = chain.export.job if chain.export else None
    mappings = Mapping.objects.filter(pk__in=chain.mappings).select_related("dataflow", "audience")
    if export is None:
        _stop(chain, now, "no_trace", "")
        return
    try:
        made = request(
            chain.workspace, mappings, by=chain.by, press=f"chain-{chain.pk}", name=chain.name,
            reason=chain.reason, on_export=chain.on_export, export_id=export.platform_id,
        )  # fmt: skip
    except CannotRequest as why:
        _stop(chain, now, why.code, "")
        return
    _move(chain, DONE, "chain_activated", now, activation=made)


def stop(chain: Chain, *, by: User | None) -> bool:
    """Let no further step be taken; a job that is going on at the platform goes on, and is cancelled there."""
    return _move(chain, STOPPED, "chain_stopped", clock.now(), actor=by, why="canceled")


def _stop(chain: Chain, now: datetime, why: str, verbatim: str) -> None:
    _move(chain, STOPPED, "chain_stopped", now, why=why[:40], verbatim=verbatim)


def _wish(chain: Chain, what: str, wanted: dict[str, Any]) -> Wish:
    return ask(chain.workspace, what, by=chain.by, press=f"chain-{chain.pk}-{what}", wanted=wanted)


def _move(
    chain: Chain, to: str, what: str, now: datetime, *, actor: User | None = None, **fields: Any
) -> bool:
    """One conditional update and its event; False when somebody else moved the chain before."""
    with transaction.atomic():
        mine = Chain.objects.filter(pk=chain.pk, state=chain.state)
        if chain.state not in GOING_ON or not mine.update(state=to, state_since=now, **fields):
            return False
        _tell(chain, what, now, to=to, actor=actor, **({"why": fields["why"]} if "why" in fields else {}))
    for name, value in {"state": to, "state_since": now, **fields}.items():
        setattr(chain, name, value)
    log.info("A chain moved.", chain=chain.pk, state=to, what=what)
    return True


def _tell(chain: Chain, what: str, now: datetime, *, to: str, actor: User | None = None, **data: Any) -> None:
    Event.objects.create(
        workspace=chain.workspace, at=now, actor=actor or (chain.by if what == "chain_begun" else None),
        what=what, data={"chain": chain.pk, "from": chain.state, "to": to, **data},
    )  # fmt: skip
