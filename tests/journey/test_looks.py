"""Every page in light and dark, wide and on a phone: axe finds nothing, and nothing sticks out.

With `SCREENSHOTS=folder` each page is also kept as a picture, for people to look at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from activations.selection import fold
from tests.journey.pages import (
    Activation,
    AdminPause,
    Dataflow,
    History,
    Journey,
    Matrix,
    Overview,
    Runs,
    SignIn,
    Trends,
)
from tests.journey.stage import ODD, Stage, strike

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
EVERYTHING = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")
# A colour that is still fading from light to dark has no contrast to speak of.
AT_REST = "Promise.allSettled(document.getAnimations().filter(a => a.effect.getComputedTiming().iterations < 9).map(a => a.finished))"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

PAGES = (
    ("overview", "/w/demo/"),
    ("board", "/w/demo/board/"),
    ("destinations", "/w/demo/destinations/"),
    ("destinations, none found", "/w/demo/destinations/?q=nothing+like+it"),
    ("dataflow", "/w/demo/destinations/{dataflow}/"),
    ("dataflow, all ticked", "/w/demo/destinations/{dataflow}/?all=1"),
    ("dataflow runs", "/w/demo/destinations/{dataflow}/runs/"),
    ("audiences", "/w/demo/audiences/?q=guests"),
    ("audiences, none found", "/w/demo/audiences/?q=nothing+like+it"),
    ("audience", "/w/demo/audiences/{audience}/"),
    ("activate", "/w/demo/activate/?q=guests"),
    ("activate, none found", "/w/demo/activate/?q=nothing+like+it"),
    ("activate, chosen", "/w/demo/activate/?to={name}&sel={chosen}"),
    ("history", "/w/demo/activations/"),
    ("trends", "/w/demo/trends/"),
    ("evaluation", "/w/demo/evaluation/"),
    ("which dataflow", "/w/demo/audiences/{audience}/map/"),
    ("history, none found", "/w/demo/activations/?audience=nothing+like+it"),
    ("account", "/account/"),
    ("notices", "/notices/"),
    ("notifications", "/settings/notifications/"),
    ("new mail channel", "/settings/notifications/new/email/"),
    ("new chat channel", "/settings/notifications/new/chat/"),
    ("new webhook", "/settings/notifications/new/webhook/"),
    ("password", "/accounts/password/"),
    ("not found", "/w/demo/destinations/nope/"),
    ("first steps of one never synced", "/w/bare/steps/"),
    ("members", "/w/demo/members/"),
    ("bare overview", "/w/bare/"),
    ("bare destinations", "/w/bare/destinations/"),
    ("bare audiences", "/w/bare/audiences/"),
    ("bare activate", "/w/bare/activate/"),
    ("bare history", "/w/bare/activations/"),
    ("bare trends", "/w/bare/trends/"),
    ("production overview", "/w/shop/"),
)


def looks_right(page: Page, name: str, *, but: tuple[str, ...] = ()) -> None:
    """Axe finds nothing in light and in dark, and on a phone nothing scrolls sideways. `but` names
    rules of axe that do not hold here.
    """
    page.set_viewport_size(WIDE)
    complaints = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        keep(page, f"{name} {scheme}")
        page.evaluate(AT_REST)
        found = Axe().run(page, options={**EVERYTHING, "rules": {rule: {"enabled": False} for rule in but}})
        complaints += [told(f"{name}, {scheme}", one) for one in found.response["violations"]]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    keep(page, f"{name} phone")
    if (too_wide := page.evaluate(TOO_WIDE)) > 0:
        complaints.append(f"{name} is {too_wide} px wider than a phone")
    page.set_viewport_size(WIDE)
    assert not complaints, "\n".join(complaints)


def told(name: str, violation: dict[str, Any]) -> str:
    places = "; ".join(f"{' '.join(node['target'])}: {node['html'][:160]}" for node in violation["nodes"][:4])
    return f"{name}: {violation['id']} ({violation['help']}) at {places}"


def keep(page: Page, name: str) -> None:
    if SCREENSHOTS:
        path = Path(SCREENSHOTS) / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.png"
        page.screenshot(path=path, full_page=True)


@pytest.fixture
def eye(journey: Open) -> Callable[..., Journey]:
    """A browser for axe, which needs its script let in."""
    return lambda who="marketer": journey(who, bypass_csp=True, viewport=WIDE)


@pytest.fixture(scope="module")
def places(stage: Stage) -> dict[str, str]:
    """What fills the addresses of PAGES."""
    (pair,) = stage.deal()
    mapped = [one.mapping for one in stage.pairs if one.dataflow == pair.dataflow and one.kind != "blocked"]
    return {
        "dataflow": pair.dataflow,
        "audience": pair.audience,
        "name": pair.where.split()[0],
        "chosen": fold(mapped[:6]),
    }


@pytest.mark.parametrize(("name", "address"), PAGES)
def test_page(eye: Callable[..., Journey], places: dict[str, str], name: str, address: str) -> None:
    me = eye().open(address.format(**places))
    expect(me.title).to_be_visible()
    looks_right(me.page, name)


ADMIN_PAGES = (
    ("admin", "/admin/"),
    ("admin workspaces", "/admin/audiences/workspace/"),
    ("admin new workspace", "/admin/audiences/workspace/add/"),
    ("admin mappings", "/admin/audiences/mapping/"),
    ("admin deliveries", "/admin/activations/delivery/"),
    ("admin activations", "/admin/activations/activation/"),
    ("admin share links", "/admin/activations/sharelink/"),
    ("admin pauses", "/admin/activations/pause/"),
    ("admin beat", "/admin/django_celery_beat/periodictask/"),
)


# Best practices beyond WCAG that Django's own templates do not follow: the search field of its lists is labelled
# by a picture, and the first column of its inline tables has no heading.
DJANGOS = ("label-title-only", "empty-table-header")


@pytest.mark.parametrize(("name", "address"), ADMIN_PAGES)
def test_administrators_page(eye: Callable[..., Journey], name: str, address: str) -> None:
    me = eye("admin").open(address)
    expect(me.title).to_be_visible()
    looks_right(me.page, name, but=DJANGOS)


def test_a_fault_of_our_own(eye: Callable[..., Journey]) -> None:
    """No address of a working product answers 500, so its page is laid where the browser asks for one."""
    me = eye()
    me.page.route(
        "**/w/demo/fault/", lambda route: route.fulfill(status=500, body=render_to_string("500.html"))
    )
    me.open("/w/demo/fault/")
    expect(me.title).to_have_text("The dashboard made a mistake")
    looks_right(me.page, "fault")


def test_banner_of_a_pause(eye: Callable[..., Journey]) -> None:
    me = eye("admin")
    form = AdminPause(me).open()
    form.fill_in("Test bare", "The warehouse counts its stock")
    looks_right(me.page, "admin new pause", but=DJANGOS)
    form.save()
    me.open("/w/bare/")
    expect(me.page.locator("[data-pause]")).to_contain_text("The warehouse counts its stock")
    looks_right(me.page, "paused")


def test_signed_out_and_without_workspace(stage: Stage, eye: Callable[..., Journey]) -> None:
    login = eye("")
    login.open("/accounts/login/")
    looks_right(login.page, "login")
    form = SignIn(login.page)
    form.fill_in("marketer", "wrong")
    expect(form.password).to_be_visible()
    looks_right(login.page, "login, wrong")
    stranger = eye("stranger")
    looks_right(stranger.open("/").page, "no workspace")
    looker = eye("looker")
    pair = next(pair for pair in stage.pairs if pair.workspace == "demo")
    looks_right(Dataflow(looker, pair.dataflow).open().me.page, "viewer's dataflow")
    from tests.journey.test_refusals import CONFIRM, submit

    submit(looker.open("/w/demo/").page, CONFIRM, m=pair.mapping)
    looks_right(looker.page, "viewer refused")


def test_run_details(stage: Stage, eye: Callable[..., Journey]) -> None:
    me = eye()
    flow = next(pair.dataflow for pair in stage.pairs if pair.workspace == "demo" and pair.kind == "ready")
    runs = Runs(me, flow).open()
    runs.unfold()
    expect(runs.facts).to_be_visible()
    looks_right(me.page, "run details")


def test_charts_and_the_tables_behind_them(stage: Stage, eye: Callable[..., Journey]) -> None:
    stage.furnisher.ask(past="shop", days=100)
    me = Overview(eye(), "shop").open().me
    me.page.set_viewport_size({"width": 1280, "height": 800})
    assert me.page.evaluate("document.documentElement.scrollHeight") <= 800, "it is more than one screen"
    looks_right(me.page, "overview, with a past")
    me.link("Trends").first.click()
    expect(me.title).to_have_text("Trends")
    trends = Trends(me)
    expect(trends.chart("Deliveries, last 30 days")).to_be_visible()
    looks_right(me.page, "trends, with a past")
    for table in trends.tables.all():
        expect(trends.unfold(table)).to_have_count(30)
    looks_right(me.page, "trends, as tables")
    trends.look_back(90)
    expect(trends.chart("Deliveries, last 90 days")).to_be_visible()
    looks_right(me.page, "trends, 90 days")


@pytest.fixture
def still(stage: Stage) -> Iterator[None]:
    """Runs neither go on nor end."""
    stage.sim.speed(0)
    yield
    stage.sim.speed()


def test_activation_in_every_phase(stage: Stage, eye: Callable[..., Journey], still: None) -> None:
    ready = stage.deal(3)
    waiting = stage.deal(1, kind="waits")
    joining = [pair for pair in stage.pairs if pair.workspace == "demo" and pair.kind == "joins"][:2]
    odd = [
        pair
        for pair in stage.pairs
        if pair.workspace == "demo" and pair.name in ODD and pair.kind != "blocked"
    ]
    chosen = [*ready, *waiting, *odd, joining[0]]
    me = eye()
    Matrix(me).open(sel=fold(pair.mapping for pair in chosen))
    me.button(f"Activate {len(chosen)} audiences").click()
    expect(me.title).to_contain_text(f"Send {len(chosen)} audiences to")
    looks_right(me.page, "question")
    me.button("Activate now").click()
    me.stands(re.compile("running · .*armed of"))
    looks_right(me.page, "activation, running")
    looks_right(Overview(me).open().me.page, "overview, busy")
    me.link(f"{len(chosen)} audiences → ").first.click()
    # The run that was joined lasts a quarter of an hour.
    stage.sim.speed(400)
    expect(me.standing).to_contain_text(re.compile("need you|failed"))
    expect(me.standing).not_to_contain_text("running")
    stage.sim.speed()
    looks_right(me.page, "activation, mixed end")
    me.button(re.compile("^Cancel ")).click()
    expect(me.standing).to_contain_text("canceled")
    looks_right(me.page, "activation, over")
    Activation(me).see_job()
    expect(me.title).to_contain_text("Job")
    looks_right(me.page, "job")
    looks_right(Overview(me).open().me.page, "overview, after")
    looks_right(History(me).open().me.page, "history, after")


def test_refused_and_out_of_date(stage: Stage, eye: Callable[..., Journey]) -> None:
    me = eye()
    strike(stage.busy, {"fault": "status", "status": 403})
    me.press(*stage.deal(workspace="busy")).stands("1 refused")
    looks_right(me.page, "activation, refused")
    (pair,) = stage.deal()
    first, second = eye(), eye()
    first.ask(pair), second.ask(pair)
    first.button("Activate now").click()
    expect(first.standing).to_be_visible()
    second.button("Activate now").click()
    expect(second.title).to_have_text("Nothing was sent")
    looks_right(second.page, "out of date")
