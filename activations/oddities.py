"""What the platform said that no document foretells: kept word for word on the delivery, and flagged there.

Nothing is concluded from it: no run is followed, and nothing is sent, because of an oddity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activations.messages.message import Words
from activations.models import Activation, Delivery
from platforms.types import Oddity, Run

# More of them on one delivery tell nobody more.
KEPT = 10

WORDS: dict[str, Words] = {
    "pair": gettext_lazy("Adobe's answer also named what was not asked for"),
    "duplicate": gettext_lazy("Adobe's answer named it more than once; the first run is followed"),
    "run_id": gettext_lazy("Adobe's answer gave a run id in a shape we do not know"),
    "fields": gettext_lazy("Adobe's answer held fields we do not know"),
    "record": gettext_lazy("Adobe's answer held something that is no record"),
    "status": gettext_lazy("Adobe's run has a status we do not know"),
    "run_fields": gettext_lazy("Adobe's run holds fields we do not know"),
}


@dataclass(frozen=True, slots=True)
class Odd:
    """One oddity on a row: what is odd, and what the vendor said."""

    words: str
    said: str


def shown(delivery: Delivery) -> list[Odd]:
    return [
        Odd(str(WORDS.get(one.get("kind"), _("Adobe said something we do not know"))), one.get("said", ""))
        for one in delivery.oddities
    ]


def flag_answer(deliveries: list[Delivery], odd: Iterable[Oddity]) -> None:
    """Keep what was odd in a job's answer, on the deliveries it is about."""
    _keep([(delivery, one) for one in odd for delivery in _about(one, deliveries)])


def _about(one: Oddity, deliveries: list[Delivery]) -> list[Delivery]:
    """The delivery of its pair; else those of its audience, or of its dataflow; else all of the job."""
    dataflow, audience = one.pair or ("", "")
    return (
        [d for d in deliveries if d.pair == one.pair]
        or [d for d in deliveries if d.audience.platform_id == audience]
        or [d for d in deliveries if d.dataflow.platform_id == dataflow]
        or deliveries
    )


def flag_runs(deliveries: Iterable[Delivery], runs: Mapping[str, Run]) -> None:
    """Keep what is odd in the runs that these deliveries follow, the first time it is seen."""
    _keep([(one, odd) for one in deliveries if one.run_id in runs for odd in runs[one.run_id].odd])


def _keep(found: list[tuple[Delivery, Oddity]]) -> None:
    changed: dict[int, Delivery] = {}
    for delivery, one in found:
        record = {"kind": one.kind, "said": one.said}
        if record not in delivery.oddities and len(delivery.oddities) < KEPT:
            delivery.oddities = [*delivery.oddities, record]
            changed[delivery.pk] = delivery
    if not changed:
        return
    with transaction.atomic():
        Delivery.objects.bulk_update(changed.values(), ["oddities"])
        touched = Activation.objects.filter(pk__in={delivery.activation_id for delivery in changed.values()})
        touched.order_by("pk").update(version=F("version") + 1)
