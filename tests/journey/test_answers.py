"""Every documented answer of the platform, pressed for and read by the marketer in a browser. The simulator's
ledger is the judge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journey.pages import Journey
from tests.journey.stage import Stage
from tests.journey.stories import WORDS, Scene, played

# The first test pays for thirty workspaces, each furnished, copied and pressed in.
pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

AFTER = "Useless until that is changed"
ADMIN = "Your administrator"


@pytest.fixture(scope="module")
def scenes(stage: Stage, browser: Browser, logins: Callable[[str], Any]) -> Iterator[dict[str, Scene]]:
    presser = browser.new_context(base_url=stage.address, storage_state=logins("marketer"))
    with presser as context, played(stage, Journey(context.new_page())) as scenes:
        yield scenes


def reads(card: Locator, *, said: str, do: str, retry: str, who: str = "") -> None:
    """The card has all four: Adobe's words, what to do, whether a retry helps, who can fix it."""
    expect(card).to_be_visible()
    expect(card).to_contain_text("Adobe said:")
    expect(card.locator("blockquote").first).to_contain_text(said)
    expect(card).to_contain_text(re.compile(f"Do this:.*{re.escape(do)}", re.DOTALL))
    expect(card).to_contain_text(re.compile(f"Retry:.*{re.escape(retry)}", re.DOTALL))
    expect(card).to_contain_text(re.compile(f"Who can fix it:.*{re.escape(who)}", re.DOTALL))


@pytest.mark.parametrize("word", WORDS)
def test_run_already_going_on_is_joined(marketer: Journey, scenes: dict[str, Scene], word: str) -> None:
    scene = scenes[f"joined, {word}"]
    marketer.open(scene.activation)
    row = marketer.row(scene.pair.name)
    expect(row).to_contain_text("Joined")
    expect(row).to_contain_text("started by acp_foundation_connectors@AdobeID")
    expect(marketer.story).to_contain_text("joined a run that was already going on")
    card = marketer.card("A run for this audience is already going on")
    reads(card, said=f"Run already going on for {word}", do="we follow that run", retry="Not needed.")
    scene.release()
    marketer.stands("1 delivered")
    expect(card).to_have_count(0)
    assert scene.sent == [0]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("why", ["unmapped", "ended"])
def test_not_part_of_the_dataflow(marketer: Journey, scenes: dict[str, Scene], word: str, why: str) -> None:
    scene = scenes[f"{why}, {word}"]
    marketer.open(scene.activation).stands("1 refused")
    reads(
        marketer.card("Not mapped, or outside its schedule"),
        said=f"{word.capitalize()}s {scene.pair.name} are not part of this dataflow or out of schedule range!",
        do="Check that the audience is mapped",
        retry=AFTER,
    )
    assert scene.sent == [0]


def test_one_bad_audience_does_not_hold_the_others_back(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["one of three"]
    marketer.open(scene.activation).stands("2 delivered · 1 refused of 3")
    assert scene.sent == [1, 1, 0]


def test_what_the_last_look_sees_is_not_even_asked_for(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["seen in time"]
    marketer.open(scene.activation).stands("2 delivered · 1 blocked of 3")
    expect(marketer.row(scene.pair.name)).to_contain_text("Blocked")
    assert scene.sent == [1, 1, 0]


def test_not_ready_is_armed(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["not ready"]
    marketer.open(scene.activation).stands("1 armed")
    row = marketer.row(scene.pair.name)
    expect(row).to_contain_text("Too new: Adobe is not ready for it")
    expect(row).to_contain_text(re.compile(r"goes \d\d:\d\d"))
    reads(
        marketer.card("Too new: Adobe is not ready for it"),
        said="please wait for 10 minutes", do="it is armed and goes by itself", retry="By itself",
    )  # fmt: skip
    assert scene.sent == [0]
    marketer.button("Cancel 1 unsent delivery").click()
    marketer.stands("1 canceled")


def test_kind_of_destination_is_not_supported(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["not supported"]
    marketer.open(scene.activation).stands("1 refused")
    card = marketer.card("This kind of destination cannot be activated on demand")
    reads(
        card,
        said="Adhoc run can not be executed for Flow spec=",
        do="Choose a batch, file-based destination",
        retry="A retry never helps here.",
    )
    expect(card.get_by_role("button")).to_have_count(0)


REFUSALS = {
    "401": ("Adobe does not accept the access token", "Unauthorized", "Check client ID, secret", ADMIN),
    "403": ("Adobe does not accept the API key", "Forbidden", "Correct the field “Client ID”", ADMIN),
    "404": ("Adobe does not know it (404)", "Not Found", "Refresh the catalogue", ""),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_refused_call_goes_after_a_retry(marketer: Journey, scenes: dict[str, Scene], status: str) -> None:
    scene, (title, said, do, who) = scenes[status], REFUSALS[status]
    marketer.open(scene.activation).stands("1 refused")
    reads(marketer.card(title), said=said, do=do, retry=AFTER, who=who)
    assert scene.sent == [0]
    marketer.button("Retry 1 delivery").click()
    marketer.stands("1 delivered")
    expect(marketer.row(scene.pair.name)).to_contain_text("retried; before: Refused")
    assert scene.sent == [1]


CREDENTIALS = {
    "key": ("API key", "invalid client_id", "“Client ID”"),
    "secret": ("client secret", "invalid client_secret", "new client secret"),
    "organisation": ("organisation", "Profile is not valid", "“IMS organisation”"),
    "sandbox": ("sandbox", "Sandbox with name old was not found", "sandboxes that “Check connection” lists"),
}


@pytest.mark.parametrize("part", CREDENTIALS)
def test_wrong_credentials_name_the_field(marketer: Journey, scenes: dict[str, Scene], part: str) -> None:
    scene, (title, said, do) = scenes[f"wrong {part}"], CREDENTIALS[part]
    marketer.open(scene.activation).stands("1 refused")
    reads(marketer.card(f"Adobe does not accept the {title}"), said=said, do=do, retry=AFTER, who=ADMIN)


@pytest.mark.parametrize("story", ["429", "429, Retry-After"])
def test_busy_platform_is_waited_for(marketer: Journey, scenes: dict[str, Scene], story: str) -> None:
    marketer.open(scenes[story].activation).stands("1 delivered")
    expect(marketer.story).to_contain_text("did not get through")
    assert scenes[story].sent == [1]


def test_doubt_says_what_is_being_done(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["held"]
    marketer.open(scene.activation).stands("1 unconfirmed")
    row = marketer.row(scene.pair.name)
    expect(row).to_contain_text("Adobe's answer was lost")
    expect(row).to_contain_text("checking whether Adobe took it")
    card = marketer.card("Adobe's answer was lost")
    expect(card).to_contain_text("we look for the run in Adobe's list before anything is sent again")
    assert scene.sent == [1]
    scene.release()
    marketer.stands("1 delivered")
    expect(card).to_have_count(0)
    assert scene.sent == [1]


@pytest.mark.parametrize("fault", ["reset_after", "silence_after", "truncate", "drop_pair"])
def test_lost_answer_is_looked_up(marketer: Journey, scenes: dict[str, Scene], fault: str) -> None:
    scene = scenes[fault]
    marketer.open(scene.activation).stands("1 delivered")
    expect(marketer.story).to_contain_text("no clear answer")
    expect(marketer.story).to_contain_text(f"Found {scene.pair.name} running at Adobe")
    assert scene.sent == [1]


@pytest.mark.parametrize("fault", ["500", "503", "html", "reset_before"])
def test_doubt_without_effect_is_sent_again_once(
    marketer: Journey, scenes: dict[str, Scene], fault: str
) -> None:
    scene = scenes[fault]
    marketer.open(scene.activation).stands("1 delivered")
    expect(marketer.story).to_contain_text(f"No trace of {scene.pair.name} at Adobe: sending once more")
    assert scene.sent == [1]


def test_check_again_finds_what_appeared_late(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["no trace"]
    marketer.open(scene.activation).stands("1 unknown")
    # Two calls, each with its grace and three looks five seconds apart, come before it.
    card = marketer.card("Unknown whether Adobe took it")
    expect(card).to_contain_text("Press “Check again”", timeout=180_000)
    with scene.sim.world.lock:
        scene.run_of_others()
    marketer.button("Check 1 delivery again").first.click()
    marketer.stands("1 delivered")
    assert scene.sent == [0]


def test_failed_run_says_why(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["failed"]
    marketer.open(scene.activation).stands("1 failed")
    reads(
        marketer.card("Adobe aborted the run"),
        said="ACTIVATION_BATCH-0000-FAILED",
        do="check the account's credentials",
        retry="A retry helps.",
    )
    assert scene.sent == [1]


def test_part_of_an_audience_is_no_success(marketer: Journey, scenes: dict[str, Scene]) -> None:
    scene = scenes["partly"]
    marketer.open(scene.activation).stands("1 partly delivered")
    reads(
        marketer.card("Only a part was delivered"),
        said="ACTIVATION_BATCH-0000-SKIP",
        do="See what the run reports",
        retry=AFTER,
    )


def test_empty_file_is_no_success(marketer: Journey, scenes: dict[str, Scene]) -> None:
    marketer.open(scenes["empty"].activation).stands("1 delivered empty")
    card = marketer.card("Delivered, but the file is empty")
    expect(card).to_contain_text(re.compile("Do this:.*after the next daily evaluation", re.DOTALL))


@pytest.mark.judge
def test_nothing_was_ever_sent_twice(stage: Stage) -> None:
    """What all presses of the journeys left in the ledgers: one accepted export per pair."""
    assert any(stage.exports())
    assert stage.sent_twice() == []
