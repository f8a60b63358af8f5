"""From the press of the button to the call on the vendor's wire, through the real pages of the real stack."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from bench import ground, vendor
from bench.figures import Figure, median, p95

PRESSES = 30
TARGET = 0.150
PATIENCE = 20.0
Pair = tuple[str, str]


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    count = 5 if given.quick else PRESSES
    with ground.scratch() as folder, ground.stack(folder) as (_supervisor, site, sim):
        pairs = ready_pairs(folder)
        random.Random(7).shuffle(pairs)  # noqa: S311 - which audiences, not a secret
        count = min(count, len(pairs) // 2)
        time.sleep(5)
        direct = [_direct(sim, pair) for pair in pairs[:count]]
        with closing(signed_in(site)) as browser:
            browser_presses = [_press(browser, sim, pair) for pair in pairs[count : 2 * count]]
    to_wire = [wire - began for began, wire, _answered in browser_presses]
    to_page = [answered - began for began, _wire, answered in browser_presses]
    target = f"≤ 150 ms: {'met' if median(to_wire) <= TARGET else 'missed'}"
    lines = [
        _line("press → call on the wire, median", median(to_wire), median(direct), target),
        _line("press → call on the wire, 95 %", p95(to_wire), p95(direct)),
        _line("press → answer to the person, median", median(to_page), median(direct)),
    ]
    about = (
        f"{len(to_wire)} presses of one audience each, idle demo stack, one after another; the simulator notes a "
        "call when it arrives, so its own latency is not in it; baseline: the same call posted straight to it"
    )
    return about, lines


def _line(what: str, value: float, baseline: float, target: str = "") -> Figure:
    beyond = f"+{(value - baseline) * 1000:.0f} ms"
    return Figure(what, f"{value * 1000:.0f} ms", f"{baseline * 1000:.1f} ms", beyond, target)


def ready_pairs(folder: Path) -> list[Pair]:
    """(dataflow, audience) that would go now, each audience once, as `manage.py catalog` says."""
    command = [sys.executable, "manage.py", "catalog", "--workspace", "demo", "--json"]
    said = subprocess.run(  # noqa: S603 - our own command, no shell
        command,
        cwd=ground.BASE_DIR,
        env=ground.environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        raise ground.NotReady(said.stderr[-2000:])
    found: dict[str, Pair] = {}
    for flow in json.loads(said.stdout)["dataflows"]:
        for one in flow["audiences"]:
            if one["will_go"] == "ready":
                found.setdefault(one["id"], (flow["id"], one["id"]))
    return list(found.values())


def _direct(sim: str, pair: Pair) -> float:
    """Seconds from sending the same call straight to the simulator until it arrives there."""
    before = len(vendor.calls(sim))
    with vendor.plain(sim) as client:
        client.get("/data/foundation/flowservice/flows", params={"limit": "1"})  # the connection is kept
        body = {"activationInfo": {pair[0]: [pair[1]]}}
        began = time.time()
        client.post(vendor.ADHOCRUN, json=body, headers={"Accept": vendor.V2}).raise_for_status()
    return _arrival(sim, before) - began


def _arrival(sim: str, before: int) -> float:
    """When the first adhocrun after the first `before` calls arrived, in epoch seconds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for call in vendor.calls(sim, before):
            if call["path"] == vendor.ADHOCRUN:
                return vendor.seconds_at(call["at"])
        time.sleep(0.2)
    raise ground.NotReady(f"No call arrived within {PATIENCE:.0f} s of a press.")


class Form(HTMLParser):
    """The fields of the form of a page that leads to `action`, as a browser would send them untouched."""

    def __init__(self, action: str, page: str) -> None:
        super().__init__()
        self.action, self.inside, self.fields = action, False, {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.inside = (found.get("action") or "").endswith(self.action)
        elif tag == "input" and self.inside and found.get("type") in ("hidden", "text", None):
            self.fields[found.get("name") or ""] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


class Boxes(HTMLParser):
    """Of a dataflow's page: the value of the box beside each audience's link, by the audience's id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.boxes: dict[str, str] = {}
        self.box = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") == "m":
            self.box = found.get("value") or ""
        place = (found.get("href") or "") if tag == "a" else ""
        if "/audiences/" in place and self.box:
            self.boxes[unquote(place.rstrip("/").rsplit("/", 1)[-1])], self.box = self.box, ""


def signed_in(site: str) -> httpx.Client:
    """A browser, as far as pages and cookies go, in which the marketer has signed in."""
    browser = httpx.Client(base_url=site, timeout=30, headers={"Origin": site})
    page = browser.get("/accounts/login/").raise_for_status().text
    fields = {**Form("", page).fields, "username": "marketer", "password": ground.PASSWORD}
    if browser.post("/accounts/login/", data=fields).status_code != 302:
        raise ground.NotReady("The demo login was not accepted.")
    return browser


def _press(browser: httpx.Client, sim: str, pair: Pair) -> tuple[float, float, float]:
    """Choose, confirm, press; epoch seconds of the press, of the call's arrival and of our page's answer."""
    chosen = _row_of(browser, pair)
    token = browser.cookies["csrftoken"]
    question = browser.post(
        "/w/demo/activate/confirm/", data={**chosen, "csrfmiddlewaretoken": token}
    ).raise_for_status()
    fields = Form("/activate/press/", question.text).fields
    # At a random moment between two ticks of the clock that sends what lies around.
    time.sleep(random.uniform(0.5, 1.5))  # noqa: S311
    before = len(vendor.calls(sim))
    began = time.time()
    answer = browser.post("/w/demo/activate/press/", data=fields)
    answered = time.time()
    if answer.status_code != 303:
        raise ground.NotReady(f"The press was answered with {answer.status_code}: {answer.text[:500]}")
    return began, _arrival(sim, before), answered


def _row_of(browser: httpx.Client, pair: Pair) -> dict[str, Any]:
    """The box of an audience on its dataflow's page, as the form sends it when ticked."""
    page = browser.get(f"/w/demo/destinations/{pair[0]}/").raise_for_status()
    boxes = Boxes(page.text).boxes
    return {"m": boxes[pair[1]]}
