"""A language in which every text that went through a catalogue stands between ⟦ and ⟧, and what is left over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from django.apps import apps
from django.db.models import CharField, JSONField, TextField

from translating.sources import catalogue

CODE = "xx"
# Django's and its apps' own texts come through their own catalogues; these are the ones that pages show.
DJANGOS = ("conf", "contrib/auth", "contrib/admin", "contrib/humanize")
# Attributes that people read or hear.
SHOWN = {
    "title", "aria-label", "alt", "placeholder", "data-label", "data-none", "data-one", "data-many", "data-until",
    "data-over",
}  # fmt: skip
SILENT = {"script", "style", "template"}
WORD = re.compile(r"[^\W\d_]{2,}")


def write_catalogue(folder: Path) -> None:
    """A compiled catalogue of the marked texts, for LOCALE_PATHS."""
    marked = Catalog(locale="en", charset="utf-8")
    marked.locale = None
    for message in catalogue():
        if message.id:
            _add(marked, message.id, message.context)
    for place in DJANGOS:
        path = Path(django.__path__[0]) / place / "locale" / "de" / "LC_MESSAGES" / "django.mo"
        with path.open("rb") as file:
            for message in read_mo(file):
                if message.id and marked.get(_key(message.id), message.context) is None:
                    _add(marked, message.id, message.context)
    path = folder / CODE / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as out:
        write_mo(out, marked)


def _key(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _add(marked: Catalog, text: str | tuple[str, ...], context: str | None) -> None:
    if isinstance(text, str):
        marked.add(text, f"⟦{text}⟧", context=context)
    else:
        marked.add(text, tuple(f"⟦{one}⟧" for one in text), context=context)


class Page(HTMLParser):
    """The texts of a page, in their order, and those of the attributes that people read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.spoken: list[str] = []
        self.silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        button = tag == "input" and dict(attrs).get("type") in ("submit", "button")
        for name, value in attrs:
            if value and (name in SHOWN or (button and name == "value")):
                self.spoken.append(value)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.texts.append(data)


def unmarked(html: str) -> Iterator[str]:
    """What of the page's words stands in no marks. A mark may open in one element and close in another."""
    page, depth = Page(html), 0
    for text in page.texts:
        left, depth = _outside(text, depth)
        if WORD.search(left):
            yield " ".join(left.split())
    for text in page.spoken:
        left, _depth = _outside(text, 0)
        if WORD.search(left):
            yield " ".join(left.split())


def _outside(text: str, depth: int) -> tuple[str, int]:
    out = []
    for letter in text:
        if letter == "⟦":
            depth += 1
            out.append("\n")
        elif letter == "⟧":
            depth -= 1
        elif depth <= 0:
            out.append(letter)
    return "".join(out), depth


def data_of_rows() -> str:
    """Every text that rows hold: names, ids and the vendors' own words, which nobody translates."""
    found: list[str] = []
    for model in apps.get_models():
        fields = [
            f.name for f in model._meta.concrete_fields if isinstance(f, CharField | TextField | JSONField)
        ]
        for row in model._default_manager.values_list(*fields) if fields else ():
            found += list(_texts(row))
    return "\n".join(found)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (str(key), *_texts(one))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
