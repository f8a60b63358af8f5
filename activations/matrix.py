"""Audiences × destinations: a window of columns, a page of rows, and a cell with its verdict where one is mapped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from activations.choice import Search
from activations.going import Row, rows_of
from audiences.models import Audience, Dataflow, Destination, Mapping, Workspace
from audiences.models.catalog import Kind


@dataclass(frozen=True, slots=True)
class Column:
    """Where something can go: a dataflow, or at Segment, where every audience has connections of its own, a
    destination."""

    workspace: Workspace
    name: str
    under: str
    destination: int
    dataflow: int | None = None
    url: str = ""

    @property
    def key(self) -> tuple[int, int | None]:
        return self.destination, self.dataflow

    @property
    def mappings(self) -> Q:
        """Condition on mappings that lead here."""
        return Q(dataflow=self.dataflow) if self.dataflow else Q(dataflow__destination=self.destination)


@dataclass(frozen=True, slots=True)
class Line:
    """One audience and its cells, one per column: each holds none, one, or at Segment several mappings."""

    audience: Audience
    workspace: Workspace
    cells: Sequence[tuple[Column, Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """What a page shows of all that was found. `found` counts mappings, `rows` are those shown, `kept` those that are
    chosen and stand on another page."""

    columns: Page[Column]
    audiences: Page[Audience]
    lines: Sequence[Line]
    rows: Sequence[Row]
    kept: Sequence[Row]
    found: int

    @property
    def heads(self) -> list[tuple[Workspace, int]]:
        """The workspaces above the columns, each with how many it spans."""
        spans: dict[Workspace, int] = {}
        for column in self.columns:
            spans[column.workspace] = spans.get(column.workspace, 0) + 1
        return list(spans.items())


def matrix(
    search: Search,
    places: Sequence[Workspace],
    chosen: Collection[int],
    kept: Iterable[Mapping],
    *,
    window: tuple[str | None, int],
    page: tuple[str | None, int],
) -> Matrix:
    """`places` are the workspaces searched, the home first. `window` and `page` are (number as asked, size)."""
    columns = Paginator(columns_of(search, places), window[1]).get_page(window[0])
    leads = reduce(or_, (column.mappings for column in columns), Q(pk__in=()))
    audiences = Paginator(_audiences(search, leads), page[1]).get_page(page[0])
    mapped = search.mappings().filter(leads, audience__in=[one.pk for one in audiences])
    here = list(mapped.order_by("audience__name", "audience_id", "dataflow__name", "pk"))
    seen = {mapping.pk for mapping in here}
    rows = rows_of(places[0], [*here, *(one for one in kept if one.pk not in seen)], chosen)
    lines = _lines(audiences, columns, rows[: len(here)], places)
    return Matrix(columns, audiences, lines, rows[: len(here)], rows[len(here) :], search.mappings().count())


def columns_of(search: Search, places: Sequence[Workspace]) -> list[Column]:
    """Every column that something found leads to, by workspace and name."""
    order = {place.pk: (number, place) for number, place in enumerate(places)}
    found = [*_dataflows(search, order)]
    if any(place.is_segment for place in places):
        found += _destinations(search, order)
    return sorted(found, key=lambda one: (order[one.workspace.pk][0], one.name.casefold(), one.key[0]))


def _dataflows(search: Search, order: dict[int, tuple[int, Workspace]]) -> Iterable[Column]:
    mapped = Mapping.objects.filter(
        search.of_audiences("audience__"), dataflow=OuterRef("pk"), vanished_at=None
    )
    flows = Dataflow.objects.filter(search.of_flows(), Exists(mapped), kind=Kind.BATCH_FILE)
    for flow in flows.select_related("destination"):
        place = order[flow.workspace_id][1]
        url = reverse("activations:dataflow", args=[place.slug, flow.platform_id])
        yield Column(place, flow.name, flow.destination.platform, flow.destination_id, flow.pk, url)


def _destinations(search: Search, order: dict[int, tuple[int, Workspace]]) -> Iterable[Column]:
    mapped = Mapping.objects.filter(
        search.of_flows("dataflow__"), search.of_audiences("audience__"), vanished_at=None,
        dataflow__destination=OuterRef("pk"), dataflow__kind=Kind.CONNECTION,
    )  # fmt: skip
    for one in Destination.objects.filter(Exists(mapped), workspace__in=search.places):
        yield Column(order[one.workspace_id][1], one.platform, one.account or "", one.pk)


def _audiences(search: Search, leads: Q) -> QuerySet[Audience]:
    # Of ten thousand audiences these columns lead some hundreds: the database finds those first.
    mapped = Mapping.objects.filter(leads, vanished_at=None).values("audience")
    rows = Audience.objects.filter(search.of_audiences(), pk__in=mapped, workspace__in=search.places)
    return rows.order_by("name", "pk")


def _lines(
    audiences: Iterable[Audience],
    columns: Page[Column],
    rows: Sequence[Row],
    places: Sequence[Workspace],
) -> list[Line]:
    by_pk = {place.pk: place for place in places}
    keys = {column.key for column in columns}
    cells: dict[tuple[int, tuple[int, int | None]], list[Row]] = defaultdict(list)
    for row in rows:
        flow = row.mapping.dataflow
        own = (flow.destination_id, flow.pk)
        cells[row.mapping.audience_id, own if own in keys else (flow.destination_id, None)].append(row)
    return [
        Line(
            audience, by_pk[audience.workspace_id],
            [(column, cells.get((audience.pk, column.key), ())) for column in columns],
        )
        for audience in audiences
    ]  # fmt: skip
