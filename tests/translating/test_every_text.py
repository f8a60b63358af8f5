"""Whatever stands on a page went through a catalogue, unless it is data or the vendor's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from simulator.server import Simulator
from tests.translating.pseudo import WORD, data_of_rows, unmarked
from tests.translating.world import World

pytestmark = pytest.mark.django_db
# Names of products, units and zones, and words of the platforms' own pages and interfaces; the same in every language.
NAMES = {
    "Activate", "Adobe", "Segment", "Twilio", "Experience", "Platform", "Slack", "Teams", "Webhook", "UTC", "CET", "CEST",
    "English", "Deutsch", "Français", "Marked", "kB", "MB", "GB", "CSV", "JSON", "POST", "GET", "HTTP", "true", "false", "null",
}  # fmt: skip
# What joins names and figures on a line.
PIECES = re.compile(r'\s*[·→()/:;,|“”„\[\]{}"]\s*|\s+[–−+×]\s+|\s*\n\s*|^\s+|\s+$')
FIGURE = re.compile(r'\b(x|y|x1|x2|y1|y2|cx|cy|r|width|height|min|max|step|hx-trigger)="([^"]*\d,\d[^"]*)"')
# Names of what travels with an answer.
HEADERS = ("x-request-id",)
# Texts that only a machine reads: calls as they went over the wire.
WIRE = re.compile(
    r"<pre[\s>].*?</pre>|<code[\s>].*?</code>|<blockquote[\s>].*?</blockquote>|<select[^>]*time_zone.*?</select>",
    re.DOTALL,
)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as sim:
        yield World(sim)


def is_page(answer: Any) -> bool:
    return bool(answer.headers.get("Content-Type", "").startswith("text/html"))


def english(html: str, data: str) -> list[str]:
    """Pieces of texts outside every mark that no row holds as they are."""
    return [
        f"{piece!r} in {text[:120]!r}"
        for text in unmarked(WIRE.sub("", html))
        for piece in PIECES.split(text)
        if piece not in data and not set(WORD.findall(piece)) <= NAMES
    ]


@pytest.mark.timeout(400)
def test_every_page(world: World, marked: str) -> None:
    client, german, complaints, seen = world.client(marked), world.client("de"), [], set()
    answers: list[tuple[str, str, Any]] = []
    for name, addresses in world.addresses():
        for address in addresses:
            answers.append((name, address, client.get(address)))
        shown = german.get(addresses[0])
        if is_page(shown):
            complaints += [f"{addresses[0]}: {one}" for one in broken_figures(shown.content.decode())]
    for address, fields in world.posts():
        answers.append((address, f"POST {address}", client.post(address, fields)))
    data = "\n".join((data_of_rows(), *available_timezones(), *HEADERS))
    for name, address, answer in answers:
        if answer.status_code in (200, 403, 409, 422) and is_page(answer):
            seen.add(name)
            complaints += [f"{address}: {text}" for text in english(answer.content.decode(), data)]
        elif answer.status_code in (204, 302, 405) or answer.status_code == 200:
            seen.add(name)
    assert not complaints, f"{len(complaints)}:\n" + "\n".join(sorted(set(complaints))[:400])
    never = {name for name, _addresses in world.addresses()} - seen
    assert not never, f"no page was seen of {sorted(never)}"


def test_signed_out_and_lost(marked: str) -> None:
    answer = Client(headers={"Accept-Language": marked}).get("/accounts/login/")
    complaints = english(answer.content.decode(), "")
    with translation.override(marked):
        for name in ("400", "403", "404", "500", "403_csrf"):
            complaints += [f"{name}: {text}" for text in english(render_to_string(f"{name}.html"), "")]
    assert not complaints, "\n".join(complaints)


def broken_figures(html: str) -> list[str]:
    """Pictures and scripts read a point: the comma of a reader's language would break them."""
    return [f"{name}={value}" for name, value in FIGURE.findall(html)]
