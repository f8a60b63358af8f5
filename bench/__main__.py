"""`python -m bench [part …] [--quick] [--deliveries N]`: measures and prints; nothing is asserted."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from importlib import import_module

from bench.figures import machine, table
from bench.ground import BASE_DIR

DOCUMENT, MARK = BASE_DIR / "docs" / "benchmarks.md", "<!-- figures: written by `python -m bench --save` -->"
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
    parser.add_argument("--save", action="store_true", help="also put the figures into docs/benchmarks.md")
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
    told = [f"`python -m bench {' '.join(sys.argv[1:])}`".replace(" `", "`") + f" · {machine()}"]
    print(told[0], flush=True)
    failed = False
    for name in given.part or PARTS:
        began = time.monotonic()
        try:
            about, figures = import_module(f"bench.{name}").measure(given)
            told.append(f"### {name}\n\n{about} ({time.monotonic() - began:.0f} s).\n\n{table(figures)}")
        except Exception:  # noqa: BLE001 - the boundary: one part's trouble must not cost the others
            failed = True
            told.append(f"### {name}\n\nCould not be measured:\n\n{traceback.format_exc()}")
        print(f"\n{told[-1]}", flush=True)
    if given.save and not failed:
        save("\n\n".join(told))
    return int(failed)


def save(figures: str) -> None:
    """Replace the figures at the end of the document, which all stand below one mark."""
    kept, _mark, _old = DOCUMENT.read_text().partition(MARK)
    DOCUMENT.write_text(f"{kept}{MARK}\n\n{figures}\n")


if __name__ == "__main__":
    sys.exit(main())
