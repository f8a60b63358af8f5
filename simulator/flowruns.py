"""Flow Service: the runs, found through their indexes and shown as they are at this moment."""

import heapq
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from simulator.dataflow import Flow
from simulator.query import Query, parse
from simulator.runs import HIDDEN, Run
from simulator.runview import RUN_PATHS, SOURCE_ENTITY, TARGET_ENTITY, run_document, run_value
from simulator.sandbox import Sandbox
from simulator.wire import Answer, Ask, Json, answer, dumps, listing, missing
from simulator.world import World

SORTABLE = frozenset({"createdAt", "updatedAt"})


def runs(world: World, ask: Ask) -> Answer:
    """GET /runs. The cursor is the last run's place in the order of creation, so that new runs arriving
    while a client pages do not shift its pages."""
    place, now = ask.sandbox, world.at_now(ask.sandbox)
    query = parse(ask, RUN_PATHS, SORTABLE)
    matching = _matching(place, query, now)
    if query.count:
        return answer({"count": sum(1 for _ in matching)})
    if any(name == "updatedAt" for name, _ in query.order):
        return _by_update(place, query, list(matching), now)
    taken = list(islice(_after(query, matching), query.limit + 1))
    shown = taken[: query.limit]
    links = query.links("runs", shown[-1].seq) if len(taken) > query.limit else {}
    return _page(place, shown, links, now)


def run(world: World, ask: Ask) -> Answer:
    """GET /runs/{id}: wrapped, and 404 until the platform lets it be seen."""
    place, now = ask.sandbox, world.at_now(ask.sandbox)
    found = place.runs.by_id.get(ask.parts[0])
    if found is None or found.phase(now) == HIDDEN:
        raise missing("runs", ask.parts[0])
    return answer({"items": [run_document(found, flow_of(place, found), place, now)], "_links": {}})


def flow_of(place: Sandbox, found: Run) -> Flow:
    """The dataflow of a run."""
    return place.flows[found.flow]


def _page(place: Sandbox, shown: list[Run], links: Json, now: float) -> Answer:
    documents = [run_document(one, flow_of(place, one), place, now) for one in shown]
    return listing("items", [dumps(document) for document in documents], {"_links": links})


def _matching(place: Sandbox, query: Query, now: float) -> Iterator[Run]:
    for found in _candidates(place, query):
        if found.phase(now) != HIDDEN and query.accepts(partial(_value, found, now)):
            yield found


def _value(found: Run, now: float, path: str) -> list[Any]:
    return run_value(found, path, now)


def _candidates(place: Sandbox, query: Query) -> Iterable[Run]:
    """The fewest runs that can hold the answer, in the wanted order of creation."""
    newest = not query.order or query.order[0][1]
    book = place.runs
    ids, flows = query.wanted("id"), query.wanted("flowId")
    people = query.wanted(TARGET_ENTITY) or query.wanted(SOURCE_ENTITY)
    if ids is not None:
        found = [book.by_id[one] for one in set(ids) if one in book.by_id]
        return sorted(found, key=_seq, reverse=newest)
    if flows is not None:
        lists = [book.by_flow[one] for one in set(flows) if one in book.by_flow]
    elif people is not None:
        names = {one.removeprefix("segment:") for one in people}
        lists = [book.by_audience[one] for one in names if one in book.by_audience]
    else:
        lists = [book.all]
    ways: list[Any] = [reversed(one) if newest else one for one in lists]
    return heapq.merge(*ways, key=_seq, reverse=newest)


def _seq(found: Run) -> int:
    return found.seq


def _after(query: Query, rows: Iterable[Run]) -> Iterator[Run]:
    newest = not query.order or query.order[0][1]
    for found in rows:
        if query.offset and (found.seq >= query.offset if newest else found.seq <= query.offset):
            continue
        yield found


def _by_update(place: Sandbox, query: Query, rows: list[Run], now: float) -> Answer:
    rows.sort(key=lambda found: found.updated(now), reverse=query.order[0][1])
    end = query.offset + query.limit
    links = query.links("runs", end) if end < len(rows) else {}
    return _page(place, rows[query.offset : end], links, now)
