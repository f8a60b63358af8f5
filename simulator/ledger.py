"""The truth that tests compare with: every accepted export and every call, in order."""

import threading
from dataclasses import dataclass

from simulator.clock import iso
from simulator.wire import Json


@dataclass(slots=True)
class Call:
    """One call; the status stays None until an answer is handed to the network. The query is for tests in
    this process: the control plane's shape has none."""

    at: float
    method: str
    path: str
    query: str
    status: int | None = None

    def shown(self) -> Json:
        return {
            "at": iso(self.at),
            "method": self.method,
            "path": self.path,
            "status": self.status,
        }


class Ledger:
    """Exports and calls, append-only until a reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.exports: list[Json] = []
        self.calls: list[Call] = []

    def called(self, call: Call) -> Call:
        """Write a call down at the moment it arrives."""
        with self._lock:
            self.calls.append(call)
        return call

    def accepted(self, dataflow: str, audience: str, run: str, job: str, at: float) -> None:
        """Write an export down at the moment of its effect."""
        entry = {"dataflow": dataflow, "audience": audience, "run": run, "job": job, "accepted_at": iso(at)}
        with self._lock:
            self.exports.append(entry)

    def shown(self, since: int = 0) -> Json:
        """The ledger without the first `since` calls; exports are always complete."""
        with self._lock:
            return {"exports": list(self.exports), "calls": [call.shown() for call in self.calls[since:]]}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.exports.clear()
            self.calls.clear()
