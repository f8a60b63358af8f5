"""A large press by real worker and beat: vendor calls until every delivery is final, against the fewest possible."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import ground, inside, vendor
from bench.figures import Figure, times

if TYPE_CHECKING:
    from audiences.models import Mapping, Workspace

PER_JOB, IDS_PER_READ = 80, 100
LONGEST_RUN = 40.0
PATIENCE = 240.0
RUNS = "/data/foundation/flowservice/runs"
Pair = tuple[str, str]


def measure(given: argparse.Namespace) -> tuple[str, list[Figure]]:
    sizes = {"deliveries": 200, "dataflows": 10} if given.quick else {"deliveries": 2_000, "dataflows": 50}
    lines: list[Figure] = []
    for speed in (20,) if given.quick else (20, 1):
        for what, found in inside.ask("dispatch", "waves", speed=speed, **sizes).items():
            lines += _lines(
                f"runs of {10 / speed:g}–{LONGEST_RUN / speed:g} s, {what}", found, sizes["deliveries"]
            )
    about = (
        f"{sizes['deliveries']:,} deliveries on {sizes['dataflows']} dataflows, one worker of four threads, one beat; "
        "the first press knows nothing of how long runs take, the second has the first one's; "
        f"baseline: the same jobs posted one after another, then every run read once, {IDS_PER_READ} a call, when the "
        "longest is over"
    )
    return about, lines


def _lines(what: str, found: dict[str, Any], deliveries: int) -> list[Figure]:
    posts, reads = -(-deliveries // PER_JOB), -(-deliveries // IDS_PER_READ)
    calls, fewest = found["calls"], posts + reads
    return [
        Figure(f"{what}: POSTs", str(found["posts"]), str(posts), times(found["posts"], posts), f"{posts}"),
        Figure("… all calls until final", str(calls), str(fewest), times(calls, fewest), f"≤ 2×: {'met' if calls <= 2 * fewest else 'missed'}"),
        Figure("… press → last job sent", f"{found['sent']:.1f} s", f"{found['plain_sent']:.1f} s"),
        Figure("… press → all final", f"{found['seconds']:.1f} s", f"{found['plain']:.1f} s",
               times(found["seconds"], found["plain"])),
        Figure("… calls besides POSTs", found["others"]),
        Figure("… outcomes", found["outcomes"]),
    ]  # fmt: skip


def waves(folder: Path, deliveries: int, dataflows: int, speed: float) -> dict[str, Any]:
    """Within Django: press twice, let worker and beat do the rest, count the vendor's calls."""
    from audiences.sync import sync
    from bench import catalogue

    options = {"audiences": 10_000, "dataflows": 200, "speed": speed}
    with ground.simulator(folder, **options) as sim:
        workspace = catalogue.workspace_at(sim)
        sync(workspace)
        chosen = _chosen(workspace, deliveries, dataflows)
        pairs = [(one.dataflow.platform_id, one.audience.platform_id) for one in chosen]
        with _workers(folder):
            found = {f"{nth} press": _wave(workspace, chosen, sim, nth) for nth in ("first", "second")}
    with ground.simulator(folder, **options) as sim:
        plain_sent, plain = _plainly(sim, pairs, LONGEST_RUN / speed)
    return {what: {**one, "plain": plain, "plain_sent": plain_sent} for what, one in found.items()}


def _wave(workspace: Workspace, chosen: list[Mapping], sim: str, press: str) -> dict[str, Any]:
    from activations.actions import request

    before = len(vendor.calls(sim))
    began = time.perf_counter()
    activation = request(workspace, chosen, by=None, press=press)
    outcomes = _until_final(activation)
    seconds = time.perf_counter() - began
    seen = vendor.calls(sim, before)
    return {**_counted(seen), "seconds": seconds, "sent": _sent(activation), "outcomes": outcomes}


def _chosen(workspace: Workspace, deliveries: int, dataflows: int) -> list[Mapping]:
    """Ready mappings, each audience once, spread evenly over the dataflows that have most."""
    from activations.facts import verdicts
    from bench import catalogue

    mappings = catalogue.batch_mappings(workspace)
    found = verdicts(workspace, mappings)
    by_flow: dict[int, dict[int, Mapping]] = defaultdict(dict)
    seen: set[int] = set()
    for one in mappings:
        if found[one.pk].will_go == "ready" and one.audience_id not in seen:
            seen.add(one.audience_id)
            by_flow[one.dataflow_id][one.pk] = one
    most = sorted(by_flow.values(), key=len, reverse=True)[:dataflows]
    chosen = [one for flow in most for one in islice(flow.values(), deliveries // dataflows)]
    if len(chosen) < deliveries:
        raise RuntimeError(f"The catalogue has only {len(chosen)} such mappings.")
    return chosen


@contextmanager
def _workers(folder: Path) -> Iterator[None]:
    """One worker and one beat, as the supervisor starts them, once both have shown a sign of life."""
    from django.core.cache import cache

    from config.readiness import BEAT_KEY, WORKER_KEY

    env = {**os.environ, "CELERY_SKIP_CHECKS": "1", "MALLOC_ARENA_MAX": "2"}
    with ExitStack() as kept:
        for part in ("worker", "beat"):
            command = [sys.executable, "-m", f"config.{part}"]
            process = kept.enter_context(ground.running(command, env, folder / f"{part}.out"))
        ground.wait_for(
            lambda: len(cache.get_many([BEAT_KEY, WORKER_KEY])) == 2, process, folder / "worker.out"
        )
        yield


def _until_final(activation: Any) -> str:
    """Wait until nothing moves; how many ended how."""
    from activations import states

    end = time.monotonic() + PATIENCE
    while activation.deliveries.filter(state__in=states.MOVING).exists() and time.monotonic() < end:
        time.sleep(0.1)
    ended = Counter(activation.deliveries.values_list("state", flat=True))
    return ", ".join(f"{count:,} {state}" for state, count in ended.most_common())


def _sent(activation: Any) -> float:
    """Seconds from the press until its last job was answered."""
    from activations.models import Job

    jobs = Job.objects.filter(deliveries__activation=activation, answered_at__isnull=False).distinct()
    answered = [job.answered_at for job in jobs]
    return (max(answered) - activation.requested_at).total_seconds() if answered else PATIENCE


def _counted(seen: list[dict[str, Any]]) -> dict[str, Any]:
    """Calls by kind."""
    kinds = Counter(call["path"].rsplit("/", 1)[-1] for call in seen if call["path"] != vendor.ADHOCRUN)
    reads = kinds.pop("runs", 0)
    return {
        "posts": sum(call["path"] == vendor.ADHOCRUN for call in seen),
        "calls": len(seen),
        "others": ", ".join(f"{count} {name}" for name, count in [("runs", reads), *kinds.most_common()]),
    }


def _plainly(sim: str, pairs: list[Pair], longest: float) -> tuple[float, float]:
    """Seconds until the last of the same jobs is sent, and until every run was read once after its end."""
    with vendor.plain(sim) as client:
        began = time.perf_counter()
        runs: list[str] = []
        for start in range(0, len(pairs), PER_JOB):
            runs += _post(client, pairs[start : start + PER_JOB])
        sent = time.perf_counter() - began
        time.sleep(longest)
        for start in range(0, len(runs), IDS_PER_READ):
            wanted = f"id=={','.join(runs[start : start + IDS_PER_READ])}"
            client.get(RUNS, params={"property": wanted, "limit": str(IDS_PER_READ)}).raise_for_status()
        return sent, time.perf_counter() - began


def _post(client: Any, pairs: list[Pair]) -> list[str]:
    """One job; the ids of its runs."""
    info: dict[str, list[str]] = {}
    for dataflow, audience in pairs:
        info.setdefault(dataflow, []).append(audience)
    answer = client.post(vendor.ADHOCRUN, json={"activationInfo": info}, headers={"Accept": vendor.V2})
    return [one["statusURL"].rsplit("/", 1)[-1] for one in answer.raise_for_status().json()["order"]]
