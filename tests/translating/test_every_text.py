"""Whatever stands on a page went through a catalogue, unless it is data or the vendor's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

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
    "English", "Deutsch", "Français", "Marked", "kB", "MB", "GB", "CSV", "JSON", "POST", "GET", "HTTP",
}  # fmt: skip
# Texts that only a machine reads: calls as they went over the wire.
WIRE = re.compile(
    r"<pre[\s>].*?</pre>|<code[\s>].*?</code>|<blockquote[\s>].*?</blockquote>|<select[^>]*zone.*?</select>",
    re.DOTALL,
)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as sim:
        yield World(sim)


def english(html: str, data: str) -> list[str]:
    """Words outside every mark that no row holds."""
    found = []
    for text in unmarked(WIRE.sub("", html)):
        left = [word for word in WORD.findall(text) if word not in NAMES and word not in data]
        if left:
            found.append(f"{text[:120]!r}: {', '.join(left)}")
    return found


def test_every_page(world: World, marked: str) -> None:
    client, complaints, seen = world.client(marked), [], set()
    answers: list[tuple[str, str, Any]] = []
    for name, addresses in world.addresses():
        for address in addresses:
            answers.append((name, address, client.get(address)))
    for address, fields in world.posts():
        answers.append((address, f"POST {address}", client.post(address, fields)))
    data = data_of_rows()
    for name, address, answer in answers:
        if answer.status_code in (200, 403, 409, 422) and answer.headers.get("Content-Type", "").startswith(
            "text/html"
        ):
            seen.add(name)
            complaints += [f"{address}: {text}" for text in english(answer.content.decode(), data)]
        elif answer.status_code in (204, 302, 405) or answer.status_code == 200:
            seen.add(name)
    assert not complaints, f"{len(complaints)}:\n" + "\n".join(sorted(set(complaints))[:80])
    never = {name for name, _addresses in world.addresses()} - seen
    assert not never, f"no page was seen of {sorted(never)}"


def test_signed_out_and_lost(marked: str) -> None:
    answer = Client(headers={"Accept-Language": marked}).get("/accounts/login/")
    complaints = english(answer.content.decode(), "")
    with translation.override(marked):
        for name in ("400", "403", "404", "500", "403_csrf"):
            complaints += [f"{name}: {text}" for text in english(render_to_string(f"{name}.html"), "")]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("language", ["de", "fr"])
def test_no_figure_of_a_picture_is_written_as_in_words(world: World, language: str) -> None:
    """SVG and scripts read a point; a comma of the reader's language would break them."""
    client = world.client(language)
    for _name, addresses in world.addresses():
        for address in addresses:
            answer = client.get(address)
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                page = answer.content.decode()
                broken = re.findall(
                    r'\b(?:x|y|x1|x2|y1|y2|cx|cy|r|width|height|points|d|viewBox|value|min|max)="[^"]*\d,\d[^"]*"',
                    page,
                )
                assert not [
                    one
                    for one in broken
                    if "points=" not in one and " d=" not in one and ' value="' not in one
                ], (address, broken)
