"""What must not happen, tried by people: pressing without the right, twice, too late, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from tests.journey.pages import Audience, Dataflow, Journey, Matrix, Question, SignIn
from tests.journey.stage import Stage, times_sent

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]

PRESS = "/w/demo/activate/press/"
CONFIRM = "/w/demo/activate/confirm/"
# Sends the page's own sign-out form, with its CSRF token, somewhere else and with other fields.
SUBMIT = """([path, fields]) => {
  const form = document.querySelector("form[action*=logout]");
  form.action = path;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    field.type = "hidden"; field.name = name; field.value = value;
    form.append(field);
  }
  form.submit();
}"""


def submit(page: Page, path: str, **fields: object) -> Response:
    """Post a form that no page offers."""
    with page.expect_navigation() as moved:
        page.evaluate(SUBMIT, [path, {name: str(value) for name, value in fields.items()}])
    answer = moved.value
    assert answer is not None
    return answer


def test_viewer_is_told_why_not(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    looker = journey("looker")
    for place in (Dataflow(looker, pair.dataflow), Audience(looker, pair.audience), Matrix(looker)):
        place.open()
        expect(looker.button("Activate on-demand")).to_be_disabled()
        expect(place.why_not).to_contain_text("You may look here, but not press")
        expect(place.boxes).to_have_count(0)
    for path in (CONFIRM, PRESS, "/w/demo/activations/1/cancel/"):
        assert submit(looker.open("/w/demo/").page, path, m=pair.mapping, paper="x").status in (403, 404)
    assert submit(looker.open("/w/demo/").page, CONFIRM, m=pair.mapping).status == 403
    for permission in ("View Destinations", "Activate Destinations", "View Profiles", "View Segments"):
        expect(looker.page.locator("main")).to_contain_text(permission)
    assert stage.sim.sent(pair) == 0


def test_stranger_finds_nothing(journey: Open) -> None:
    stranger = journey("stranger")
    expect(stranger.open("/").page.locator("main")).to_contain_text(re.compile("workspace", re.I))
    for path in ("", "destinations/", "audiences/", "activate/", "activations/", "activations/1/"):
        answer = stranger.page.goto(f"/w/demo/{path}")
        assert answer is not None
        assert answer.status == 404, path


def test_nothing_selected_and_unknown_ids(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    me = journey(java_script_enabled=False)
    Dataflow(me, pair.dataflow).open().me.button("Activate on-demand").click()
    expect(me.page.get_by_role("status")).to_contain_text(["No audience is selected"])
    other = journey()
    for wild in ("x" * 300, "-1", "9" * 40):
        submit(other.open("/w/demo/").page, CONFIRM, m=wild)
        expect(other.page.locator("main")).to_contain_text("No audience is selected")
    assert submit(other.open("/w/demo/").page, CONFIRM, m=999_999_999).status == 404


def test_expired_page_sends_nothing(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    marketer.ask(pair)
    question = Question(marketer)
    key = next(
        line.split("=", 1)[1].strip().strip("'\"")
        for line in (stage.stack.folder / "secrets.env").read_text().splitlines()
        if line.startswith("SECRET_KEY=")
    )
    shown = signing.loads(question.paper, key=key, salt="activations.press")
    old = (timezone.now() - timedelta(minutes=16)).isoformat()
    paper = signing.dumps({**shown, "at": old}, key=key, salt="activations.press")
    question.swap_paper(paper)
    marketer.button("Activate now").click()
    expect(marketer.page.get_by_role("alert")).to_contain_text("This page is too old, look again")
    assert stage.sim.sent(pair) == 0
    marketer.button("Activate now").click()
    marketer.stands("1 delivered")
    assert stage.sim.sent(pair) == 1


def test_forged_page_is_refused(stage: Stage, marketer: Journey) -> None:
    answer = submit(marketer.open("/w/demo/").page, PRESS, paper="not:a:paper")
    assert answer.status == 400
    expect(marketer.title).to_have_text("Nothing was sent")


def test_double_click_sends_once(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    marketer.ask(pair)
    marketer.button("Activate now").dblclick()
    marketer.stands("1 delivered")
    assert stage.sim.sent(pair) == 1


def test_same_question_in_two_tabs(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    first, second = journey().ask(pair), journey().ask(pair)
    Question(second).swap_paper(Question(first).paper)
    first.button("Activate now").click()
    first.stands("1 ")
    second.button("Activate now").click()
    second.stands("1 delivered")
    assert second.page.url == first.page.url
    assert stage.sim.sent(pair) == 1


def test_two_questions_in_two_tabs(stage: Stage, journey: Open) -> None:
    (pair,) = stage.deal()
    first, second = journey().ask(pair), journey().ask(pair)
    first.button("Activate now").click()
    first.stands("1 delivered")
    second.button("Activate now").click()
    expect(second.title).to_have_text("Nothing was sent")
    expect(second.page.get_by_role("alert")).to_contain_text("This page is out of date")
    second.link(re.compile("^See “")).click()
    assert second.page.url == first.page.url
    assert stage.sim.sent(pair) == 1


def test_back_and_press_again(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    marketer.press(pair).stands("1 delivered")
    there = marketer.page.url
    marketer.page.go_back()
    again = marketer.button("Activate now")
    expect(again).to_be_enabled()
    again.click()
    marketer.stands("1 delivered")
    assert marketer.page.url == there
    assert stage.sim.sent(pair) == 1


def test_expired_login_moves_the_whole_page(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    stage.sim.speed(0)
    try:
        marketer.press(pair).stands("1 running")
        marketer.page.context.clear_cookies()
        marketer.page.wait_for_url("**/accounts/login/**", timeout=30_000)
        expect(SignIn(marketer.page).password).to_be_visible()
        expect(marketer.page.locator("header.rail")).to_have_count(0)
        assert "/status/" not in marketer.page.url, "after the login people want the page, not its fragment"
    finally:
        stage.sim.speed()


def test_production_asks_for_its_name(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal(workspace="shop")
    marketer.ask(pair)
    name = Question(marketer).workspace("Test shop")
    name.fill("something else")
    marketer.button("Activate now").click()
    expect(marketer.page.locator("main")).to_contain_text("Write the workspace's name to confirm")
    expect(name).to_be_focused()
    expect(name).to_have_value("something else")
    assert times_sent(stage.quiet, pair) == 0
    name.fill("test shop")
    marketer.button("Activate now").click()
    marketer.stands("1 delivered")
    assert times_sent(stage.quiet, pair) == 1


WILD = (
    "destinations/?page=x&q=%00&kind=nope&status=%FF&sort=-;drop&state=1",
    "destinations/?page=-1&q=" + "x" * 300,
    "audiences/?page=99999999999999999999&q=%25_%27%22&origin=nope&size=nope&sort=nope",
    "activate/?sel=%00&page=0&q=" + "y" * 300 + "&to=%F0%9F%92%A9&audience=nope",
    "activate/?sel=" + "A" * 3000,
    "activations/?who=x&outcome=nope&until=2026-13-45&before=x&audience=%00",
    "activations/?until=0001-01-01",
    "activations/?until=9999-12-31&before=99999999999999999999",
    "activations/?csv=deliveries&until=nope&who=-1",
)


@pytest.mark.parametrize("wild", WILD, ids=lambda wild: wild[:30])
def test_wild_addresses_get_a_page(marketer: Journey, wild: str) -> None:
    answer = marketer.page.request.get(f"/w/demo/{wild}")
    assert answer.status == 200, answer.text()[:500]


def test_unknown_addresses_get_a_404(marketer: Journey) -> None:
    for path in (
        "destinations/nope/",
        "audiences/nope/",
        "activations/999999/",
        "activations/1/jobs/999999/",
    ):
        answer = marketer.open("/w/demo/").page.goto(f"/w/demo/{path}")
        assert answer is not None
        assert answer.status == 404, path
        expect(marketer.title).to_be_visible()


def test_three_hundred_letters_fit(stage: Stage, marketer: Journey) -> None:
    (pair,) = stage.deal()
    marketer.ask(pair)
    question = Question(marketer)
    question.why.fill("because " * 60)
    question.name.fill("W" * 200)
    marketer.button("Activate now").click()
    marketer.stands("1 delivered")
    marketer.page.set_viewport_size({"width": 390, "height": 844})
    wide = marketer.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} px too wide"
