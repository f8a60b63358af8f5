"""How a delivery begins, and is judged again: the state that preflight's verdict opens with, its row and event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import nudges, states
from activations.courses import first_check
from activations.models import Activation, Delivery, Event
from activations.naming import ids
from activations.places import split
from activations.preflight import Verdict
from audiences.models import Mapping, User

log = structlog.get_logger(__name__)

RECHECK_EVERY = timedelta(seconds=15)
# Waits for a job of ours: when it is over, dispatch needs no judgement to go on.
HELD = frozenset({"audience_held", "resync_held"})


def opening(verdict: Verdict, now: datetime) -> dict[str, Any]:
    """The fields in which a delivery starts (or is judged again), from what preflight found."""
    main = verdict.main
    common: dict[str, Any] = {
        "findings": [finding.kept() for finding in verdict.findings],
        "reason": main.code if main and main.severity in ("stop", "wait") else "",
        # What the platform said stood for the reason that this judgement replaces.
        "verbatim": "",
        "not_before": None,
        "next_check_at": None,
        "finished_at": None,
    }
    if verdict.will_go == "blocked":
        return {**common, "state": states.BLOCKED, "finished_at": now}
    waits = {finding.code for finding in verdict.findings if finding.severity == "wait"}
    if verdict.will_go == "waits" and not waits <= HELD:
        clears_at = verdict.clears_at
        return {
            **common,
            "state": states.ARMED,
            "not_before": clears_at,
            "next_check_at": _first_check(verdict, now),
        }
    # What is held queues: dispatch takes it the moment the hold is gone.
    return {**common, "state": states.QUEUED}


def _first_check(verdict: Verdict, now: datetime) -> datetime:
    """When the last of the waits is over; where that has no moment, or may come before it, in a while."""
    if verdict.clears_at is None:
        return now + RECHECK_EVERY
    return max(first_check(finding, now) for finding in verdict.findings if finding.severity == "wait")


def deliver(
    activation: Activation,
    asked: Sequence[tuple[Mapping, Verdict, Delivery | None]],
    by: User | None,
    now: datetime,
) -> list[Delivery]:
    """Store one delivery per (mapping, verdict, delivery it retries), with its first event."""
    places = {place.pk: place for place, _those in split(activation.workspace, (one[0] for one in asked))}
    deliveries = Delivery.objects.bulk_create(
        [
            Delivery(
                activation=activation,
                workspace=places[mapping.workspace_id],
                mapping=mapping,
                dataflow=mapping.dataflow,
                audience=mapping.audience,
                retry_of=old,
                deadline=now + places[mapping.workspace_id].send_limit,
                # A call names one export job, so those of an export leave in jobs of their own.
                pack=f"activation:{activation.pk}" if activation.export_id else "",
                expected=mapping.audience.profiles,
                expected_as_of=mapping.audience.profiles_as_of,
                state_since=now,
                **opening(verdict, now),
            )
            for mapping, verdict, old in asked
        ]
    )
    Event.objects.bulk_create(
        Event(
            workspace=delivery.workspace,
            activation=activation,
            delivery=delivery,
            at=now,
            actor=by,
            what="retried" if delivery.retry_of_id else "requested",
            data={"from": "", "to": delivery.state},
        )
        for delivery in deliveries
    )
    transaction.on_commit(partial(_note, activation, deliveries))
    for place in places:
        nudges.dispatch_soon(place)
    return deliveries


def _note(activation: Activation, deliveries: Sequence[Delivery]) -> None:
    counted = Counter(delivery.state for delivery in deliveries)
    where = {"workspace": activation.workspace.slug, "source": activation.source}
    log.info("Deliveries were asked for.", states=dict(counted), **where, **ids(deliveries))


def default_name(chosen: list[Mapping]) -> str:
    """A name people recognise when they gave none: what goes where."""
    flows = sorted({mapping.dataflow.name for mapping in chosen})
    where = flows[0] if len(flows) == 1 else _("%(count)s destinations") % {"count": len(flows)}
    if len(chosen) == 1:
        # A connection of Segment's belongs to its audience, and is called so.
        named = where if chosen[0].dataflow.audience_id else f"{chosen[0].audience.name} → {where}"
        return named[:200]
    count = len({mapping.audience_id for mapping in chosen})
    what = ngettext("%(count)s audience", "%(count)s audiences", count) % {"count": count}
    return f"{what} → {where}"[:200]
