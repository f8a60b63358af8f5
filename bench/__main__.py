"""`python -m bench [part …] [--quick] [--deliveries N]`: measures and prints; nothing is asserted."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module

from bench.figures import Figure, machine, table

PARTS = ("press", "poll", "pages", "sync", "dispatch", "memory")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure the product on this machine.")
    parser.add_argument("part", nargs="*", help=f"any of: {', '.join(PARTS)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter; to see that it runs")
    parser.add_argument(
        "--deliveries",
        type=int,
        default=100_000,
        help="past deliveries for the large pages (default 100,000)",
    )
    given = parser.parse_args()
    unknown = sorted(set(given.part) - set(PARTS))
    if unknown:
        parser.error(f"There is no part {unknown[0]!r}; there are {', '.join(PARTS)}.")
    if not 1_000 <= given.deliveries <= 2_000_000:
        parser.error("--deliveries must be between 1,000 and 2,000,000.")
    return given


def main() -> int:
    """Measure part after part; one that cannot be measured says why and the others go on."""
    given = options()
    print(machine(), flush=True)
    failed = False
    for name in given.part or PARTS:
        measure: Callable[[argparse.Namespace], tuple[str, list[Figure]]]
        measure = import_module(f"bench.{name}").measure
        began = time.monotonic()
        try:
            about, figures = measure(given)
        except Exception:  # noqa: BLE001 - the boundary: one part's trouble must not cost the others
            failed = True
            print(f"\n### {name}\n\nCould not be measured:\n{traceback.format_exc()}", flush=True)
            continue
        took = time.monotonic() - began
        print(f"\n### {name}\n\n{about} ({took:.0f} s)\n\n{table(figures)}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
