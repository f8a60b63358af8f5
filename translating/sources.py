"""Finds every text that goes through gettext, in the Python code and in the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CODE = ("config", "audiences", "activations", "notices")
TEMPLATES = ("templates",)
PLURAL, CONTEXT, PLURAL_IN_CONTEXT = (1, 2), ((1, "c"), 2), ((1, "c"), 2, 3)
# Which arguments of which function are texts, as Babel writes it.
KEYWORDS = {
    **{name + lazy: None for name in ("gettext", "_") for lazy in ("", "_lazy")},
    **{f"ngettext{lazy}": PLURAL for lazy in ("", "_lazy")},
    **{f"pgettext{lazy}": CONTEXT for lazy in ("", "_lazy")},
    **{f"npgettext{lazy}": PLURAL_IN_CONTEXT for lazy in ("", "_lazy")},
    "gettext_noop": None,
    "_l": None,
    # `said` of audiences/told.py, where `_` is gettext.
    "noted": None,
}
Found = tuple[str | tuple[str, ...], str | None, list[str]]


def catalogue() -> Catalog:
    """Every message with the files that say it; without translations, in a stable order."""
    found = Catalog(fuzzy=False, charset="utf-8")
    for path in files():
        for text, context, comments in messages(path):
            place = path.relative_to(ROOT).as_posix()
            found.add(text, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


def files() -> list[Path]:
    """Python files and templates of ours, sorted by their place."""
    code = [path for room in CODE for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
    templates = [path for room in TEMPLATES for path in (ROOT / room).rglob("*.*")]
    return sorted(path for path in (*code, *templates) if path.is_file())


def messages(path: Path) -> Iterator[Found]:
    """The texts of one file: (text or (singular, plural), context, comments for translators)."""
    source = path.read_text("utf-8")
    if path.suffix != ".py":
        # Django turns a template into calls of gettext amid nonsense, whose indentation is no Python.
        source = re.sub(r"(?m)^[ \t]+", "", templatize(source, origin=str(path)))
    lines = BytesIO(source.encode())
    for _line, function, args, comments in extract_python(
        lines, KEYWORDS, ["Translators:"], {"encoding": "utf-8"}
    ):
        yield from _message(function, args, comments)


def _message(function: str, args: object, comments: list[str]) -> Iterator[Found]:
    said = list(args) if isinstance(args, tuple | list) else [args]
    context = said.pop(0) if "pgettext" in function else None
    wanted = 2 if function.startswith(("ngettext", "npgettext")) else 1
    texts = [text for text in said[:wanted] if isinstance(text, str) and text]
    if len(texts) == wanted:
        yield (texts[0] if wanted == 1 else tuple(texts)), context, comments
