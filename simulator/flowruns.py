"""Flow Service: the runs, found through their indexes and shown as they are at this moment."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from simulator.dataflow import Flow
from simulator.query import Query, parse, read_path
from simulator.runs import HIDDEN, Run
from simulator.runview import run_document
from simulator.sandbox import Sandbox
from simulator.wire import Answer, Ask, Json, answer, dumps, listing, missing
from simulator.world import World

TARGET_ENTITY = "metrics.recordSummary.targetSummaries[].entitySummaries[].id"
SOURCE_ENTITY = "metrics.recordSummary.sourceSummaries[].entitySummaries[].id"
PATHS = frozenset(
    {
        "id",
        "flowId",
        "createdAt",
        "state",
        "providerRefId",
        "metrics.durationSummary.startedAtUTC",
        "metrics.durationSummary.completedAtUTC",
        "metrics.statusSummary.status",
        TARGET_ENTITY,
        SOURCE_ENTITY,
    }
)
SORTABLE = frozenset({"createdAt", "updatedAt"})


def runs(world: World, ask: Ask) -> Answer:
    """GET /runs. The cursor is the last run's place in the order of creation, so that new runs arriving
    while a client pages do not shift its pages."""
    place, now = ask.sandbox, world.at_now(ask.sandbox)
    query = parse(ask, PATHS, SORTABLE)
    matching = _matching(place, query, now)
    if query.count:
        return answer({"count": sum(1 for _ in matching)})
    if any(name == "updatedAt" for name, _ in query.order):
        return _by_update(query, list(matching), now)
    taken = list(islice(_after(query, matching), query.limit + 1))
    shown = taken[: query.limit]
    links = query.links("runs", shown[-1][0].seq) if len(taken) > query.limit else {}
    return listing("items", [dumps(document) for _, document in shown], {"_links": links})


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


def _matching(place: Sandbox, query: Query, now: float) -> Iterator[tuple[Run, Json]]:
    for found in _candidates(place, query):
        if found.phase(now) == HIDDEN:
            continue
        document = run_document(found, flow_of(place, found), place, now)
        if query.accepts(lambda path, document=document: read_path(document, path)):  # type: ignore[misc]
            yield found, document


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


def _after(query: Query, rows: Iterable[tuple[Run, Json]]) -> Iterator[tuple[Run, Json]]:
    newest = not query.order or query.order[0][1]
    for found, document in rows:
        if query.offset and (found.seq >= query.offset if newest else found.seq <= query.offset):
            continue
        yield found, document


def _by_update(query: Query, rows: list[tuple[Run, Json]], now: float) -> Answer:
    rows.sort(key=lambda row: row[0].updated(now), reverse=query.order[0][1])
    end = query.offset + query.limit
    links = query.links("runs", end) if end < len(rows) else {}
    return listing("items", [dumps(row[1]) for row in rows[query.offset : end]], {"_links": links})
