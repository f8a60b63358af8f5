"""Figures and how they are printed: what, figure, baseline, ratio, target."""

from __future__ import annotations

import platform
import sqlite3
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import django
import psutil

HEAD = ("what", "figure", "baseline", "ratio", "target")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table; every cell but `what` may be empty."""

    what: str
    figure: str
    baseline: str = ""
    ratio: str = ""
    target: str = ""

    def cells(self) -> tuple[str, ...]:
        return (self.what, self.figure, self.baseline, self.ratio, self.target)


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table whose columns also line up in a terminal."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The value that 95 % do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def times(value: float, baseline: float) -> str:
    """`value` as a multiple of `baseline`."""
    return f"{value / baseline:.2f}×" if baseline else ""


def megabytes(size: float) -> str:
    return f"{size / 2**20:.0f} MB"


def machine() -> str:
    """One line about where the figures come from, without naming the machine."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    return (
        f"{date.today().isoformat()} · {platform.system()} {platform.machine()} · {cores} cores, {memory:.0f} GB · "
        f"Python {platform.python_version()} · Django {django.__version__} · SQLite {sqlite3.sqlite_version} · "
        f"load before {psutil.getloadavg()[0]:.1f}"
    )
