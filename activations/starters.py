"""Who started a run that we follow but did not start: an activation of ours, or whom the platform names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from activations.models import Activation, Delivery, Event
from platforms.types import Run

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Starter:
    """In words; `activation` is ours, where it was one."""

    words: str
    activation: Activation | None = None


def starters_of(deliveries: Iterable[Delivery]) -> dict[int, Starter]:
    """Per joined delivery (pk) who started its run; unknown is said, too. One query, none without any.

    Deliveries come with `workspace` selected.
    """
    joined = [delivery for delivery in deliveries if delivery.joined and delivery.run_id]
    ours = _ours(joined) if joined else {}
    return {one.pk: _starter(one, ours.get((one.workspace_id, one.run_id))) for one in joined}


def _ours(joined: list[Delivery]) -> dict[tuple[int, str], Activation]:
    """The activations that started these runs themselves, per workspace (pk) and run id."""
    rows = Delivery.objects.filter(
        workspace__in={delivery.workspace_id for delivery in joined},
        run_id__in={delivery.run_id for delivery in joined},
        joined=False,
    )
    found = rows.select_related("activation__requested_by", "activation__workspace").order_by("-pk")
    return {(delivery.workspace_id, delivery.run_id): delivery.activation for delivery in found}


def _starter(delivery: Delivery, ours: Activation | None) -> Starter:
    workspace = delivery.workspace
    if ours is not None:
        return Starter(_("started by %(who)s") % {"who": presser(ours)}, ours)
    if delivery.started_client == workspace.client_id and workspace.client_id:
        return Starter(_("started with this workspace's own credentials, though by no activation here"))
    who = named(delivery.started_by, delivery.started_client)
    if who:
        return Starter(_("started by %(who)s, as Adobe names them") % {"who": who})
    return Starter(_("who started it is unknown"))


def presser(activation: Activation) -> str:
    """The person who pressed, or the way it was pressed."""
    person = activation.requested_by
    return (
        (person.get_full_name() or person.get_username()) if person else str(activation.get_source_display())
    )


def named(person: str, client: str) -> str:
    """ "A@AdobeID (exc_app)", or the one of them that is known."""
    return f"{person} ({client})" if person and client and person != client else person or client


def keep(deliveries: Iterable[Delivery], runs: Mapping[str, Run], now: datetime) -> None:
    """Keep whom the platform names for runs that were joined, the first time it shows them; the story tells."""
    new = [
        delivery
        for delivery in deliveries
        if delivery.joined and not (delivery.started_by or delivery.started_client)
        and (run := runs.get(delivery.run_id)) is not None and (run.created_by or run.created_client)
    ]  # fmt: skip
    if not new:
        return
    for delivery in new:
        run = runs[delivery.run_id]
        delivery.started_by, delivery.started_client = run.created_by[:LONGEST], run.created_client[:LONGEST]
    ours = _ours(new)
    with transaction.atomic():
        Delivery.objects.bulk_update(new, ["started_by", "started_client"])
        Event.objects.bulk_create(_event(one, ours.get((one.workspace_id, one.run_id)), now) for one in new)
        touched = Activation.objects.filter(pk__in={delivery.activation_id for delivery in new})
        touched.update(version=F("version") + 1)


def _event(delivery: Delivery, ours: Activation | None, now: datetime) -> Event:
    by = presser(ours) if ours else named(delivery.started_by, delivery.started_client)
    return Event(
        workspace_id=delivery.workspace_id, activation_id=delivery.activation_id, delivery=delivery, at=now,
        what="starter", data={"by": by},
    )  # fmt: skip
