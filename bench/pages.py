"""Every page in a small and in a hundredfold organisation: median milliseconds, queries, ratio."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import inside
from bench.figures import Figure, median, times

if TYPE_CHECKING:
    from django.test import Client

    from audiences.models import Workspace

SMALL, LARGE = {"audiences": 120, "dataflows": 12}, {"audiences": 10_000, "dataflows": 200}
SMALLER_BY = 100
TARGET = 1.5
FULLER = 1.2


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    views = 5 if given.quick else 40
    past = 10_000 if given.quick else given.deliveries
    small = inside.ask("pages", "visit", deliveries=past // SMALLER_BY, views=views, **SMALL)
    large = inside.ask("pages", "visit", deliveries=past, views=views, **LARGE)
    about = (
        f"{LARGE['audiences']:,} audiences, {LARGE['dataflows']} dataflows, {past:,} past deliveries against "
        f"{SMALL['audiences']}, {SMALL['dataflows']} and {past // SMALLER_BY:,}; whole requests with all middleware in "
        f"this process, warm, median of {views}; the past was made in {large['seeding']:.0f} s"
    )
    return about, [_line(name, large["pages"][name], small["pages"][name]) for name in large["pages"]]


def _line(name: str, large: dict[str, float], small: dict[str, float]) -> Figure:
    return Figure(
        name,
        f"{large['ms']:.1f} ms, {large['queries']:.0f} queries, {large['kb']:.0f} kB",
        f"{small['ms']:.1f} ms, {small['queries']:.0f} queries, {small['kb']:.0f} kB",
        times(large["ms"], small["ms"]),
        f"≤ {TARGET}×: {_verdict(large, small)}",
    )


def _verdict(large: dict[str, float], small: dict[str, float]) -> str:
    """Whether the target is met; where not, whether the page simply has more on it."""
    fuller = large["kb"] / small["kb"]
    said = "met" if large["ms"] <= TARGET * small["ms"] else "missed"
    said += f", page {fuller:.1f}× as full" if fuller > FULLER else ""
    return said if large["queries"] == small["queries"] else f"{said}, queries NOT the same"


def visit(folder: Path, audiences: int, dataflows: int, deliveries: int, views: int) -> dict[str, Any]:
    """Within Django: make an organisation of this size and look at every page of it."""
    from audiences.sync import sync
    from bench import catalogue, ground

    with ground.simulator(folder, audiences=audiences, dataflows=dataflows) as sim:
        workspace = catalogue.workspace_at(sim)
        sync(workspace)
    client = catalogue.signed_in(workspace)
    began = time.perf_counter()
    catalogue.add_past(workspace, deliveries)
    seeding = time.perf_counter() - began
    pages = {name: _look(client, path, views) for name, path in _paths(workspace).items()}
    return {"seeding": seeding, "pages": pages}


def _paths(workspace: Workspace) -> dict[str, str]:
    """The pages people open, and the searches they make; each shows as many rows as its page holds."""
    from django.urls import reverse

    from activations.models import Activation
    from bench import catalogue

    slug = workspace.slug
    mapping = catalogue.batch_mappings(workspace)[0]
    newest = Activation.objects.filter(workspace=workspace).order_by("-pk")[0]
    of_all = {
        "Overview": "activations:overview", "Destinations": "audiences:destinations",
        "Audiences": "audiences:audiences", "Activate on-demand": "activations:activate",
        "History": "activations:history",
    }  # fmt: skip
    paths = {name: reverse(view, args=[slug]) for name, view in of_all.items()}
    paths["Audiences, searched"] = f"{paths['Audiences']}?q=loyal"
    paths["History, searched"] = f"{paths['History']}?q=press+1"
    paths["Dataflow"] = reverse("activations:dataflow", args=[slug, mapping.dataflow.platform_id])
    paths["Runs"] = reverse("audiences:runs", args=[slug, mapping.dataflow.platform_id])
    paths["Audience"] = reverse("activations:audience", args=[slug, mapping.audience.platform_id])
    paths["Activation of 100"] = newest.get_absolute_url()
    return paths


def _look(client: Client, path: str, views: int) -> dict[str, float]:
    """Milliseconds (median), queries and kilobytes of a page; warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(3):
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(path)
        queries = len(seen)
    took = []
    for _ in range(views):
        began = time.perf_counter()
        client.get(path)
        took.append(time.perf_counter() - began)
    return {"ms": median(took) * 1000, "queries": queries, "kb": len(answer.content) / 1024}
