"""The verbs of people, schedules and scripts: request, cancel, retry, check again.

Each is one transaction and one mutation, the same for page, admin, command line and schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from activations import nudges, states
from activations.models import Activation, ActivationSet, Delivery, Event, Share
from activations.moves import lock, move
from activations.opening import default_name, deliver
from activations.places import judge, split
from activations.preflight import Verdict
from audiences import clock
from audiences.models import Mapping, User, Workspace

CHECK_AGAIN_FOR = timedelta(hours=1)


class CannotRequest(Exception):
    """A press that makes no activation. `str()` is one plain sentence; nothing was sent.

    `verdicts` holds what preflight said per mapping where that is the reason; `instead` the activation to
    look at where one already did what was asked.
    """

    def __init__(
        self,
        sentence: str,
        *,
        code: str,
        verdicts: dict[Mapping, Verdict] | None = None,
        instead: Activation | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.verdicts = verdicts or {}
        self.instead = instead


def request(
    workspace: Workspace,
    mappings: Iterable[Mapping],
    *,
    by: User | None,
    press: str,
    source: str = Activation.Source.PAGE,
    name: str = "",
    reason: str = "",
    seen_at: datetime | None = None,
    on_export: str = Activation.OnExport.WAIT,
    export_id: str = "",
    of_set: ActivationSet | None = None,
) -> Activation:
    """Make an activation of these mappings: ready ones queue, waiting ones are armed, others are blocked.

    `workspace` is its home, where it is pressed; the mappings may be of any workspace, of either vendor: that
    they may press in all of them, the caller has seen to. `press` is the token of this press: the same token
    answers with the activation it already made. `seen_at` is when the presser was shown the choice; a delivery
    requested since then means that the page is out of date. `on_export` is what to do beside a scheduled
    export that runs: wait or stop. `export_id` is the export job that a v1 call must name, which only its own
    workspace knows (ValueError beside mappings of another); `of_set` the set that was pressed.

    Raises `CannotRequest` when nothing is chosen, the page is out of date, nothing of it could ever go, or
    others keep pressing the same; then nothing is stored and nothing is sent.
    """
    # In one order, so that two presses of the same audiences cannot lock each other out.
    chosen = sorted({mapping.pk: mapping for mapping in mappings}.values(), key=lambda mapping: mapping.pk)
    if export_id and any(mapping.workspace_id != workspace.pk for mapping in chosen):
        raise ValueError("an export job of another workspace")
    if not chosen:
        raise CannotRequest(
            _("No audience is selected, so there is nothing to activate."), code="nothing_chosen"
        )
    for _attempt in range(3):
        try:
            made = made_by(workspace, press)
            if made is not None:
                return made
            with transaction.atomic():
                _refuse_old_page(chosen, seen_at, by)
                return _request(
                    workspace, chosen, by=by, press=press, source=source, name=name, reason=reason,
                    on_export=on_export, export_id=export_id, of_set=of_set,
                )  # fmt: skip
        except CannotRequest:
            # The first click of a double click may have been done since we looked.
            made = made_by(workspace, press)
            if made is None:
                raise
            return made
        except IntegrityError:
            # Someone pressed in the same moment; look again at what is now true.
            continue
    raise CannotRequest(
        _("These audiences are being pressed by someone else right now."), code="pressed_elsewhere"
    )


def made_by(workspace: Workspace, press: str) -> Activation | None:
    """The activation that this press has already made."""
    return Activation.objects.filter(workspace=workspace, press=press).first()


def _request(
    workspace: Workspace,
    chosen: list[Mapping],
    *,
    by: User | None,
    press: str,
    source: str,
    name: str,
    reason: str,
    on_export: str,
    export_id: str,
    of_set: ActivationSet | None,
) -> Activation:
    now = clock.now()
    found = judge(workspace, chosen, now=now, unwilling=_unwilling(on_export, chosen))
    if all(found[mapping.pk].will_go == "blocked" for mapping in chosen):
        raise CannotRequest(
            _("None of the chosen audiences can go, so nothing was sent."),
            code="nothing_can_go",
            verdicts={mapping: found[mapping.pk] for mapping in chosen},
        )
    activation = Activation.objects.create(
        workspace=workspace,
        name=(name or default_name(chosen))[:200],
        reason=reason[:500],
        source=source,
        requested_by=by,
        requested_at=now,
        press=press,
        export_id=export_id,
        snapshot_at=workspace.snapshot_at,
        on_export=on_export,
        of_set=of_set,
        set_version=of_set.version if of_set else None,
    )
    _share(activation, chosen)
    deliver(activation, [(mapping, found[mapping.pk], None) for mapping in chosen], by, now)
    if on_export == Activation.OnExport.STOP:
        Event.objects.create(
            workspace=workspace, activation=activation, at=now, actor=by, what="waits_for_no_export"
        )
    return activation


def _share(activation: Activation, chosen: Iterable[Mapping]) -> None:
    """Note every workspace that has a part in it, with its snapshot; the home alone needs no note."""
    home = activation.workspace
    away = [place for place, _part in split(home, chosen) if place.pk != home.pk]
    if away:
        Share.objects.bulk_create(
            Share(activation=activation, workspace=place, snapshot_at=place.snapshot_at)
            for place in (home, *away)
        )


def _unwilling(on_export: str, chosen: Iterable[Mapping]) -> set[int]:
    return {mapping.pk for mapping in chosen} if on_export == Activation.OnExport.STOP else set()


def _refuse_old_page(chosen: list[Mapping], seen_at: datetime | None, by: User | None) -> None:
    if seen_at is None:
        return
    since = Delivery.objects.filter(
        workspace__in={mapping.workspace_id for mapping in chosen},
        mapping__in=chosen,
        activation__requested_at__gt=seen_at,
    ).exclude(state__in=(states.BLOCKED, states.CANCELED))
    newer = since.select_related("activation__workspace").order_by("-pk").first()
    if newer is None:
        return
    # One that reaches into a workspace they may not look at is theirs to know of, not to see.
    theirs = by is None or Activation.objects.visible_to(by).filter(pk=newer.activation_id).exists()
    name = f"“{newer.activation.name}”" if theirs else _("another activation that contains them")
    raise CannotRequest(
        _("This page is out of date: %(name)s was activated meanwhile. Nothing was sent a second time.")
        % {"name": name},
        code="page_out_of_date",
        instead=newer.activation if theirs else None,
    )


def cancel(activation: Activation, *, by: User | None, only: Iterable[int] | None = None) -> int:
    """Take back what has not been sent (armed and queued); returns how many. What is sent stays sent."""
    unsent = _of(activation, states.UNSENT, only)
    return len(take_back(unsent, what="canceled", now=clock.now(), by=by))


def take_back(
    deliveries: list[Delivery], *, what: str, now: datetime, by: User | None = None
) -> list[Delivery]:
    """Let these not go any more, as `what` (canceled, never_sent) says.

    Those that were to go a second time, the first call's outcome being unknown, are not "never sent":
    they stop with their outcome unknown.
    """
    doubtful = [delivery for delivery in deliveries if delivery.posted_at is not None]
    clear = [delivery for delivery in deliveries if delivery.posted_at is None]
    over: dict[str, Any] = {"now": now, "actor": by, "finished_at": now, "next_check_at": None}
    with transaction.atomic():
        lock(deliveries)
        back = move(clear, states.CANCELED, what=what, reason=what, **over)
        return back + move(doubtful, states.STOPPED, what="stopped", reason="no_trace", **over)


def retry(activation: Activation, *, by: User | None, only: Iterable[int] | None = None) -> int:
    """Ask again for what failed, was refused or blocked: new deliveries that name the old ones.

    `only` (pks) may name canceled ones, and those that arrived empty or in part, as well. Returns how many new
    deliveries there are; pressing twice finds the old ones already superseded. Raises `CannotRequest` when
    others keep pressing the same.
    """
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return _retry(activation, by, only)
        except IntegrityError:
            # The same audience was pressed elsewhere in this moment; judge again what is now true.
            continue
    raise CannotRequest(
        _("These audiences are being pressed by someone else right now."), code="pressed_elsewhere"
    )


def _retry(activation: Activation, by: User | None, only: Iterable[int] | None) -> int:
    now = clock.now()
    wanted = states.RETRYABLE if only is not None else (states.FAILED, states.REFUSED, states.BLOCKED)
    # Locked: a second retry at the same moment waits here, and then finds them superseded.
    rows = _rows(activation, wanted, only).select_for_update(of=("self",), no_key=True)
    old = sorted(rows, key=lambda delivery: delivery.mapping_id)
    if not old:
        return 0
    mappings = Mapping.objects.select_related("dataflow", "audience").in_bulk([d.mapping_id for d in old])
    unwilling = _unwilling(activation.on_export, mappings.values())
    found = judge(activation.workspace, mappings.values(), now=now, unwilling=unwilling)
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in old]).update(superseded=True)
    asked = [(mappings[d.mapping_id], found[d.mapping_id], d) for d in old]
    deliver(activation, asked, by, now)
    Activation.objects.filter(pk=activation.pk).update(version=F("version") + 1)
    return len(asked)


def check_again(activation: Activation, *, by: User | None, only: Iterable[int] | None = None) -> int:
    """Ask the platform once more about deliveries we stopped watching; returns how many.

    Only asks: nothing is sent again by this. What has meanwhile been pressed anew is followed there.
    """
    now = clock.now()
    again: dict[str, Any] = {
        "what": "checked_again",
        "now": now,
        "actor": by,
        "next_check_at": now,
        "deadline": now + CHECK_AGAIN_FOR,
        "checks": 0,
        "finished_at": None,
        "reason": "",
    }
    for _attempt in range(3):
        stopped = _not_pressed_anew(_of(activation, (states.STOPPED,), only))
        known = [delivery for delivery in stopped if delivery.run_id]
        unknown = [delivery for delivery in stopped if not delivery.run_id]
        try:
            with transaction.atomic():
                lock(stopped)
                moved = move(known, states.RUNNING, **again)
                moved += move(unknown, states.UNCONFIRMED, **again, reposted=True)
                for place in {delivery.workspace_id for delivery in moved}:
                    nudges.watch_soon(place)
                return len(moved)
        except IntegrityError:
            continue
    return 0


def _not_pressed_anew(deliveries: list[Delivery]) -> list[Delivery]:
    """Those whose mapping has no other delivery on its way."""
    moving = Delivery.objects.filter(
        mapping__in=[delivery.mapping_id for delivery in deliveries], state__in=states.MOVING
    )
    elsewhere = set(moving.values_list("mapping_id", flat=True))
    return [delivery for delivery in deliveries if delivery.mapping_id not in elsewhere]


def _of(activation: Activation, wanted: Iterable[str], only: Iterable[int] | None) -> list[Delivery]:
    return list(_rows(activation, wanted, only))


def _rows(activation: Activation, wanted: Iterable[str], only: Iterable[int] | None) -> QuerySet[Delivery]:
    rows = activation.deliveries.filter(state__in=list(wanted), superseded=False)
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    return rows.select_related("dataflow", "audience").order_by("pk")
