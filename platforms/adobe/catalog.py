"""The dataflows of a sandbox, with the destination types, accounts and places they refer to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

import structlog

from platforms.adobe.dataflows import Place, Surroundings, dataflow, place
from platforms.adobe.gateway import FLOW_SERVICE, Gateway, Params, single
from platforms.adobe.kinds import PlatformSpec, platform_spec
from platforms.decoding import Record, text
from platforms.errors import CredentialsRefused, NotFound, PlatformError
from platforms.http import together
from platforms.types import Dataflow

log = structlog.get_logger(__name__)

Known = TypeVar("Known")

# Sources, destinations and internal flows share one list (contract §14 no. 12).
DESTINATION_FLOWS = ("property", "inheritedAttributes.properties.isDestinationFlow==true")
PAGE = ("limit", "100")  # the most Flow Service gives (DST-SPEC)
IDS_PER_CALL = 100
SURROUNDINGS_SECONDS = 900.0


class Catalog:
    """Reads dataflows. Keeps what surrounds them for a quarter of an hour, so one dataflow costs one call."""

    def __init__(self, gateway: Gateway, clock: Callable[[], float]) -> None:
        self._gateway = gateway
        self._clock = clock
        self._around = Surroundings()
        self._around_until = 0.0

    def dataflows(self) -> tuple[Dataflow, ...]:
        """Every destination dataflow. What surrounds them is read anew, at the same time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            around = pool.submit(self._read_surroundings)
            flows = list(self._all(f"{FLOW_SERVICE}/flows", [DESTINATION_FLOWS]))
            self._keep(around.result())
        return self._decoded(flows)

    def dataflows_by_id(self, ids: Collection[str]) -> dict[str, Dataflow]:
        """The dataflows of these ids, a hundred a call; an id the platform does not know is absent."""
        batches = list(batched(ids, IDS_PER_CALL))
        flows: list[Record] = []
        for found in together(4, self._flows_of, batches):
            flows.extend(found)
        self._refresh()
        return {flow.id: flow for flow in self._decoded(flows) if flow.id in ids}

    def dataflow(self, key: str) -> Dataflow:
        """One dataflow. Raises NotFound."""
        return self.document(key)[1]

    def document(self, key: str) -> tuple[Record, Dataflow]:
        """One dataflow as Adobe writes it, which a change must hand back whole, and as we read it.

        Raises NotFound.
        """
        answer = self._gateway.get(flow_path(key))
        self._refresh()
        found = single(answer)
        decoded = dataflow(found, self._around) if found else None
        if found is None or decoded is None:
            raise NotFound("Adobe does not know this dataflow.", status=200)
        return found, decoded

    def _decoded(self, flows: list[Record]) -> tuple[Dataflow, ...]:
        decoded = (dataflow(flow, self._around) for flow in flows)
        return tuple({flow.id: flow for flow in decoded if flow is not None}.values())

    def _flows_of(self, ids: tuple[str, ...]) -> list[Record]:
        return list(self._all(f"{FLOW_SERVICE}/flows", [("property", f"id=={','.join(ids)}")]))

    def _refresh(self) -> None:
        """Read what surrounds dataflows when it is old; old knowledge is better than none."""
        if self._clock() < self._around_until:
            return
        try:
            self._keep(self._read_surroundings())
        except PlatformError as error:
            if self._around_until == 0.0:
                raise
            log.warning("Surroundings not refreshed", code=error.code, status=error.status)

    def _keep(self, around: Surroundings) -> None:
        self._around = around
        self._around_until = self._clock() + SURROUNDINGS_SECONDS

    def _read_surroundings(self) -> Surroundings:
        with ThreadPoolExecutor(max_workers=3) as pool:
            specs = pool.submit(self._if_permitted, "connection specs", self._specs)
            accounts = pool.submit(self._if_permitted, "connections", self._accounts)
            places = pool.submit(self._if_permitted, "target connections", self._places)
            return Surroundings(specs.result(), accounts.result(), places.result())

    def _if_permitted(self, what: str, read: Callable[[], dict[str, Known]]) -> dict[str, Known]:
        """Nothing where the credentials may not look: dataflows are worth having without it."""
        try:
            return read()
        except CredentialsRefused as error:
            if error.field != "permission":
                raise
            log.warning("Not permitted to read", what=what, status=error.status)
            return {}

    def _specs(self) -> dict[str, PlatformSpec]:
        # One call gives all and takes no limit (contract §4.1).
        items = self._all(f"{FLOW_SERVICE}/connectionSpecs", [], page=None)
        return {spec.id: spec for spec in map(platform_spec, items) if spec is not None}

    def _accounts(self) -> dict[str, str]:
        items = self._all(f"{FLOW_SERVICE}/connections", [])
        named = ((text(item.get("id")), text(item.get("name"))) for item in items)
        return {key: name for key, name in named if key and name}

    def _places(self) -> dict[str, Place]:
        items = self._all(f"{FLOW_SERVICE}/targetConnections", [])
        return {key: place(item) for item in items if (key := text(item.get("id")))}

    def _all(self, path: str, filters: Params, page: tuple[str, str] | None = PAGE) -> Iterator[Record]:
        for items in self._gateway.pages(path, [*filters, page] if page else filters):
            yield from items


def flow_path(key: str) -> str:
    """The path of one dataflow."""
    return f"{FLOW_SERVICE}/flows/{quote(key, safe='')}"


def batched(items: Collection[str], size: int) -> Iterator[tuple[str, ...]]:
    """The items in tuples of at most `size`, each item once."""
    remaining = iter(dict.fromkeys(items))
    while batch := tuple(islice(remaining, size)):
        yield batch
