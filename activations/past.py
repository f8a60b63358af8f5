"""Finding past activations: filters that the address carries, and pages by key, not by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activations import states
from activations.models import Activation, Delivery, seen_whole
from audiences.models import Audience, Dataflow, User, Workspace

PER_PAGE = 50
LONGEST_SEARCH = 200
NAMES_FOUND = 500

# Word, and which deliveries have it.
OUTCOMES: dict[str, tuple[str | Promise, Q]] = {
    "moving": (_("Moving or waiting"), Q(state__in=states.MOVING)),
    "needs": (_("Needs you"), Q(state__in=states.NEEDS_YOU)),
    "delivered": (_("Delivered"), Q(state__in=states.DELIVERED)),
    "unusual": (_("Unusual"), ~Q(unusual="")),
    "finished": (_("Resync finished"), Q(state=states.FINISHED)),
    "canceled": (_("Canceled"), Q(state=states.CANCELED)),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; what cannot be read counts as not asked."""

    who: str = ""
    outcome: str = ""
    destination: str = ""
    audience: str = ""
    until: date | None = None
    before: tuple[datetime, int] | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        def text(name: str) -> str:
            return query.get(name, "").replace("\0", "").strip()[:LONGEST_SEARCH]

        outcome, who = text("outcome"), text("who")
        return cls(
            who=who if who.isascii() and who.isdigit() and len(who) < 19 else "",
            outcome=outcome if outcome in OUTCOMES else "",
            destination=text("destination"),
            audience=text("audience"),
            until=_day(text("until")),
            before=_key(text("before")),
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.who or self.outcome or self.destination or self.audience or self.until)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _key(text: str) -> tuple[datetime, int] | None:
    try:
        moment, pk = text.rsplit("_", 1)
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(
            timezone.get_fixed_timezone(0)
        ), int(pk)
    except (ValueError, OverflowError):
        return None


def key_of(activation: Activation) -> str:
    """What `before=` says to go on after this row."""
    moment = activation.requested_at.astimezone(timezone.get_fixed_timezone(0))
    return f"{moment.isoformat().replace('+00:00', 'Z')}_{activation.pk}"


def past(workspace: Workspace, viewer: User, asked: Asked) -> list[QuerySet[Activation]]:
    """Activations that match, newest first, whatever page is asked for: those pressed here, and those that
    were pressed in another workspace and reach into this one. Two lists, because each has its index."""
    rows = Activation.objects.filter(seen_whole(viewer)).select_related("requested_by", "workspace")
    matching = _matching(rows, workspace, asked).order_by("-requested_at", "-pk")
    return [
        matching.filter(workspace=workspace),
        matching.filter(shares__workspace=workspace).exclude(workspace=workspace),
    ]


def _matching(rows: QuerySet[Activation], workspace: Workspace, asked: Asked) -> QuerySet[Activation]:
    if asked.who:
        rows = rows.filter(requested_by=int(asked.who))
    if asked.until:
        rows = rows.filter(requested_at__lt=_end_of(asked.until))
    if with_delivery := _delivery_filter(workspace, asked):
        rows = rows.filter(
            Exists(Delivery.objects.filter(with_delivery, activation=OuterRef("pk"), superseded=False))
        )
    return rows


def _end_of(day: date) -> datetime:
    """The end of a day in the viewer's zone."""
    return timezone.make_aware(
        datetime.combine(min(day, date(9999, 12, 30)) + timedelta(days=1), datetime.min.time())
    )


def _delivery_filter(workspace: Workspace, asked: Asked) -> Q:
    found = OUTCOMES[asked.outcome][1] if asked.outcome else Q()
    if asked.destination:
        found &= Q(dataflow__in=_named(Dataflow, workspace, asked.destination))
    if asked.audience:
        found &= Q(audience__in=_named(Audience, workspace, asked.audience))
    return found


def _named(model: type[Dataflow | Audience], workspace: Workspace, text: str) -> list[int]:
    rows = model.objects.filter(workspace=workspace)
    match = Q(platform_id=text)
    words = Q()
    for word in text.split():
        words &= Q(name__icontains=word)
    return list(rows.filter(match | words).values_list("pk", flat=True)[:NAMES_FOUND])


def page_of(lists: list[QuerySet[Activation]], asked: Asked) -> tuple[list[Activation], str]:
    """One page of the lists together, and the key of the next one or ""."""
    found: list[Activation] = []
    for rows in lists:
        if asked.before:
            moment, pk = asked.before
            rows = rows.filter(Q(requested_at__lt=moment) | Q(requested_at=moment, pk__lt=pk))  # noqa: PLW2901
        found += rows[: PER_PAGE + 1]
    found.sort(key=lambda activation: (activation.requested_at, activation.pk), reverse=True)
    return found[:PER_PAGE], key_of(found[PER_PAGE - 1]) if len(found) > PER_PAGE else ""
