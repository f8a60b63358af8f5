"""Catalogue sync of a large organisation: seconds, vendor calls, rows written; first, second, and read in turn."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import inside
from bench.figures import Figure, times

LATENCY = 0.05


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    audiences, dataflows = (1_000, 50) if given.quick else (10_000, 200)
    found = inside.ask("sync", "both", audiences=audiences, dataflows=dataflows)
    about = (
        f"{audiences:,} audiences, {dataflows} dataflows, {LATENCY * 1000:.0f} ms vendor latency; "
        "baseline: the very same reads one after another by a plain client; the lower bound is the longest chain "
        "of reads that need each other × latency"
    )
    return about, [
        *_lines("first sync", found["first"]),
        *_lines("second sync, nothing changed", found["second"]),
    ]


def _lines(what: str, one: dict[str, Any]) -> list[Figure]:
    seconds, bound = one["seconds"], one["chain"] * LATENCY
    return [
        Figure(what, f"{seconds:.2f} s", f"{one['in_turn']:.2f} s in turn", times(seconds, one["in_turn"])),
        Figure(
            "… lower bound",
            f"{seconds:.2f} s",
            f"{bound:.2f} s ({one['chain']} reads)",
            times(seconds, bound),
        ),
        Figure("… of it reading", f"{one['reading']:.2f} s", f"{bound:.2f} s", times(one["reading"], bound)),
        Figure("… of it deciding and writing", f"{seconds - one['reading']:.2f} s"),
        Figure("… vendor calls", str(one["calls"]), one["by_place"]),
        Figure("… rows written", f"{one['rows']:,}", f"{one['held']:,} held", "", one["target"]),
    ]


def both(folder: Path, audiences: int, dataflows: int) -> dict[str, Any]:
    """Within Django: two syncs, then the reads of each again in turn."""
    from bench import catalogue, ground

    options = {"audiences": audiences, "dataflows": dataflows, "latency_ms": LATENCY * 1000}
    with ground.simulator(folder, **options) as url:
        workspace = catalogue.workspace_at(url)
        first = _sync(workspace, url)
        second = _sync(workspace, url)
        for one in (first, second):
            one["in_turn"] = _in_turn(url, one.pop("reads"))
    first["target"], second["target"] = "", "only what changed"
    return {"first": first, "second": second}


def _sync(workspace: Any, url: str) -> dict[str, Any]:
    from audiences.models import Audience, Dataflow, Destination, Mapping, PlatformJob, Run
    from audiences.sync import sync
    from bench import vendor

    before = len(vendor.calls(url))
    with vendor.reads_made() as reads:
        began = time.perf_counter()
        written = sync(workspace)
        seconds = time.perf_counter() - began
    seen = vendor.calls(url, before)
    kinds = Counter(_place(call["path"]) for call in seen)
    reading = vendor.seconds_at(seen[-1]["at"]) - vendor.seconds_at(seen[0]["at"]) + LATENCY
    return {
        "seconds": seconds,
        "reading": reading,
        "calls": len(seen),
        "by_place": ", ".join(f"{count} {place}" for place, count in kinds.most_common(4)),
        "chain": _chain(kinds, seen),
        "rows": written.total if written else 0,
        "held": sum(
            model.objects.count() for model in (Audience, Dataflow, Destination, Mapping, PlatformJob, Run)
        ),
        "reads": reads,
    }


def _place(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _chain(kinds: Counter[str], seen: list[dict[str, Any]]) -> int:
    """Reads that cannot be made at once: token, then the longest list, then the longest list of runs.

    Audience pages after the first go several at a time; lists with continuation tokens go one by one.
    """
    from audiences.models import Dataflow
    from platforms.adobe.audiences import READS_AT_ONCE
    from platforms.adobe.catalog import IDS_PER_CALL

    pages = 1 + -(-(kinds["audiences"] - 1) // READS_AT_ONCE)
    lists = max(pages, kinds["flows"], kinds["targetConnections"])
    batches = -(-Dataflow.objects.count() // IDS_PER_CALL)
    tokens = sum(call["method"] == "POST" for call in seen)
    return tokens + lists + -(-kinds["runs"] // batches)


def _in_turn(url: str, reads: list[str]) -> float:
    """Seconds of the same reads by a plain client, each after the one before."""
    from bench import vendor

    with vendor.plain(url) as client:
        began = time.perf_counter()
        for read in reads:
            client.get(read).raise_for_status()
        return time.perf_counter() - began
