"""One dataflow: its document as the Flow Service shows it, and what can be asked of it quickly."""

from dataclasses import dataclass
from typing import Any

from simulator.clock import day_of
from simulator.ids import hex_for
from simulator.wire import Json, dumps

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Mapping:
    """One audience on the dataflow, read from its selector."""

    audience: str
    name: str
    mapped_at: int
    start: str
    end: str
    frequency: str
    hour: int | None

    def in_range(self, now: float) -> bool:
        """Does the schedule overlap today? Whether the end date counts is SILENT for ad-hoc runs; for
        scheduled ones the last day is not exported, so the stricter reading refuses it."""
        today = day_of(now)
        return (not self.start or self.start <= today) and (not self.end or today < self.end)

    def ready(self, now: float) -> bool:
        """Has the documented hour since the mapping passed?"""
        return now - self.mapped_at >= HOUR


class Flow:
    """A dataflow; `document` is the one truth, everything else is derived from it and cached."""

    def __init__(self, document: Json, kind: str) -> None:
        self.document = document
        self.kind = kind
        self.id: str = document["id"]
        self.transition_until: float | None = None
        self._rendered: bytes | None = None
        self._values: dict[str, list[Any]] = {}
        self._mappings: dict[str, Mapping] | None = None

    @property
    def enabled(self) -> bool:
        return bool(self.document["state"] == "enabled")

    @property
    def source_id(self) -> str:
        return str(self.document["sourceConnectionIds"][0])

    @property
    def target_id(self) -> str:
        return str(self.document["targetConnectionIds"][0])

    @property
    def selectors(self) -> list[Json]:
        """The mapped audiences' selectors, empty where the dataflow has none."""
        for step in self.document["transformations"]:
            selectors: list[Json] = step["params"].get("segmentSelectors", {}).get("selectors", [])
            return selectors
        return []

    @property
    def mappings(self) -> dict[str, Mapping]:
        """System audience id to mapping."""
        if self._mappings is None:
            found = (mapping_of(selector["value"]) for selector in self.selectors)
            self._mappings = {mapping.audience: mapping for mapping in found}
        return self._mappings

    def rendered(self) -> bytes:
        """The document as JSON."""
        if self._rendered is None:
            self._rendered = dumps(self.document)
        return self._rendered

    def values(self, path: str, read: Any) -> list[Any]:
        """The values under a filter path, read once per version of the document."""
        if path not in self._values:
            self._values[path] = read(self.document, path)
        return self._values[path]

    def touched(self) -> None:
        """Something shown has changed, but not the configuration: a run ended."""
        self._rendered = None
        self._values.clear()

    def changed(self, now: float, operation: str) -> None:
        """The configuration changed: a new etag, a new operation, nothing cached."""
        moment = int(now * 1000)
        self._mappings = None
        self.document["updatedAt"] = moment
        self.document["etag"] = new_etag(self.id, moment, self.document["etag"])
        self.document["version"] = self.document["etag"]
        self.document["lastOperation"] = operation_of(operation, moment, done=True)
        self.touched()


def new_etag(*parts: object) -> str:
    """An etag with its quotes inside, as the Flow Service writes them."""
    text = hex_for(24, "etag", *parts)
    return f'"{text[:8]}-0000-0200-0000-{text[8:16]}0000"'


def operation_of(name: str, moment: int, done: bool) -> Json:
    """The `lastOperation` of a dataflow."""
    status: Json = {"value": "completed" if done else "IN_PROGRESS", "properties": None, "errors": []}
    return {
        "started": moment,
        "updated": moment + (900 if done else 0),
        "percentCompleted": 100 if done else 40,
        "status": status,
        "ops": [],
        "operation": name,
    }


def mapping_of(value: Json) -> Mapping:
    """Read one selector's value; only the system id counts for ad-hoc runs."""
    schedule: Json = value.get("schedule") or {}
    start_time = str(schedule.get("startTime", ""))
    return Mapping(
        audience=str(value.get("systemSegmentId") or value["id"]),
        name=str(value.get("name", "")),
        mapped_at=int(value.get("createTime", 0)),
        start=str(schedule.get("startDate", "")),
        end=str(schedule.get("endDate", "")),
        frequency=str(schedule.get("frequency", "")),
        hour=int(start_time[:2]) if start_time[:2].isdecimal() else None,
    )
