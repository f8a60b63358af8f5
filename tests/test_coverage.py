"""docs/coverage.md is held to the code: what it names exists, and what exists at the border is named there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from platforms.adobe import AdobeClient
from platforms.adobe.external import Externals
from platforms.segment import SegmentClient
from platforms.segment.sending import Sending
from simulator import routes
from simulator.segment import desk

ROOT = Path(__file__).resolve().parent.parent
COVERAGE = ROOT / "docs" / "coverage.md"
CONTRACTS = ROOT.parent / "shared" / "contracts"
NOT_BUILT_AT_MOST = 8
NOT_USED_AT_MOST = 32
ADDRESS = re.compile(r"`(GET|POST|PATCH|PUT|DELETE) (/[^` ?]*)")


@dataclass(frozen=True)
class Row:
    """One row: the cells as written."""

    id: str
    section: str
    what: str
    source: str
    code: str
    test: str
    page: str

    def __str__(self) -> str:
        return f"{self.id} ({self.what}): {self.code} | {self.page}"

    @property
    def is_not_built(self) -> bool:
        return "not built" in (self.code[:9], self.page[:9])

    @property
    def is_not_used(self) -> bool:
        return self.code.startswith("not used")

    @property
    def needs_nothing(self) -> bool:
        """Nothing of ours does it; it may still say what the stand-in does with it."""
        return self.code.startswith(("not built", "not used"))

    @property
    def sections(self) -> list[str]:
        return re.findall(r"§([\d.]+)", self.section)


def rows() -> list[Row]:
    lines = COVERAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [Row(*found) for found in cells if re.fullmatch(r"[AS]-\d+", found[0])]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def tree(path: str) -> ast.Module | None:
    file = ROOT / path
    return ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else None


def names_in(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """What a module or class defines, by name."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


def defined(module: ast.Module | None, steps: list[str]) -> bool:
    body = module.body if module else []
    for place, step in enumerate(steps):
        node = names_in(body).get(step)
        if node is None:
            return False
        if place < len(steps) - 1 and not isinstance(node, ast.ClassDef):
            return False
        body = node.body if isinstance(node, ast.ClassDef) else []
    return bool(steps)


def code_exists(dotted: str) -> bool:
    """A name a module defines (one that it merely imports does not count)."""
    steps = dotted.split(".")
    for cut in range(len(steps) - 1, 0, -1):
        stem = "/".join(steps[:cut])
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if tree(path) is not None:
                return defined(tree(path), steps[cut:])
    return False


def test_exists(node: str) -> bool:
    path, *steps = node.split("::")
    in_place = path.startswith("tests/") and Path(path).name.startswith("test_")
    return in_place and steps[-1:][0:1] != [] and steps[-1].startswith("test_") and defined(tree(path), steps)


test_exists.__test__ = False  # type: ignore[attr-defined]


def addresses(
    patterns: list[URLPattern | URLResolver] | None = None, spaces: tuple[str, ...] = ()
) -> Iterator[str]:
    """The full name of every address of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            space = (pattern.namespace,) if pattern.namespace else ()
            yield from addresses(pattern.url_patterns, (*spaces, *space))
        elif pattern.name:
            yield ":".join((*spaces, pattern.name))


def test_the_table_is_whole() -> None:
    found = rows()
    assert len({row.id for row in found}) == len(found) > 200
    assert all(all((row.section, row.what, row.source, row.code, row.test, row.page)) for row in found)
    assert all(row.sections for row in found)


def test_what_is_built_names_code_that_exists() -> None:
    wrong = [f"{row.id}: {name}" for row in rows() for name in quoted(row.code) if not code_exists(name)]
    assert not wrong, wrong
    bare = [row.id for row in rows() if not row.needs_nothing and not quoted(row.code)]
    assert not bare, bare


def test_what_is_built_names_a_test_that_exists() -> None:
    wrong = [f"{row.id}: {name}" for row in rows() for name in quoted(row.test) if not test_exists(name)]
    assert not wrong, wrong
    untested = [
        row.id for row in rows() if not quoted(row.test) and (not row.needs_nothing or quoted(row.code))
    ]
    assert not untested, untested


def test_pages_have_an_address() -> None:
    known = set(addresses())
    wrong = [f"{row.id}: {name}" for row in rows() for name in quoted(row.page) if name not in known]
    assert not wrong, wrong
    silent = [row.id for row in rows() if row.page == "–" and not row.needs_nothing]
    assert not silent, silent


def test_what_is_missing_is_said_with_its_reason_and_does_not_grow() -> None:
    """The figures of the page are those of its rows, and only somebody who raises a limit here adds to them."""
    found = rows()
    not_built, not_used = (
        [row for row in found if row.is_not_built],
        [row for row in found if row.is_not_used],
    )
    reasons = [
        cell for row in found for cell in (row.code, row.page) if cell.startswith(("not built", "not used"))
    ]
    assert all(len(cell.partition(": ")[2]) > 10 for cell in reasons), reasons
    said = re.findall(
        r"(\d+) (?:rows|say|\*not)", COVERAGE.read_text(encoding="utf-8").partition("\n\n`section`")[0]
    )
    assert said == [str(len(found)), str(len(not_built)), str(len(not_used))]
    assert len(not_built) <= NOT_BUILT_AT_MOST, "\n".join(map(str, not_built))
    assert len(not_used) <= NOT_USED_AT_MOST, "\n".join(map(str, not_used))


@pytest.mark.parametrize("client", [AdobeClient, Externals, SegmentClient, Sending])
def test_every_call_of_a_client_has_a_row(client: type) -> None:
    named = {name for row in rows() if not row.needs_nothing for name in quoted(row.code)}
    calls = [name for name, value in vars(client).items() if callable(value) and not name.startswith("_")]
    missing = {f"{client.__module__}.{client.__name__}.{name}" for name in calls if name != "close"} - named
    assert not missing, missing


def written(pattern: str) -> str:
    """A route's path with `{}` for every id."""
    return re.sub(r"\(\[\^/\]\+\)|\{[^}]*\}", "{}", pattern).removesuffix("/?")


def test_every_route_of_the_stand_in_has_a_row() -> None:
    shown = {
        (method, written(path)): set(quoted(row.code))
        for row in rows()
        for method, path in ADDRESS.findall(row.what)
    }
    missing = [
        f"{route.method} {written(route.pattern.pattern)} -> {handler}"
        for route in (*routes.ROUTES, *desk.ROUTES)
        if (handler := f"{route.handler.__module__}.{route.handler.__name__}")
        not in shown.get((route.method, written(route.pattern.pattern)), ())
    ]
    assert not missing, missing


@pytest.mark.parametrize(("prefix", "name"), [("A", "adobe"), ("S", "segment")])
def test_sections_are_the_contracts(prefix: str, name: str) -> None:
    """Where the contract is at hand, every section that is named is in it."""
    contract = CONTRACTS / f"{name}.md"
    if not contract.is_file():
        pytest.skip("the contract is not beside the project")
    headings = re.findall(r"^#+ (\d+(?:\.\d+)?)", contract.read_text(encoding="utf-8"), re.M)
    named = {section for row in rows() if row.id.startswith(prefix) for section in row.sections}
    strange = {one for one in named if one not in headings and one.partition(".")[0] not in headings}
    assert not strange, strange
    whole = {one.partition(".")[0] for one in named}
    unnamed = {one.partition(".")[0] for one in headings} - whole
    assert unnamed <= WITHOUT_RULES[prefix], unnamed


# Legends, compact shapes of what stands elsewhere, and open questions.
WITHOUT_RULES = {"A": {"0"}, "S": {"13"}}
