"""`python -m chaos`: plays rounds on the stacks asked for, prints a line per round and the summary.

Exit code 0 when nothing was duplicated, lost, wrong or left unknown; 1 otherwise, or when the services stack
is missing although CHAOS_REQUIRE_SERVICES=1 asks for it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import AbstractContextManager
from typing import Any

from bench import ground
from chaos import plan as planning
from chaos import report
from chaos.embedded import embedded
from chaos.house import House, house
from chaos.judge import Verdict
from chaos.platform import Platform, platform
from chaos.postgres_redis import missing, services
from chaos.rounds import play
from chaos.troubles import LENGTHS, TROUBLES, Stack

SIZES = {"small": planning.SMALL, "ordinary": planning.ORDINARY, "large": planning.LARGE}


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next ones count up")
    parser.add_argument("--stack", choices=["embedded", "services", "both"], default="both")
    parser.add_argument("--size", choices=sorted(SIZES), default="ordinary")
    parser.add_argument(
        "--outage", type=float, metavar="SECONDS",
        help="instead: the platform away for so long in real time, with the product's own lengths at their defaults",
    )  # fmt: skip
    parser.add_argument("--trouble", action="append", choices=sorted(TROUBLES), help="only these; repeat it")
    return parser.parse_args(words)


def plan_of(given: argparse.Namespace, seed: int) -> planning.Plan:
    """The plan of a seed, or of the troubles named on the command line."""
    size = SIZES[given.size]
    if given.outage:
        return planning.outage(seed, size, given.outage)
    names = given.trouble or list(TROUBLES)
    if len(names) < size.troubles:
        size = planning.replace_troubles(size, len(names))
    return planning.make(seed, size, names, LENGTHS)


def stack_of(name: str, vendor: Platform, lengths: dict[str, str]) -> AbstractContextManager[Any]:
    """The stack, with the product's own lengths as its environment gives them."""
    return embedded(lengths) if name == "embedded" else services(lengths, vendor.port)


def run(name: str, given: argparse.Namespace) -> Verdict:
    """All rounds on one stack."""
    total = Verdict()
    with (
        ground.scratch() as folder,
        platform(folder) as vendor,
        stack_of(name, vendor, {} if given.outage else planning.SETTINGS) as stack,
        house(stack.env, folder) as asking,
    ):
        for seed in range(given.seed, given.seed + given.rounds):
            total += one_round(given, seed, stack, vendor, asking)
    print("\n".join(report.summary(name, given.rounds, total)), flush=True)
    return total


def one_round(given: argparse.Namespace, seed: int, stack: Stack, vendor: Platform, asking: House) -> Verdict:
    plan = plan_of(given, seed)
    began = time.monotonic()
    verdict, _ = play(plan, stack, vendor, asking, f"chaos-{seed}")
    took = f"({time.monotonic() - began:.0f} s)"
    print(report.line(stack.name, str(seed), verdict, f"{' '.join(plan.troubles)} {took}"), flush=True)
    if not verdict.good:
        lines = [
            *report.complaints(verdict, asking),
            report.again(stack.name, seed, given.size, given.outage),
        ]
        print("\n".join(lines), flush=True)
    return verdict


def main(words: list[str]) -> int:
    given = arguments(words)
    # Told to end, we end as after an error: every process that we started ends with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = ["embedded", "services"] if given.stack == "both" else [given.stack]
    if "services" in names and (lacks := missing()):
        print(f"SKIPPED: the services stack; this machine lacks {lacks}.", flush=True)
        if os.environ.get("CHAOS_REQUIRE_SERVICES") == "1":
            return 1
        names.remove("services")
    print(report.HEAD, flush=True)
    verdicts = [run(name, given) for name in names]
    return 0 if all(verdict.good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
