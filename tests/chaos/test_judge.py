"""The judge sees every way of breaking the promise: a judge that sees nothing would pass every round."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.judge import Verdict, judge

PAIR = ("flow", "audience")
OTHER = ("flow", "another")


def delivery(state: str = "succeeded", run: str = "r1", **fields: Any) -> dict[str, Any]:
    given = {"id": 1, "activation": 1, "pair": list(PAIR), "state": state, "run": run, "joined": False}
    return {**given, "reason": "", "posted": 100.0, "seconds": 3.0, **fields}


def export(run: str = "r1", pair: tuple[str, str] = PAIR) -> dict[str, str]:
    return {"dataflow": pair[0], "audience": pair[1], "run": run}


def figures(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.duplicates, verdict.lost, verdict.wrong, verdict.unknown


def judged(
    deliveries: list[dict[str, Any]],
    exports: list[dict[str, str]],
    truth: dict[str, str] | None = None,
    foreign: dict[str, float] | None = None,
    asked: dict[int, list[tuple[str, str]]] | None = None,
) -> Verdict:
    truth = {one["run"]: "succeeded" for one in exports} if truth is None else truth
    return judge(asked or {1: [PAIR]}, deliveries, exports, truth, foreign or {})


def test_all_is_well() -> None:
    verdict = judged([delivery()], [export()])
    assert verdict.good
    assert (verdict.asked, verdict.sent, verdict.longest) == (1, 1, 3.0)


def test_a_retry_may_be_sent_once_more() -> None:
    first = delivery("failed")
    second = delivery(run="r2", id=2)
    assert judged([first, second], [export(), export("r2")], {"r1": "failed", "r2": "succeeded"}).good


def test_an_export_nobody_asked_for_is_a_duplicate() -> None:
    assert figures(judged([delivery()], [export(), export("r2")])) == (1, 0, 0, 0)


def test_what_was_asked_and_is_not_known_is_lost() -> None:
    assert figures(judged([delivery()], [export()], asked={1: [PAIR, OTHER]})) == (0, 1, 0, 0)


@pytest.mark.parametrize("state", ["armed", "queued", "sending", "unconfirmed", "running"])
def test_what_never_ends_is_lost(state: str) -> None:
    assert figures(judged([delivery(state, "")], [])) == (0, 1, 0, 0)


@pytest.mark.parametrize("state", ["blocked", "refused", "canceled"])
def test_what_was_denied_and_sent_is_wrong(state: str) -> None:
    assert figures(judged([delivery(state, "")], [export()])) == (0, 0, 1, 0)
    assert judged([delivery(state, "")], []).good


@pytest.mark.parametrize("ended", ["failed", "empty", "partly", "running"])
def test_what_the_run_does_not_say_is_wrong(ended: str) -> None:
    assert figures(judged([delivery()], [export()], {"r1": ended})) == (0, 0, 1, 0)


def test_a_delivery_without_a_run_cannot_be_delivered() -> None:
    assert figures(judged([delivery(run="")], [])) == (0, 0, 1, 0)


def test_two_cannot_have_sent_the_same_run() -> None:
    assert figures(judged([delivery(), delivery(id=2)], [export()])) == (0, 0, 1, 0)
    assert judged([delivery(), delivery(id=2, joined=True)], [export()]).good


def test_a_run_of_another_pair_is_wrong() -> None:
    assert figures(judged([delivery()], [export(pair=OTHER)])) == (0, 0, 1, 0)


def test_somebody_elses_run_may_stand_for_ours_unless_it_was_over_before() -> None:
    truth = {"theirs": "succeeded"}
    mine = delivery(run="theirs", joined=True)
    assert judged([mine], [], truth, {"theirs": 130.0}).good
    assert figures(judged([mine], [], truth, {"theirs": 90.0})) == (0, 0, 1, 0)


def test_stopped_watching_is_unknown_and_nothing_else() -> None:
    assert figures(judged([delivery("stopped", "")], [export()])) == (0, 0, 0, 1)
