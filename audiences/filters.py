"""Finding in lists: search, filters with counts, sorting and paging, all carried by the address.

One grouped query counts every filter choice and the total, so neither grows with the number of filters,
and no page counts rows a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ALL = "all"
UNKNOWN = "unknown"
if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

Word = str | Promise
Groups = list[dict[str, Any]]
COUNTS_KEPT = 300  # seconds


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter. Either `column` (its values are the choices) or `bands` (named conditions).

    `word` turns a value into what is shown; `default` holds when the address says nothing.
    """

    name: str
    label: Word
    column: str = ""
    bands: Mapping[str, tuple[Word, Q]] = field(default_factory=dict)
    word: Callable[[str], Word] = str
    default: str = ""

    @property
    def key(self) -> str:
        return f"facet_{self.name}"

    def expression(self) -> Combinable:
        """The value a row is grouped under."""
        if not self.bands:
            return F(self.column)
        cases = [When(where, then=Value(value)) for value, (_said, where) in self.bands.items()]
        return Case(*cases, default=Value(""), output_field=CharField())

    def where(self, value: str) -> Q:
        if self.bands:
            return self.bands[value][1] if value in self.bands else Q(pk__in=[])
        if value != UNKNOWN:
            return Q(**{self.column: value})
        return Q(**{f"{self.column}__isnull": True}) | Q(**{f"{self.column}__in": ["", UNKNOWN]})

    def shown(self, value: str) -> Word:
        if self.bands:
            return self.bands[value][0] if value in self.bands else value
        word = self.word(value)
        return _("unknown") if word == UNKNOWN else word


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    word: Word
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A facet as a page shows it."""

    name: str
    label: Word
    value: str
    choices: list[Choice]
    total: int
    narrows: bool

    @property
    def chosen(self) -> Choice | None:
        return next((choice for choice in self.choices if choice.current), None)


class CountedPaginator(_Paginator):
    """Pages of rows whose number is known already."""

    def __init__(self, rows: QuerySet[Any], per_page: int, known: int) -> None:
        super().__init__(rows, per_page)
        self.known = known

    @cached_property
    def count(self) -> int:
        return self.known


@dataclass(frozen=True, slots=True)
class Found:
    """What a list page shows."""

    page: Page[Any]
    filters: list[Filter]
    q: str
    sort: str
    resorted: bool
    total: int

    @property
    def rows(self) -> QuerySet[Any]:
        """All that was found, on whatever page, in the same order."""
        return cast("QuerySet[Any]", self.page.paginator.object_list)

    @property
    def narrowed(self) -> list[Filter]:
        """Filters somebody chose, for the chips."""
        return [one for one in self.filters if one.narrows]


@dataclass(frozen=True, slots=True)
class Finder:
    """How one kind of row is found. `sorts` maps the address's word to a field, `search` are fields."""

    facets: Sequence[Facet]
    search: Sequence[str]
    sorts: Mapping[str, str]
    sort: str
    per_page: int = 50

    def find(self, rows: QuerySet[Any], query: QueryDict, kept_as: str = "") -> Found:
        """The page the address asks for. `kept_as` names counts that may be kept for some minutes."""
        q = query.get("q", "").replace("\0", "").strip()[:200]
        chosen = {facet.name: query.get(facet.name, facet.default).replace("\0", "") for facet in self.facets}
        searched = rows.filter(self._matching(q))
        groups = self._groups(searched, "" if q else kept_as)
        asked = [
            facet.where(chosen[facet.name]) for facet in self.facets if chosen[facet.name] not in ("", ALL)
        ]
        sort, order = self._order(query.get("sort", ""))
        total = sum(group["n"] for group in groups if self._fits(group, chosen))
        paginator = CountedPaginator(searched.filter(*asked).order_by(*order), self.per_page, total)
        filters = [self._filter(facet, groups, chosen) for facet in self.facets]
        page = paginator.get_page(query.get("page"))
        return Found(page, filters, q, sort, sort != self.sort, total)

    def _matching(self, q: str) -> Q:
        """Every word must occur in one of the searched fields."""
        found = Q()
        for word in q.split():
            one = Q()
            for name in self.search:
                one |= Q(**{f"{name}__icontains": word})
            found &= one
        return found

    def _groups(self, rows: QuerySet[Any], kept_as: str) -> Groups:
        kept: Groups | None = cache.get(kept_as) if kept_as else None
        if kept is not None:
            return kept
        keys = {facet.key: facet.expression() for facet in self.facets}
        groups = list(rows.order_by().values(**keys).annotate(n=Count("pk")))
        for group in groups:
            for key in keys:
                group[key] = str(group[key]) if group[key] not in (None, "") else UNKNOWN
        if kept_as:
            cache.set(kept_as, groups, COUNTS_KEPT)
        return groups

    def _fits(self, group: dict[str, Any], chosen: dict[str, str], but: str = "") -> bool:
        return all(
            facet.name == but or chosen[facet.name] in ("", ALL, group[facet.key]) for facet in self.facets
        )

    def _filter(self, facet: Facet, groups: Groups, chosen: dict[str, str]) -> Filter:
        """The facet's choices, each counted under the other filters."""
        counts: dict[str, int] = dict.fromkeys(facet.bands, 0)
        for group in groups:
            counts.setdefault(group[facet.key], 0)
            if self._fits(group, chosen, but=facet.name):
                counts[group[facet.key]] += group["n"]
        value = chosen[facet.name]
        if value not in ("", ALL):
            counts.setdefault(value, 0)
        choices = [Choice(one, facet.shown(one), n, one == value) for one, n in counts.items()]
        if not facet.bands:
            choices.sort(key=lambda choice: str(choice.word).casefold())
        narrows = value not in ("", ALL, facet.default)
        return Filter(facet.name, facet.label, value, choices, sum(counts.values()), narrows)

    def _order(self, asked: str) -> tuple[str, list[Any]]:
        sort = asked if asked.lstrip("-") in self.sorts and not asked.startswith("--") else self.sort
        name = F(self.sorts[sort.lstrip("-")])
        falling = sort.startswith("-")
        if sort.lstrip("-") == "name":
            return sort, [f"{'-' * falling}{self.sorts['name']}", "pk"]
        return sort, [name.desc(nulls_last=True) if falling else name.asc(nulls_last=True), "pk"]
