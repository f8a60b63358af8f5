"""Every documented answer of the platform, as the marketer reads it. The simulator's ledger is the judge."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from simulator.dataflow import Flow
from simulator.names import audience_name
from simulator.seed_audiences import EMPTY, FAILS, PARTLY
from tests.journey.pages import Journey
from tests.journey.stage import Pair, Stage, exports, strike, times_sent

pytestmark = [pytest.mark.browser, pytest.mark.stack]

WORDINGS = ("segment", "audience")


@pytest.fixture
def pair(stage: Stage) -> Pair:
    """A pair of the workspace whose platform gives every answer there is."""
    stage.busy.world.faults.replace({"rules": []})
    stage.busy.world.word = None
    return stage.deal(workspace="busy")[0]


def flow_of(stage: Stage, pair: Pair) -> Flow:
    return stage.busy.world.sandboxes["prod"].flows[pair.dataflow]


def selector_of(flow: Flow, pair: Pair) -> dict:
    """The mapping as the platform stores it."""
    for selector in flow.selectors:
        if pair.audience in (selector["value"]["id"], selector["value"].get("systemSegmentId")):
            return selector["value"]
    raise AssertionError("the platform does not hold this mapping")


def change(stage: Stage, pair: Pair, **fields: object) -> None:
    """Change the mapping at the platform after it was copied, so that preflight does not know."""
    flow, world = flow_of(stage, pair), stage.busy.world
    with world.lock:
        value = selector_of(flow, pair)
        value["schedule"] |= fields.pop("schedule", {})
        value |= fields
        flow.changed(world.now(), "update")


def reads(card: Locator, *, said: str | re.Pattern[str], do: str, retry: str) -> None:
    """The card has all four: Adobe's words, what to do, whether a retry helps, who can fix it."""
    expect(card).to_be_visible()
    expect(card).to_contain_text("Adobe said:")
    expect(card.locator("blockquote").first).to_contain_text(said)
    expect(card).to_contain_text(re.compile(f"Do this:.*{re.escape(do)}", re.DOTALL))
    expect(card).to_contain_text(re.compile(f"Retry:.*{re.escape(retry)}", re.DOTALL))
    expect(card).to_contain_text("Who can fix it:")


@pytest.mark.parametrize("word", WORDINGS)
def test_run_already_going_on_is_joined(stage: Stage, marketer: Journey, pair: Pair, word: str) -> None:
    world = stage.busy.world
    world.word = word
    marketer.tick(pair)
    from simulator.adhoc import Pair as There
    from simulator.adhoc import adhoc_run

    with world.lock:
        place = world.sandboxes["prod"]
        run = adhoc_run(place, There(flow_of(stage, pair), pair.audience), f"theirs/{word}", world.now())
        run.ends = world.now() + 8 * 20
        place.runs.add(run)
    marketer.button("Activate 1 audience").click()
    marketer.button("Activate now").click()
    row = marketer.row(pair.name)
    expect(row).to_contain_text("Joined")
    expect(row).to_contain_text(run.id)
    expect(marketer.story).to_contain_text("joined a run that was already going on")
    marketer.stands("1 delivered")
    assert times_sent(stage.busy, pair) == 0


@pytest.mark.parametrize("word", WORDINGS)
@pytest.mark.parametrize("why", ["unmapped", "ended"])
def test_not_part_of_the_dataflow(stage: Stage, marketer: Journey, pair: Pair, word: str, why: str) -> None:
    stage.busy.world.word = word
    if why == "ended":
        change(stage, pair, schedule={"endDate": "2020-01-01"})
    else:
        change(stage, pair, id="somebody-else", systemSegmentId="somebody-else")
    marketer.press(pair).stands("1 refused")
    reads(
        marketer.card("Not mapped, or outside its schedule"),
        said=f"{word.capitalize()}s {pair.name} are not part of this dataflow or out of schedule range!",
        do="Check in Adobe that the audience is mapped",
        retry="Useless until that is changed",
    )
    assert times_sent(stage.busy, pair) == 0


def test_one_bad_audience_does_not_hold_the_others_back(stage: Stage, marketer: Journey, pair: Pair) -> None:
    good = stage.deal(2, workspace="busy")
    bad = stage.deal(1, workspace="busy", dataflow=good[0].dataflow)[0]
    change(stage, bad, schedule={"endDate": "2020-01-01"})
    marketer.press(*good, bad).stands("2 delivered · 1 refused of 3")
    assert [times_sent(stage.busy, one) for one in (*good, bad)] == [1, 1, 0]


def test_not_ready_is_armed(stage: Stage, marketer: Journey, pair: Pair) -> None:
    change(stage, pair, createTime=str(int(stage.busy.world.now()) - 60))
    marketer.press(pair).stands("1 armed")
    row = marketer.row(pair.name)
    expect(row).to_contain_text("Too new: Adobe is not ready for it")
    expect(row).to_contain_text(re.compile(r"goes \d\d:\d\d"))
    assert times_sent(stage.busy, pair) == 0
    marketer.button("Cancel 1 unsent delivery").click()
    marketer.stands("1 canceled")


def test_kind_of_destination_is_not_supported(stage: Stage, marketer: Journey) -> None:
    stage.busy.world.faults.replace({"rules": []})
    (pair,) = stage.deal(workspace="busy", where="Larkmoor live events")
    marketer.press(pair).stands("1 refused")
    card = marketer.card("This kind of destination cannot be activated on demand")
    reads(
        card,
        said="Adhoc run can not be executed for Flow spec=",
        do="Choose a batch, file-based destination",
        retry="A retry never helps here.",
    )
    expect(card.get_by_role("button")).to_have_count(0)


@dataclass(frozen=True)
class Refusal:
    """An answer made up by the simulator, and the card that it becomes."""

    status: int
    times: int
    title: str
    said: str
    do: str
    retry: str = "Useless until that is changed"


REFUSALS = (
    Refusal(401, 2, "Adobe does not accept the access token", "Unauthorized", "Check client ID, secret"),
    Refusal(403, 1, "Adobe does not accept the API key", "Forbidden", "Correct the field “Client ID”"),
    Refusal(404, 1, "Adobe does not know it (404)", "Not Found", "Refresh the catalogue"),
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: str(refusal.status))
def test_refused_call(stage: Stage, marketer: Journey, pair: Pair, refusal: Refusal) -> None:
    strike(stage.busy, {"fault": "status", "status": refusal.status, "times": refusal.times})
    marketer.press(pair).stands("1 refused")
    reads(marketer.card(refusal.title), said=refusal.said, do=refusal.do, retry=refusal.retry)
    assert times_sent(stage.busy, pair) == 0
    marketer.button("Retry 1 delivery").click()
    marketer.stands("1 delivered")
    expect(marketer.row(pair.name)).to_contain_text("retried; before: Refused")
    assert times_sent(stage.busy, pair) == 1


CREDENTIALS = (
    ("wrong-key", "Adobe does not accept the API key", "invalid client_id", "“Client ID”"),
    ("wrong-secret", "Adobe does not accept the client secret", "invalid client_secret", "new client secret"),
    (
        "wrong-organisation",
        "Adobe does not accept the organisation",
        "Profile is not valid",
        "“IMS organisation”",
    ),
    (
        "wrong-sandbox",
        "Adobe does not accept the sandbox",
        "Sandbox with name old was not found",
        "sandboxes",
    ),
)


@pytest.mark.parametrize(("place", "title", "said", "do"), CREDENTIALS)
def test_wrong_credentials_name_the_field(
    stage: Stage, marketer: Journey, place: str, title: str, said: str, do: str
) -> None:
    (pair,) = stage.deal(workspace=place)
    marketer.press(pair).stands("1 refused")
    card = marketer.card(title)
    reads(card, said=said, do=do, retry="Useless until that is changed")
    expect(card).to_contain_text("Your administrator")


@pytest.mark.parametrize("rule", [{"retry_after": 3}, {}], ids=["with Retry-After", "without"])
def test_busy_platform_is_waited_for(
    stage: Stage, marketer: Journey, pair: Pair, rule: dict[str, int]
) -> None:
    strike(stage.busy, {"fault": "status", "status": 429, **rule})
    marketer.press(pair)
    expect(marketer.story).to_contain_text("did not get through")
    marketer.stands("1 delivered")
    assert times_sent(stage.busy, pair) == 1


DOUBTS = {
    "reset_after": "Adobe's answer was lost",
    "silence_after": "Adobe's answer was lost",
    "truncate": "Adobe's answer cannot be read",
    "drop_pair": "Adobe's answer does not mention it",
}


@pytest.mark.parametrize("fault", DOUBTS)
def test_lost_answer_is_looked_up(stage: Stage, marketer: Journey, pair: Pair, fault: str) -> None:
    strike(stage.busy, {"fault": fault})
    marketer.press(pair)
    expect(marketer.row(pair.name)).to_contain_text(DOUBTS[fault])
    expect(marketer.row(pair.name)).to_contain_text("checking whether Adobe took it")
    marketer.stands("1 delivered")
    expect(marketer.story).to_contain_text("no clear answer")
    expect(marketer.story).to_contain_text(f"Found {pair.name} running at Adobe")
    assert times_sent(stage.busy, pair) == 1


NO_EFFECT = {
    "500": {"fault": "status", "status": 500},
    "503": {"fault": "status", "status": 503, "retry_after": 1},
    "html": {"fault": "html"},
    "reset_before": {"fault": "reset_before"},
}


@pytest.mark.parametrize("fault", NO_EFFECT)
def test_doubt_without_effect_is_sent_again_once(
    stage: Stage, marketer: Journey, pair: Pair, fault: str
) -> None:
    strike(stage.busy, NO_EFFECT[fault])
    marketer.press(pair)
    expect(marketer.row(pair.name)).to_contain_text("checking whether Adobe took it")
    marketer.stands("1 delivered")
    expect(marketer.story).to_contain_text(f"No trace of {pair.name} at Adobe: sending once more")
    assert times_sent(stage.busy, pair) == 1


OUTCOMES = (
    (
        FAILS,
        "1 failed",
        "Adobe aborted the run",
        "ACTIVATION_BATCH-0000-FAILED",
        "check the account's credentials",
    ),
    (
        PARTLY,
        "1 partly delivered",
        "Only a part was delivered",
        "ACTIVATION_BATCH-0000-SKIP",
        "See what the run reports",
    ),
)


@pytest.mark.parametrize(("slot", "stands", "title", "said", "do"), OUTCOMES)
def test_run_that_did_not_go_well(
    stage: Stage, marketer: Journey, pair: Pair, slot: int, stands: str, title: str, said: str, do: str
) -> None:
    odd = odd_pair(stage, slot)
    marketer.press(odd).stands(stands)
    card = marketer.card(title)
    reads(card, said=said, do=do, retry="helps")
    assert times_sent(stage.busy, odd) == 1


def test_empty_file_is_no_success(stage: Stage, marketer: Journey, pair: Pair) -> None:
    odd = odd_pair(stage, EMPTY)
    marketer.press(odd).stands("1 delivered empty")
    card = marketer.card("Delivered, but the file is empty")
    expect(card).to_contain_text("Do this:")
    expect(card).to_contain_text("after the next daily evaluation")
    assert times_sent(stage.busy, odd) == 1


def odd_pair(stage: Stage, slot: int) -> Pair:
    """The pair whose runs end as this slot of the seed says."""
    wanted = audience_name(slot)
    return next(pair for pair in stage.pairs if pair.workspace == "busy" and pair.name == wanted)


@pytest.mark.judge
def test_nothing_was_ever_sent_twice(stage: Stage) -> None:
    """What all journeys left in the ledgers: one accepted export per pair, whatever happened on the way."""
    for sent in (stage.sim.exports(), exports(stage.busy), exports(stage.quiet)):
        assert len(sent) == len(set(sent))
