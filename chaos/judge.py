"""Compares what the product says with what the platform did. Pure: rows in, a verdict out.

The platform's ledger is the truth. A pair may be exported once per delivery that was asked for it: a retry
is a delivery of its own. What a delivery says about its end must be what its run's document says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Pair = tuple[str, str]
MOVING = ("armed", "queued", "sending", "unconfirmed", "running")
QUIET = ("blocked", "refused", "canceled")
ENDED = ("succeeded", "empty", "partly", "failed")


@dataclass
class Verdict:
    """One round, judged. `complaints` say what is wrong with which delivery; `words` is how it all ended."""

    asked: int = 0
    sent: int = 0
    duplicates: int = 0
    lost: int = 0
    wrong: int = 0
    unknown: int = 0
    longest: float = 0.0
    complaints: list[tuple[int | None, str]] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        return not (self.duplicates or self.lost or self.wrong or self.unknown)

    def complain(self, delivery: Mapping[str, Any] | None, words: str) -> None:
        self.complaints.append((delivery["id"] if delivery else None, words))

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.asked + other.asked,
            self.sent + other.sent,
            self.duplicates + other.duplicates,
            self.lost + other.lost,
            self.wrong + other.wrong,
            self.unknown + other.unknown,
            max(self.longest, other.longest),
            self.complaints + other.complaints,
            self.words + other.words,
        )


def judge(
    asked: Mapping[int, Sequence[Pair]],
    deliveries: Sequence[Mapping[str, Any]],
    exports: Sequence[Mapping[str, str]],
    truth: Mapping[str, str],
    foreign: Mapping[str, float],
) -> Verdict:
    """`asked` is the pairs per activation, `truth` how each run ended, `foreign` when the runs of others were
    over."""
    verdict = Verdict(asked=len(deliveries), sent=len(exports))
    verdict.words.update(one["state"] for one in deliveries)
    _missing(verdict, asked, deliveries)
    for one in deliveries:
        _alone(verdict, one, truth)
    _together(verdict, deliveries, exports, foreign)
    over = [one["seconds"] for one in deliveries if one["state"] not in MOVING]
    verdict.longest = max(over, default=0.0)
    return verdict


def _missing(
    verdict: Verdict, asked: Mapping[int, Sequence[Pair]], deliveries: Iterable[Mapping[str, Any]]
) -> None:
    """Asked for, but nobody knows of it."""
    known = {(one["activation"], tuple(one["pair"])) for one in deliveries}
    for activation, pairs in asked.items():
        for pair in pairs:
            if (activation, tuple(pair)) not in known:
                verdict.lost += 1
                verdict.complain(None, f"activation {activation} lost {pair}")


def _alone(verdict: Verdict, one: Mapping[str, Any], truth: Mapping[str, str]) -> None:
    """What can be said of one delivery by itself."""
    state, run = one["state"], one["run"]
    if state in MOVING:
        verdict.lost += 1
        verdict.complain(one, f"still {state}")
    elif state == "stopped":
        verdict.unknown += 1
        verdict.complain(one, f"stopped watching ({one['reason']}), run {run or 'unknown'}")
    elif state in ENDED and truth.get(run) != state:
        verdict.wrong += 1
        verdict.complain(one, f"says {state}, its run {run or 'unknown'} is {truth.get(run)}")


def _together(
    verdict: Verdict,
    deliveries: Sequence[Mapping[str, Any]],
    exports: Sequence[Mapping[str, str]],
    foreign: Mapping[str, float],
) -> None:
    """What can only be said of all deliveries and exports of a pair."""
    ours = {one["run"]: (one["dataflow"], one["audience"]) for one in exports}
    by_pair: dict[Pair, list[Mapping[str, Any]]] = defaultdict(list)
    followers: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in deliveries:
        by_pair[tuple(one["pair"])].append(one)
        if one["run"]:
            followers[one["run"]].append(one)
    for run, those in followers.items():
        if run in ours:
            _followed(verdict, run, ours[run], those)
        else:
            _adopted(verdict, run, those, foreign.get(run, 0.0))
    for run in ours.keys() - followers.keys():
        _orphan(verdict, run, by_pair[ours[run]])


def _followed(verdict: Verdict, run: str, pair: Pair, those: Sequence[Mapping[str, Any]]) -> None:
    """A run of ours: of this pair, and the own run of one delivery at most."""
    owners = [one for one in those if not one["joined"]]
    for one in owners[1:]:
        verdict.wrong += 1
        verdict.complain(one, f"took run {run} for its own, which another delivery sent")
    for one in those:
        if pair != tuple(one["pair"]):
            verdict.wrong += 1
            verdict.complain(one, f"follows run {run}, which is of {pair}")


def _adopted(verdict: Verdict, run: str, those: Sequence[Mapping[str, Any]], over: float) -> None:
    """A run of somebody else: it may stand for a delivery only if it was not over before that was sent. Who
    began it first, when both called in the same second and our answer was lost, no evidence can tell."""
    for one in those:
        if over < one["posted"]:
            verdict.wrong += 1
            verdict.complain(one, f"follows run {run} of somebody else, over before it was sent")


def _orphan(verdict: Verdict, run: str, those: Sequence[Mapping[str, Any]]) -> None:
    """An export nobody follows: a delivery denies it, waits for its truth, or it was a second one."""
    if any(one["state"] == "stopped" and not one["run"] for one in those):
        return  # counted as unknown already
    denying = next((one for one in those if one["state"] in QUIET and one["reason"] != "in_flight"), None)
    if denying is not None and len(those) == 1:
        verdict.wrong += 1
        verdict.complain(denying, f"says {denying['state']}, but run {run} was accepted")
        return
    verdict.duplicates += 1
    verdict.complain(those[0] if those else None, f"run {run} was accepted beside the one it follows")
