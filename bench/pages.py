"""Every page in a small and in a hundredfold organisation: median milliseconds, queries, ratio."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import inside
from bench.figures import Figure, median, times

if TYPE_CHECKING:
    from audiences.models import Mapping, Workspace

SMALL, LARGE = {"audiences": 120, "dataflows": 12}, {"audiences": 10_000, "dataflows": 200}
# Just enough to fill a page of every list as the large one does; its past is as short as the small one's.
FULL = {"audiences": 1_000, "dataflows": 100}
SMALLER_BY = 100
TARGET = 1.5
FULLER = 1.2
AUDIENCES_OF_A_DATAFLOW = 30
CHOSEN = 100
Page = dict[str, float]


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    views = 5 if given.quick else 40
    past = 10_000 if given.quick else given.deliveries
    small = inside.ask("pages", "visit", deliveries=past // SMALLER_BY, views=views, **SMALL)
    full = inside.ask("pages", "visit", deliveries=past // SMALLER_BY, views=views, **FULL)
    large = inside.ask("pages", "visit", deliveries=past, views=views, **LARGE)
    about = (
        f"{LARGE['audiences']:,} audiences, {LARGE['dataflows']} dataflows, {past:,} past deliveries against "
        f"{SMALL['audiences']}, {SMALL['dataflows']} and {past // SMALLER_BY:,}; where the small organisation's page "
        f"has less on it, below it against {FULL['audiences']:,}, {FULL['dataflows']} and {past // SMALLER_BY:,}, whose "
        "page is as full; whole requests with all middleware in this process, warm, median of "
        f"{views}; the past was made in {large['seeding']:.0f} s"
    )
    lines = []
    for name, page in large["pages"].items():
        lines.append(_line(name, page, small["pages"][name]))
        if _fuller(page, small["pages"][name]) > FULLER:
            lines.append(_line("… against a page as full", page, full["pages"][name]))
    return about, lines


def _line(name: str, large: Page, small: Page) -> Figure:
    return Figure(
        name,
        f"{large['ms']:.1f} ms, {large['queries']:.0f} queries, {large['kb']:.0f} kB",
        f"{small['ms']:.1f} ms, {small['queries']:.0f} queries, {small['kb']:.0f} kB",
        times(large["ms"], small["ms"]),
        f"≤ {TARGET}×: {_verdict(large, small)}",
    )


def _fuller(large: Page, small: Page) -> float:
    return large["kb"] / small["kb"]


def _verdict(large: Page, small: Page) -> str:
    """Whether the target is met; where not, whether the page simply has more on it."""
    said = "met" if large["ms"] <= TARGET * small["ms"] else "missed"
    said += f", page {_fuller(large, small):.1f}× as full" if _fuller(large, small) > FULLER else ""
    return said if large["queries"] == small["queries"] else f"{said}, queries NOT the same"


def visit(folder: Path, audiences: int, dataflows: int, deliveries: int, views: int) -> dict[str, Any]:
    """Within Django: make an organisation of this size and look at every page of it."""
    from django.urls import reverse

    from audiences.sync import sync
    from bench import catalogue, ground

    with ground.simulator(folder, audiences=audiences, dataflows=dataflows) as sim:
        workspace = catalogue.workspace_at(sim)
        sync(workspace)
    client = catalogue.signed_in(workspace)
    began = time.perf_counter()
    catalogue.add_past(workspace, deliveries)
    seeding = time.perf_counter() - began
    asked = {name: partial(client.get, path) for name, path in _paths(workspace).items()}
    asked["Activate, all found selected"] = partial(
        client.post, reverse("activations:activate", args=[workspace.slug]), {"q": "loyal", "go": "all"},
        headers={"hx-request": "true", "hx-target": "found"},
    )  # fmt: skip
    pages = {name: _look(ask, views) for name, ask in asked.items()}
    pages["What is usual of 100 mappings"] = _usual(workspace, views)
    return {"seeding": seeding, "pages": pages}


def _paths(workspace: Workspace) -> dict[str, str]:
    """The pages people open, and the searches they make; each shows as many rows as its page holds."""
    from django.db.models import Count
    from django.urls import reverse

    from activations.models import Activation
    from activations.selection import fold
    from audiences.models import Dataflow
    from bench import catalogue

    slug, mappings = workspace.slug, catalogue.batch_mappings(workspace)
    mapping = _of_a_dataflow_like_others(mappings)
    newest = Activation.objects.filter(workspace=workspace).order_by("-pk")[0]
    of_all = {
        "Overview": "activations:overview", "Destinations": "audiences:destinations",
        "Audiences": "audiences:audiences", "Activate on-demand": "activations:activate",
        "History": "activations:history", "Trends": "activations:trends",
    }  # fmt: skip
    paths = {name: reverse(view, args=[slug]) for name, view in of_all.items()}
    paths["Audiences, searched"] = f"{paths['Audiences']}?q=loyal"
    chosen = fold(one.pk for one in mappings[:CHOSEN])
    paths["Activate, searched"] = f"{paths['Activate on-demand']}?q=loyal"
    paths[f"Activate, {CHOSEN} chosen"] = f"{paths['Activate on-demand']}?sel={chosen}"
    paths["Trends, 90 days"] = f"{paths['Trends']}?days=90"
    paths["History, searched"] = f"{paths['History']}?q=press+1"
    paths["History, unusual"] = f"{paths['History']}?outcome=unusual"
    paths["Dataflow"] = reverse("activations:dataflow", args=[slug, mapping.dataflow.platform_id])
    busiest = Dataflow.objects.filter(workspace=workspace).annotate(n=Count("runs")).order_by("-n", "pk")[0]
    paths["Runs"] = reverse("audiences:runs", args=[slug, busiest.platform_id])
    paths["Audience"] = reverse("activations:audience", args=[slug, mapping.audience.platform_id])
    paths["Activation of 100"] = newest.get_absolute_url()
    return paths


def _of_a_dataflow_like_others(mappings: list[Mapping]) -> Mapping:
    """A mapping of the dataflow whose number of audiences is nearest to that of the others' in any size."""
    sizes = Counter(one.dataflow_id for one in mappings)
    return min(mappings, key=lambda one: (abs(sizes[one.dataflow_id] - AUDIENCES_OF_A_DATAFLOW), one.pk))


def _usual(workspace: Workspace, views: int) -> Page:
    """What the watcher asks when a hundred deliveries end at once: the medians of their last ten."""
    from activations.usual import usual_counts
    from bench import catalogue

    mappings = [one.pk for one in catalogue.batch_mappings(workspace)][:100]
    took = []
    for _ in range(views):
        began = time.perf_counter()
        usual_counts(mappings)
        took.append(time.perf_counter() - began)
    return {"ms": median(took) * 1000, "queries": 1, "kb": 1}


def _look(ask: Callable[[], Any], views: int) -> dict[str, float]:
    """Milliseconds (median), queries and kilobytes of what is asked; warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(3):
        answer = ask()
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.request['PATH_INFO']} answered {answer.status_code}")
    with CaptureQueriesContext(connection) as seen:
        answer = ask()
        queries = len(seen)
    took = []
    for _ in range(views):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return {"ms": median(took) * 1000, "queries": queries, "kb": len(answer.content) / 1024}
