"""The poll that nothing changed since: answers a second against empty views on the same server, queries, calls."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import ground, inside, load
from bench.figures import Figure, median, times

if TYPE_CHECKING:
    from django.test import Client

# The fair baseline: a view behind the same middleware, which asks for the same session and then does nothing.
FAIR = "an empty view for people signed in"
# Tells what session and sign-in cost; nothing that only members may see could be as fast.
EMPTY = {FAIR: "/bench/empty-for-people/", "an empty view that asks for no session": "/bench/empty/"}
DELIVERIES = 20
TARGET = 0.7


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    rounds, seconds = (1, 2) if given.quick else (5, 4)
    found = inside.ask("poll", "compare", rounds=rounds, seconds=seconds)
    poll = found["rates"].pop("poll")
    lines = [
        Figure(
            "unchanged poll",
            f"{poll:,.0f}/s",
            f"{rate:,.0f}/s {name}",
            times(poll, rate),
            _target(poll, rate) if name == FAIR else "",
        )
        for name, rate in found["rates"].items()
    ]
    queries = found["queries"]
    lines += [
        Figure("queries of a poll", str(queries["poll"]), f"{queries['empty']} of an empty view", "", "≤ 1"),
        Figure("vendor calls of all polls", str(found["vendor_calls"]), "", "", "0"),
        Figure("answers that were no success", str(found["bad"]), "", "", "0"),
    ]
    about = (
        f"an activation of {DELIVERIES} running deliveries; server line of the supervisor; "
        f"{load.client_name()}, {load.CONNECTIONS} connections, median of {rounds} × {seconds} s each"
    )
    return about, lines


def _target(poll: float, rate: float) -> str:
    return f"≥ {TARGET}×: {'met' if poll >= TARGET * rate else 'missed'}"


def compare(folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Within Django: press something, then ask about it over and over while nothing changes."""
    from bench import catalogue, vendor

    with ground.simulator(folder) as sim:
        workspace = catalogue.workspace_at(sim)
        poll = _pressed(workspace)
        client = catalogue.signed_in(workspace)
        before = len(vendor.calls(sim))
        with _server(folder) as site:
            rates, bad = _rates(site, {"poll": poll, **EMPTY}, _cookie(client), rounds, seconds)
        asked = len(vendor.calls(sim)) - before
        paths = {"poll": poll, "empty": "/bench/empty/"}
        return {"rates": rates, "bad": bad, "vendor_calls": asked, "queries": _queries(client, paths)}


def _pressed(workspace: Any) -> str:
    """Press deliveries, hand them to the platform, and give the address of the poll at their present version."""
    from django.urls import reverse

    from activations import facts
    from activations.actions import request
    from activations.dispatch import dispatch
    from audiences.sync import sync
    from bench import catalogue

    sync(workspace)
    mappings = catalogue.batch_mappings(workspace)
    found = facts.verdicts(workspace, mappings)
    ready = [mapping for mapping in mappings if found[mapping.pk].will_go == "ready"][:DELIVERIES]
    activation = request(workspace, ready, by=None, press="bench")
    dispatch(workspace)
    activation.refresh_from_db()
    address = reverse("activations:status", args=[workspace.slug, activation.pk])
    return f"{address}?v={activation.version}"


def _cookie(client: Client) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The web server with the supervisor's own command line, and two empty views more."""
    from config.supervisor.plan import Plan

    (port,) = ground.spare_ports(1)
    plan = Plan(
        folder, demo="fresh", bind="127.0.0.1", port=port, simulator_port=0, redis_url=None, web_workers=1
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings"}
    log = folder / "web.out"
    with ground.running(plan.web(), env, log) as process:
        ground.wait_for(lambda: ground.listens(port), process, log)
        yield f"http://127.0.0.1:{port}"


def _rates(
    site: str, paths: dict[str, str], cookie: str, rounds: int, seconds: float
) -> tuple[dict[str, float], int]:
    """Answers a second of each path, taken in turns so that a busy moment strikes all; and failures."""
    found: dict[str, list[float]] = {name: [] for name in paths}
    bad = 0
    for path in paths.values():
        bad += load.serve(site + path, cookie, 1).bad
    for _ in range(rounds):
        for name, path in paths.items():
            served = load.serve(site + path, cookie, seconds)
            found[name].append(served.per_second)
            bad += served.bad
    return {name: median(rates) for name, rates in found.items()}, bad


def _queries(client: Client, paths: dict[str, str]) -> dict[str, int]:
    """Queries of one answer, in this process, warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext, override_settings

    counts = {}
    with override_settings(ROOT_URLCONF="bench.urls"):
        for name, path in paths.items():
            client.get(path)
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(path)
            if answer.status_code != 204:
                raise RuntimeError(f"{name} answered {answer.status_code}, not 204")
            counts[name] = len(seen)
    return counts
