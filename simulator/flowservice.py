"""Flow Service: dataflows, connections and their specs, read only."""

from collections.abc import Callable, Sequence
from typing import Any

from simulator import vendors
from simulator.dataflow import Flow
from simulator.query import Query, parse, read_path
from simulator.wire import Answer, Ask, Json, answer, dumps, listing, missing
from simulator.world import World

SELECTED = "transformations[].params.segmentSelectors.selectors[].value.id"
FLOW_PATHS = frozenset(
    {
        "id",
        "name",
        "description",
        "flowSpec.id",
        "state",
        "sourceConnectionIds[]",
        "targetConnectionIds[]",
        "inheritedAttributes.properties.isDestinationFlow",
        "inheritedAttributes.sourceConnections[].id",
        "inheritedAttributes.sourceConnections[].connectionSpec.id",
        "inheritedAttributes.targetConnections[].id",
        "inheritedAttributes.targetConnections[].connectionSpec.id",
        "inheritedAttributes.targetConnections[].baseConnection.id",
        "lastRunDetails.startedAtUTC",
        SELECTED,
    }
)
CONNECTION_PATHS = frozenset({"id", "name", "description", "connectionSpec.id", "state"})
LINK_PATHS = frozenset({"id", "connectionSpec.id", "baseConnectionId"})
SPEC_PATHS = frozenset(
    {"id", "name", "providerId", "attributes.category", "attributes.isSource", "attributes.isDestination"}
)
SORTABLE = frozenset({"name", "createdAt", "updatedAt", "state", "id"})
SPEC_SORTABLE = frozenset({"name", "id"})
Reader = Callable[[Any, str], list[Any]]
NEWEST = (("updatedAt", True),)


def flows(world: World, ask: Ask) -> Answer:
    """GET /flows."""
    world.at_now(ask.sandbox)
    query = parse(ask, FLOW_PATHS, SORTABLE)
    found = chosen(query, list(ask.sandbox.flows.values()), read_flow)
    return page(query, "flows", found, Flow.rendered)


def read_flow(flow: Flow, path: str) -> list[Any]:
    """A dataflow's values under a path, through its own cache."""
    return flow.values(path, read_path)


def flow(world: World, ask: Ask) -> Answer:
    """GET /flows/{id}: wrapped in a list like everything here."""
    world.at_now(ask.sandbox)
    found = ask.sandbox.flows.get(ask.parts[0])
    if found is None:
        raise missing("flows", ask.parts[0])
    return listing("items", [found.rendered()], {"_links": {}})


def connections(_: World, ask: Ask) -> Answer:
    """GET /connections."""
    return _documents(ask, "connections", list(ask.sandbox.connections.values()), CONNECTION_PATHS)


def sources(_: World, ask: Ask) -> Answer:
    """GET /sourceConnections."""
    return _documents(ask, "sourceConnections", list(ask.sandbox.sources.values()), LINK_PATHS)


def targets(_: World, ask: Ask) -> Answer:
    """GET /targetConnections."""
    return _documents(ask, "targetConnections", list(ask.sandbox.targets.values()), LINK_PATHS)


def connection(_: World, ask: Ask) -> Answer:
    """GET /connections/{id}."""
    return _one("connections", ask.sandbox.connections.get(ask.parts[0]), ask.parts[0])


def source(_: World, ask: Ask) -> Answer:
    """GET /sourceConnections/{id}."""
    return _one("sourceConnections", ask.sandbox.sources.get(ask.parts[0]), ask.parts[0])


def target(_: World, ask: Ask) -> Answer:
    """GET /targetConnections/{id}."""
    return _one("targetConnections", ask.sandbox.targets.get(ask.parts[0]), ask.parts[0])


def connection_specs(_: World, ask: Ask) -> Answer:
    """GET /connectionSpecs."""
    return _documents(ask, "connectionSpecs", vendors.connection_specs(), SPEC_PATHS, SPEC_SORTABLE)


def connection_spec(_: World, ask: Ask) -> Answer:
    """GET /connectionSpecs/{id}."""
    found = next((spec for spec in vendors.connection_specs() if spec["id"] == ask.parts[0]), None)
    return _one("connectionSpecs", found, ask.parts[0])


def flow_specs(_: World, ask: Ask) -> Answer:
    """GET /flowSpecs."""
    return _documents(ask, "flowSpecs", vendors.flow_specs(), SPEC_PATHS, SPEC_SORTABLE)


def flow_spec(_: World, ask: Ask) -> Answer:
    """GET /flowSpecs/{id}."""
    found = next((spec for spec in vendors.flow_specs() if spec["id"] == ask.parts[0]), None)
    return _one("flowSpecs", found, ask.parts[0])


def chosen(query: Query, rows: Sequence[Any], read: Reader) -> list[Any]:
    """The rows that pass the filters, in the wanted order; newest updated first by default."""
    found = [row for row in rows if query.accepts(lambda path, row=row: read(row, path))]  # type: ignore[misc]
    for name, descending in reversed(query.order or NEWEST):
        found.sort(key=lambda row, name=name: read(row, name)[:1], reverse=descending)  # type: ignore[misc]
    return found


def page(query: Query, kind: str, found: list[Any], show: Callable[[Any], bytes]) -> Answer:
    """One page of a list, or only its length."""
    if query.count:
        return answer({"count": len(found)})
    end = query.offset + query.limit
    links = query.links(kind, end) if end < len(found) else {}
    return listing("items", [show(row) for row in found[query.offset : end]], {"_links": links})


def _documents(
    ask: Ask, kind: str, rows: list[Json], paths: frozenset[str], sortable: frozenset[str] = SORTABLE
) -> Answer:
    query = parse(ask, paths, sortable)
    return page(query, kind, chosen(query, rows, read_path), dumps)


def _one(kind: str, found: Json | None, entity: str) -> Answer:
    if found is None:
        raise missing(kind, entity)
    return answer({"items": [found]})
