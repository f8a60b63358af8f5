"""How texts stand in the code: looked up when somebody reads them, and whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from translating.sources import KEYWORDS, ROOT, files

AT_ONCE = {"gettext", "ngettext", "pgettext", "npgettext"}
CODE = [path for path in files() if path.suffix == ".py"]


def imported(tree: ast.Module) -> dict[str, str]:
    """Name in this file → function of Django's or ours."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name):
            yield one.func.id, one


def at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported: everything but the bodies of functions."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from at_import(child)


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_texts_are_looked_up_late_and_are_whole(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = imported(tree)
    early = [
        f"line {node.lineno}: in the language of the process, not of the reader"
        for node in at_import(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and names.get(node.func.id) in AT_ONCE
    ]
    built = [
        f"line {call.lineno}: a text that is put together cannot be found"
        for name, call in calls(tree)
        if name in KEYWORDS and name in names
        for argument in call.args[:1]
        if isinstance(argument, ast.JoinedStr | ast.BinOp)
    ]
    assert not early + built
