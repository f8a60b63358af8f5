"""Faults on demand: which rule strikes which request, and how often it has."""

import threading
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.wire import Json

FAULTS = frozenset(
    {
        "delay",
        "status",
        "html",
        "truncate",
        "reset_before",
        "reset_after",
        "silence_after",
        "empty_page",
        "revoke_token",
        "drop_pair",
        "run_error",
        "run_empty",
        "run_slow_start",
        "resync_beside",
        "resync_unseen",
    }
)
LONGEST_DELAY_MS = 600_000
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "*"})
FIELDS: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "path": (str,),
    "fault": (str,),
    "times": (int, type(None)),
    "probability": (int, float),
    "seed": (int, type(None)),
    "delay_ms": (int, float),
    "status": (int, type(None)),
    "retry_after": (int, float, type(None)),
}


class BadRule(ValueError):
    """A rule that cannot be used, with a sentence saying why."""


@dataclass(slots=True)
class Rule:
    """One fault rule as the control plane received it."""

    method: str
    path: str
    fault: str
    times: int | None = None
    probability: float = 1.0
    seed: int | None = None
    delay_ms: float = 0
    status: int | None = None
    retry_after: float | None = None
    fired: int = 0
    dice: Random = field(default_factory=Random, repr=False)

    def shown(self) -> Json:
        """The rule with how often it fired."""
        return {name: getattr(self, name) for name in (*FIELDS, "fired")}

    def meets(self, method: str, path: str) -> bool:
        """Does the rule apply to this request, its count and its dice allowing?"""
        if self.method not in ("*", method) or not self._covers(path):
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        return self.dice.random() < self.probability

    def _covers(self, path: str) -> bool:
        if self.path.endswith("*"):
            return path.startswith(self.path[:-1])
        return path == self.path


@dataclass(frozen=True, slots=True)
class Strike:
    """What meets one request: how long to wait first, and the rule that decides, if any."""

    delay_s: float = 0.0
    rule: Rule | None = None


class FaultBoard:
    """The rules in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rules: list[Rule] = []

    def replace(self, payload: Any) -> None:
        """Take a new set of rules, all or none."""
        if not isinstance(payload, dict) or not isinstance(payload.get("rules"), list):
            raise BadRule('The body must be {"rules": [...]}.')
        rules = [read_rule(item) for item in payload["rules"]]
        with self._lock:
            self.rules = rules

    def strike(self, method: str, path: str) -> Strike:
        """Decide what happens to a request. Delays add up; the first other rule that fires decides."""
        waited = 0.0
        with self._lock:
            for rule in self.rules:
                if not rule.meets(method, path):
                    continue
                rule.fired += 1
                waited += rule.delay_ms / 1000
                if rule.fault != "delay":
                    return Strike(waited, rule)
        return Strike(waited)

    def shown(self) -> Json:
        """The rules with their counts."""
        with self._lock:
            return {"rules": [rule.shown() for rule in self.rules]}


def read_rule(item: Any) -> Rule:
    """A rule from JSON, or a sentence saying what is wrong with it."""
    if not isinstance(item, dict):
        raise BadRule("Each rule must be an object.")
    # A rule read back from GET carries its count; writing it back starts counting anew.
    given = {name: value for name, value in item.items() if name != "fired"}
    for name, value in given.items():
        if name not in FIELDS:
            raise BadRule(f"A rule has no field {name!r}.")
        if not isinstance(value, FIELDS[name]) or isinstance(value, bool):
            raise BadRule(f"The field {name!r} has the wrong type.")
    _check(given)
    rule = Rule(**given)
    rule.dice = Random(rule.seed)
    return rule


def _check(given: Json) -> None:
    for name in ("method", "path", "fault"):
        if name not in given:
            raise BadRule(f"A rule needs the field {name!r}.")
    if given["fault"] not in FAULTS:
        raise BadRule(f"There is no fault {given['fault']!r}; there are {', '.join(sorted(FAULTS))}.")
    if given["method"] not in METHODS:
        raise BadRule(f"There is no method {given['method']!r}.")
    if not given["path"].startswith("/") and given["path"] != "*":
        raise BadRule("The path must begin with a slash.")
    if not 0 <= given.get("probability", 1) <= 1:
        raise BadRule("The probability must lie between 0 and 1.")
    if (given.get("times") or 0) < 0 or not 0 <= given.get("delay_ms", 0) <= LONGEST_DELAY_MS:
        raise BadRule(f"Times cannot be negative, and a delay lies between 0 and {LONGEST_DELAY_MS} ms.")
    if not 0 <= (given.get("retry_after") or 0) <= 1_000_000:
        raise BadRule("retry_after must be a number of seconds.")
    if not 200 <= (given.get("status") or 200) <= 599:
        raise BadRule("The status must lie between 200 and 599.")
    if given["fault"] == "status" and not 400 <= (given.get("status") or 0) <= 599:
        raise BadRule("The fault 'status' needs a status between 400 and 599.")
