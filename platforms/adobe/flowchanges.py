"""Changing a dataflow: its mappings by JSON Patch under its etag, and its state (contract §5.5, §5.6)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

from platforms.adobe.catalog import Catalog, flow_path
from platforms.adobe.gateway import Gateway
from platforms.adobe.writes import granted
from platforms.answer import Answer
from platforms.changes import Add, Alter, Change, Changed, Remove, Terms
from platforms.decoding import Record, dig, first, record, text
from platforms.errors import Conflict, Refused
from platforms.types import Dataflow

Inspect = Callable[[Dataflow], object]
Last = Callable[[], object]
Step = dict[str, object]

# Ours to leave out: the platform writes them itself (UPD's complete selectors have neither).
NOT_OURS = ("createTime", "updateTime")


class FlowChanges:
    """Writes to the dataflows of one sandbox. Nothing here is repeated."""

    def __init__(self, gateway: Gateway, catalog: Catalog) -> None:
        self._gateway = gateway
        self._catalog = catalog

    def mappings(
        self, key: str, changes: Sequence[Change], *, inspect: Inspect | None, last: Last | None
    ) -> Changed:
        """Read, resolve where each audience stands now, and change under the etag of what was read."""
        document, flow = self._catalog.document(key)
        if inspect is not None:
            inspect(flow)
        if not flow.etag:
            raise Refused("Adobe names no version of this dataflow, so a change of it could undo another's.")
        steps = patch(document, changes)
        answer = self._gateway.write_once(
            "PATCH", flow_path(key), steps, headers={"If-Match": flow.etag}, last=last
        )
        return self._changed(answer)

    def switch(self, key: str, *, on: bool, last: Last | None) -> Changed:
        """No body and no content type, as UPD sends it; the operation in lower case."""
        params = [("op", "enable" if on else "disable")]
        return self._changed(
            self._gateway.write_once("POST", f"{flow_path(key)}/action", params=params, last=last)
        )

    def _changed(self, answer: Answer) -> Changed:
        said = granted(answer, self._gateway.secrets)
        etag = first(text(said.get("etag")), text(said.get("version")), "")
        return Changed(etag or "", answer.request_id, answer.status)


def patch(document: Record, changes: Sequence[Change]) -> list[Step]:
    """The steps of a JSON Patch. Removals come in descending order of their places: right both for RFC 6902,
    where each step sees the one before, and for UPD's example, where places are those of the original.
    """
    step, selectors = _selectors(document)
    root = f"/transformations/{step}/params/segmentSelectors/selectors/"
    places = {_audience(item): place for place, item in reversed(list(enumerate(selectors)))}
    return [
        *_alterations(root, places, selectors, changes),
        *_removals(root, places, changes),
        *_additions(root, changes),
    ]


def _selectors(document: Record) -> tuple[int, list[Record]]:
    """The transformation that lists audiences, and its list; dataset dataflows have none (contract §5.3)."""
    steps = document.get("transformations")
    for place, step in enumerate(steps if isinstance(steps, list) else []):
        found = dig(record(step), "params", "segmentSelectors", "selectors")
        if isinstance(found, list):
            return place, [record(item) for item in found]
    raise Refused("This dataflow carries no audiences.")


def _audience(selector: Record) -> str:
    value = record(selector.get("value"))
    return text(value.get("systemSegmentId")) or text(value.get("id")) or ""


def _place(places: dict[str, int], audience: str) -> int:
    if audience not in places:
        raise Conflict("The audience is not mapped to this dataflow any more.")
    return places[audience]


def _alterations(
    root: str, places: dict[str, int], selectors: list[Record], changes: Sequence[Change]
) -> Iterator[Step]:
    """A replacement carries the complete selector, what we know nothing of included (UPD)."""
    for change in changes:
        if not isinstance(change, Alter):
            continue
        place = _place(places, change.audience)
        selector = copy.deepcopy(selectors[place])
        value = record(selector.get("value"))
        for name in (*NOT_OURS, "fileNameTemplate"):
            value.pop(name, None)
        value.update(_written(change.terms, record(value.get("schedule"))))
        selector["value"] = value
        yield {"op": "replace", "path": f"{root}{place}", "value": selector}


def _removals(root: str, places: dict[str, int], changes: Sequence[Change]) -> Iterator[Step]:
    gone = [(_place(places, one.audience), one.audience) for one in changes if isinstance(one, Remove)]
    for place, audience in sorted(gone, reverse=True):
        value = {"type": "PLATFORM_SEGMENT", "value": {"id": audience}}
        yield {"op": "remove", "path": f"{root}{place}", "value": value}


def _additions(root: str, changes: Sequence[Change]) -> Iterator[Step]:
    for change in changes:
        if isinstance(change, Add):
            yield {"op": "add", "path": f"{root}-", "value": _selector(change)}


def _selector(change: Add) -> Record:
    """The ID trap again: an external audience is named by its own id, with the system id beside it."""
    value: Record = {"id": change.external_id or change.audience}
    if change.external_id:
        value["systemSegmentId"] = change.audience
        if change.namespace:
            value["namespace"] = change.namespace
    if change.name:
        value["name"] = change.name
    return {"type": "PLATFORM_SEGMENT", "value": {**value, **_written(change.terms, {})}}


def _written(terms: Terms, before: Record) -> Record:
    """The terms as the fields of a selector's value; what the schedule said besides stays."""
    schedule = {
        **before,
        "frequency": terms.frequency,
        "triggerType": terms.trigger,
        "startDate": terms.start_date.isoformat(),
        "endDate": terms.end_date.isoformat() if terms.end_date else None,
        "startTime": terms.start_time or None,
    }
    return {
        "filenameTemplate": terms.file_name_template,
        "exportMode": terms.export_mode,
        "schedule": {name: value for name, value in schedule.items() if value is not None},
    }
