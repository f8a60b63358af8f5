"""How many deliveries came to which outcome on each day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activations import states
from activations.charts import Chart, Column, Mark, Row, Table, columns
from activations.models import Delivery
from activations.trends.kept import kept
from activations.trends.span import Span
from audiences import speech


@dataclass(frozen=True, slots=True)
class Outcome:
    """States that a chart shows as one. `always`: it has its place even where it never occurs."""

    name: str | Promise
    states: tuple[str, ...]
    mark: Mark
    always: bool = False


DELIVERED = Outcome(gettext_lazy("Delivered"), (states.SUCCEEDED, states.FINISHED), Mark("done"), always=True)
FINISHED = Outcome(gettext_lazy("Resync finished"), DELIVERED.states, DELIVERED.mark, always=True)
OTHERS = (
    Outcome(gettext_lazy("Empty or in part"), (states.EMPTY, states.PARTLY), Mark("look", "stripes")),
    Outcome(
        gettext_lazy("Failed, refused or blocked"), (states.FAILED, states.REFUSED, states.BLOCKED),
        Mark("act", "hatch"), always=True,
    ),
    Outcome(gettext_lazy("Unknown"), (states.STOPPED,), Mark("look", "dots")),
    Outcome(gettext_lazy("Canceled"), (states.CANCELED,), Mark("idle", "stripes")),
)  # fmt: skip


def outcomes(
    rows: QuerySet[Delivery],
    span: Span,
    zone: str,
    *,
    segment: bool = False,
    record: QuerySet[Delivery],
    kept_as: str = "",
) -> Chart:
    """The chart of these deliveries' outcomes, in three queries. A delivery belongs to the day on which we knew its
    outcome; every try counts, also one that a retry took the place of.

    `record` is all that we know of the workspace: days before its first outcome are unknown, for nobody wrote down
    then what was sent. `kept_as` names figures of days that are over, which may be kept for some minutes.
    """
    over = span.past
    counted = Counter(kept(over.key(kept_as and f"{kept_as}:outcomes"), lambda: _counted(rows, over)))
    counted.update({(len(over.days), state): n for (_day, state), n in _counted(rows, span.today).items()})
    began = 0
    if not record.filter(state__in=states.FINAL, state_since__lt=span.bounds[0]).exists():
        began = min((place for place, _state in counted), default=len(span.days))
    shown = [
        one for one in ((FINISHED if segment else DELIVERED), *OTHERS) if one.always or _total(counted, one)
    ]
    table = Table(
        caption=_("Deliveries per day by outcome; days in %(zone)s") % {"zone": zone},
        head=_("Day"),
        columns=tuple(Column(str(one.name), one.mark) for one in shown),
        rows=tuple(
            _row(span, place, counted, shown, known=place >= began) for place in range(len(span.days))
        ),
    )
    count = len(span.days)
    title = ngettext("Deliveries, last %(n)s day", "Deliveries, last %(n)s days", count)
    if segment:
        title = ngettext("Resyncs, last %(n)s day", "Resyncs, last %(n)s days", count)
    return Chart("outcomes", title % {"n": count}, _says(table, zone), table, columns)


def _counted(rows: QuerySet[Delivery], span: Span) -> Counter[tuple[int, str]]:
    """How many by (number of the day, state)."""
    if not span.days:
        return Counter()
    over = rows.filter(span.within("state_since"), state__in=states.FINAL).order_by()
    grouped = over.annotate(day=span.place("state_since")).values_list("day", "state").annotate(n=Count("pk"))
    return Counter({(day, state): n for day, state, n in grouped})


def _total(counted: Counter[tuple[int, str]], one: Outcome) -> int:
    return sum(n for (_place, state), n in counted.items() if state in one.states)


def _row(
    span: Span, place: int, counted: Counter[tuple[int, str]], shown: list[Outcome], *, known: bool
) -> Row:
    key, head = span.days[place].isoformat(), span.word(place)
    if not known:
        return Row(head, key, (None,) * len(shown), note=_("before the first outcome here"))
    return Row(head, key, tuple(sum(counted[place, state] for state in one.states) for one in shown))


def _says(table: Table, zone: str) -> str:
    if all(value is None for row in table.rows for value in row.values):
        return _("Nothing has come to an outcome here yet.")
    if not any(table.known):
        return _("Nothing came to an outcome in these days.")
    totals = {
        column.name: sum(value for value in values if value is not None)
        for column, _mark, values in table.series
    }
    said = ", ".join(f"{name} {speech.number(n)}" for name, n in totals.items())
    return _("%(totals)s. Days in %(zone)s; every try counts.") % {"totals": said, "zone": zone}
