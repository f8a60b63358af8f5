"""Every page of the site, in one table: it opens, and asks the database no more often however much there is.

A new address fails the first test until it has a row: what fills it, or that it only takes changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activations.selection import fold
from tests.furnished import Site, Size, every_view, furnish

pytestmark = pytest.mark.django_db
SMALL, LARGE = Size(), Size(dataflows=100, audiences=1_500, deliveries=600, many=12)
A, S, NOBODYS = "adobe", "segment", ""

# View → whose workspace it is in, and what fills the rest of its address.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "home": (NOBODYS, ()),
    "login": (NOBODYS, ()),
    "password_change": (NOBODYS, ()),
    "password_change_done": (NOBODYS, ()),
    "notices:notices": (NOBODYS, ()),
    "notices:channels": (NOBODYS, ()),
    "notices:add": (NOBODYS, ("webhook!",)),
    "notices:channel": (NOBODYS, ("channel",)),
    "notices:errands": (NOBODYS, ("channel",)),
    "notices:edit": (NOBODYS, ("channel",)),
    "notices:remove": (NOBODYS, ("channel",)),
    "notices:of_set": (A, ("set",)),
    "activations:overview": (A, ()),
    "activations:steps": (A, ()),
    "activations:steps_status": (A, ()),
    "activations:board": (A, ()),
    "activations:board_status": (A, ()),
    "activations:trends": (A, ()),
    "activations:trends_csv": (A, ("outcomes!",)),
    "activations:people_csv": (A, ("audience",)),
    "activations:begun": (A, ("change",)),
    "activations:dataflow": (A, ("dataflow",)),
    "activations:audience": (A, ("audience",)),
    "activations:activate": (A, ()),
    "activations:sets": (A, ()),
    "activations:set": (A, ("set",)),
    "activations:rename_set": (A, ("set",)),
    "activations:delete_set": (A, ("set",)),
    "activations:new_schedule": (A, ("set",)),
    "activations:change_schedule": (A, ("set", "schedule")),
    "activations:delete_schedule": (A, ("set", "schedule")),
    "activations:evaluation": (A, ()),
    "activations:evaluation_status": (A, ()),
    "activations:history": (A, ()),
    "activations:activation": (A, ("activation",)),
    "activations:status": (A, ("activation",)),
    "activations:job": (A, ("activation", "job")),
    "activations:bundle": (A, ("activation",)),
    "activations:screen": (A, ("activation",)),
    "activations:screen_status": (A, ("activation",)),
    "activations:share": (A, ("activation",)),
    "activations:shared": (NOBODYS, ("token",)),
    "activations:shared_status": (NOBODYS, ("token",)),
    "activations:shared_screen": (NOBODYS, ("token",)),
    "activations:shared_screen_status": (NOBODYS, ("token",)),
    "audiences:account": (NOBODYS, ()),
    "audiences:new_workspace": (NOBODYS, ()),
    "audiences:add_workspace": (NOBODYS, ("adobe!",)),
    "audiences:settings": (A, ()),
    "audiences:members": (A, ()),
    "audiences:destinations": (A, ()),
    "audiences:runs": (A, ("dataflow",)),
    "audiences:add_audience": (A, ("dataflow",)),
    "audiences:switch": (A, ("dataflow", "disable!")),
    "audiences:mapping": (A, ("dataflow", "audience")),
    "audiences:unmap": (A, ("dataflow", "audience")),
    "audiences:choose_dataflow": (A, ("audience",)),
    "audiences:wish": (A, ("wish",)),
    "audiences:audiences": (A, ()),
    "audiences:externals": (A, ()),
    "audiences:external_new": (A, ()),
    "audiences:external": (A, ("external",)),
    "audiences:external_status": (A, ("external",)),
    "audiences:external_change": (A, ("external",)),
    "audiences:external_delete": (A, ("external",)),
    "audiences:sync_status": (A, ()),
    "audiences:audience_switch": (S, ("person", "disable!")),
    "audiences:choose_destination": (S, ("nobody",)),
    "audiences:connect": (S, ("nobody", "end")),
    "audiences:reconnect": (S, ("connection",)),
    "audiences:disconnect": (S, ("connection",)),
    "audiences:activation_add": (S, ("connection",)),
    "audiences:activation_change": (S, ("connection", "activation_there")),
    "audiences:activation_remove": (S, ("connection", "activation_there")),
    "audiences:activation_switch": (S, ("connection", "activation_there", "disable!")),
}
# The same pages elsewhere, or asked for something.
MORE: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("activations:overview", S, (), ""),
    ("audiences:destinations", S, (), ""),
    ("audiences:audiences", S, (), ""),
    ("activations:activate", S, (), ""),
    ("activations:dataflow", S, ("connection",), ""),
    ("activations:audience", S, ("person",), ""),
    ("audiences:audiences", A, (), "?q=audience+1&sort=-profiles&page=2"),
    ("audiences:destinations", A, (), "?q=dataflow&sort=-mapped&kind=all"),
    ("activations:activate", A, (), "?q=audience&to=dataflow&in=all"),
    ("activations:activate", A, (), "?page=2&columns=2"),
    ("activations:dataflow", A, ("dataflow",), "?all=1&show=ready"),
    ("activations:history", A, (), "?audience=audience&destination=dataflow&outcome=failed"),
    ("activations:activation", A, ("activation",), "?show=needs&story=all"),
    ("activations:trends", A, (), "?days=90&destination=end-0"),
    ("activations:trends_csv", A, ("times!",), "?days=90"),
    ("activations:trends_csv", A, ("reasons!",), ""),
    ("activations:shared", NOBODYS, ("token",), "?page=2"),
    ("notices:channel", NOBODYS, ("channel_of_set",), ""),
    ("activations:board", S, (), ""),
    ("activations:trends", S, (), ""),
    ("activations:steps", S, (), ""),
    ("audiences:settings", S, (), ""),
    ("audiences:add_workspace", NOBODYS, ("segment!",), ""),
)
# What shows a page for a choice that a form carries.
ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "activations:tray": (A, ()),
    "activations:confirm": (A, ()),
    "activations:save_set": (A, ()),
}
# What only takes changes, and shows no page of its own.
CHANGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "logout": (NOBODYS, ()),
    "notices:read": (NOBODYS, ()),
    "notices:test": (NOBODYS, ("channel",)),
    "notices:switch": (NOBODYS, ("channel",)),
    "notices:deafen": (A, ("set", "member")),
    "activations:press": (A, ()),
    "activations:remove_from_set": (A, ("set",)),
    "activations:pause_schedule": (A, ("set", "schedule")),
    "activations:resume_schedule": (A, ("set", "schedule")),
    "activations:evaluate": (A, ()),
    "activations:export": (A, ()),
    "activations:cancel_job": (A, ("platform_job",)),
    "activations:stop_chain": (A, ("chain",)),
    "activations:cancel": (A, ("activation",)),
    "activations:retry": (A, ("activation",)),
    "activations:check_again": (A, ("activation",)),
    "activations:revoke": (A, ("activation", "link")),
    "audiences:check": (A, ()),
    "audiences:use_place": (A, ()),
    "audiences:first_sync": (A, ()),
    "audiences:dismiss": (A, ("member",)),
    "audiences:sync": (A, ()),
    "audiences:external_ingest": (A, ("external",)),
    "audiences:external_extend": (A, ("external",)),
    "audiences:external_look": (A, ("external",)),
    "audiences:external_check": (A, ("external", "operation")),
}


def test_every_address_has_a_row() -> None:
    found = {name for name, _pattern in every_view()}
    rows = [*PAGES, *ASKED, *CHANGES]
    assert found - set(rows) == set(), "a new address needs a row here"
    assert set(rows) - found == set(), "a row here is about no address"
    assert len(rows) == len(set(rows))


def test_what_takes_changes_shows_no_page() -> None:
    site = furnish(Size(dataflows=1, audiences=3, deliveries=20, many=1))
    client = signed_in(site)
    for name, (whose, parts) in (CHANGES | ASKED).items():
        # An address that somebody kept leads from the press back to its choice.
        assert client.get(address(site, name, whose, parts)).status_code in (302, 405), name


@pytest.mark.timeout(400)  # Every page of the site, four times.
def test_no_page_asks_more_for_more() -> None:
    few = counted(furnish(SMALL))
    many = counted(furnish(LARGE))
    grown = [f"{name}: {few[name]} → {many[name]} queries" for name in few if many[name] != few[name]]
    assert not grown, "\n".join(grown)


def counted(site: Site) -> dict[str, int]:
    """Queries of every page, warm."""
    client, found = signed_in(site), {}
    for name, whose, parts, query in [*((name, *row, "") for name, row in PAGES.items()), *MORE]:
        url = address(site, name, whose, parts) + query
        found[" ".join((name, whose, *parts, query))] = queries(lambda url=url: client.get(url))
    for name, (whose, parts) in ASKED.items():
        url, chosen = address(site, name, whose, parts), {"sel": fold(one.pk for one in site.mapped)}
        found[name] = queries(lambda url=url, chosen=chosen: client.post(url, chosen))
    return found


def queries(ask: Callable[[], Any]) -> int:
    ask()
    with CaptureQueriesContext(connection) as seen:
        answer = ask()
        body = b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code in (200, 302), (answer.status_code, body[:2000])
    return len(seen)


def signed_in(site: Site) -> Client:
    client = Client()
    client.force_login(site.viewer)
    return client


def address(site: Site, name: str, whose: str, parts: tuple[str, ...]) -> str:
    """Parts name what is furnished; with "!" they stand for themselves."""
    place = {A: [site.adobe.slug], S: [site.segment.slug]}.get(whose, [])
    return reverse(
        name, args=[*place, *(part[:-1] if part.endswith("!") else site.ids[part] for part in parts)]
    )
