"""The dataflow runs: what happens to each over time, and how to find them without looking at all."""

import heapq
from collections import defaultdict
from dataclasses import dataclass

HIDDEN, CREATED, PROCESSING, DONE = "hidden", "created", "processing", "done"


@dataclass(slots=True)
class Run:
    """One run of one dataflow, usually for one audience; times in epoch seconds."""

    id: str
    flow: str
    audience: str | None
    kind: str
    created: float
    started: float
    ends: float
    outcome: str
    rows: int
    source: str
    target: str
    visible: float = 0.0
    seq: int = 0
    over: bool = False
    by: str = "acp_foundation_connectors@AdobeID"
    client: str = "acp_foundation_connectors"

    def phase(self, now: float) -> str:
        """Where in its life the run is."""
        if now < self.visible:
            return HIDDEN
        if now < self.started:
            return CREATED
        return PROCESSING if now < self.ends else DONE

    def updated(self, now: float) -> float:
        """When its document last changed."""
        return self.ends if now >= self.ends else self.started if now >= self.started else self.created


class RunBook:
    """All runs of a sandbox; lists are in order of creation."""

    def __init__(self) -> None:
        self.by_id: dict[str, Run] = {}
        self.all: list[Run] = []
        self.by_flow: dict[str, list[Run]] = defaultdict(list)
        self.by_audience: dict[str, list[Run]] = defaultdict(list)
        self._adhoc: dict[str, list[Run]] = defaultdict(list)
        self._scheduled: dict[str, list[Run]] = defaultdict(list)
        self._ending: list[tuple[float, int, Run]] = []

    def add(self, run: Run) -> None:
        """Enter a run under every index."""
        run.seq = len(self.all) + 1
        self.by_id[run.id] = run
        self.all.append(run)
        self.by_flow[run.flow].append(run)
        if run.audience is not None:
            self.by_audience[run.audience].append(run)
        if run.kind == "adhoc" and run.audience is not None:
            self._adhoc[run.audience].append(run)
        elif run.kind == "scheduled":
            self._scheduled[run.flow].append(run)
        heapq.heappush(self._ending, (run.ends, run.seq, run))

    def settle(self) -> None:
        """Bring the lists back into the order of creation, after a run of the past was entered."""
        runs = sorted(self.all, key=lambda run: run.created)
        ending = {run.id for _ends, _seq, run in self._ending}
        for lists in (self.by_flow, self.by_audience, self._adhoc, self._scheduled):
            lists.clear()
        self.all, self._ending = [], []
        for run in runs:
            self.add(run)
        self._ending = [entry for entry in self._ending if entry[2].id in ending]
        heapq.heapify(self._ending)

    def ended(self, now: float) -> list[Run]:
        """The runs that ended since the last time this was asked; they stay over, should the clock go back."""
        found = []
        while self._ending and self._ending[0][0] <= now:
            run = heapq.heappop(self._ending)[2]
            if run.ends > now:
                heapq.heappush(self._ending, (run.ends, run.seq, run))
                continue
            run.over = True
            found.append(run)
        return found

    def adhoc_running(self, audience: str, now: float) -> list[Run]:
        """Ad-hoc runs of an audience that have not ended, anywhere in the sandbox."""
        return _still(self._adhoc, audience, now)

    def scheduled_running(self, flow: str, now: float) -> list[Run]:
        """Scheduled runs of a dataflow that have not ended."""
        return _still(self._scheduled, flow, now)


def _still(index: dict[str, list[Run]], key: str, now: float) -> list[Run]:
    if key not in index:
        return []
    index[key] = [run for run in index[key] if run.ends > now and not run.over]
    return index[key]
