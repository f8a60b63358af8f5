"""Reads, updates and writes the catalogues of `locale/`: a text file for people, a compiled one for Django."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from translating.sources import ROOT

LOCALE = ROOT / "locale"
# Django's own catalogues count plurals with these rules, and ours are read beside them.
PLURALS = {"de": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);"}
LANGUAGES = tuple(PLURALS)


class Tongue(Catalog):
    """One language's messages. Its header names no date and no tool: the same texts make the same files."""

    def __init__(self, language: str, messages: Iterable[Message] = ()) -> None:
        super().__init__(
            locale=language,
            header_comment=f"# Activate on-demand, language {language}. Terms and rules: docs/translating.md",
            charset="utf-8",
            fuzzy=False,
        )
        self.mime_headers = [("Plural-Forms", PLURALS[language])]
        for message in messages:
            if message.id:
                self[message.id] = message

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    # Babel makes a property of the method when its own class is made.
    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)  # type: ignore[assignment]

    def said(self) -> list[Message]:
        """The messages without the header, which Babel keeps as one too."""
        return [message for message in self if message.id]


def forms(message: Message) -> tuple[str, ...]:
    """The translation, or its form for each plural; empty where there is none."""
    return message.string if isinstance(message.string, tuple) else (message.string,)


def text_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def compiled_file(language: str) -> Path:
    return text_file(language).with_suffix(".mo")


def read(language: str) -> Tongue:
    """What translators wrote; nothing where a language begins."""
    path = text_file(language)
    written = path.read_bytes() if path.exists() else b""
    return Tongue(language, read_po(BytesIO(written), locale=language, charset="utf-8", abort_invalid=True))


def updated(language: str, wanted: Catalog) -> Tongue:
    """With exactly the wanted messages: a text that changed a little keeps its translation, marked as fuzzy."""
    found = read(language)
    found.update(wanted, keep_user_comments=True, update_header_comment=False)
    return Tongue(language, found)


def as_text(tongue: Tongue) -> bytes:
    """The file that people read and write: a paragraph a message, the messages of a page beside each other."""
    out = BytesIO()
    write_po(out, tongue, width=110, sort_by_file=True, include_lineno=False)
    return out.getvalue()


def compiled(tongue: Tongue) -> bytes:
    """The file that Django reads; what is not translated, or fuzzy, stays out of it and shows in English."""
    ready = [message for message in tongue.said() if not message.fuzzy and all(forms(message))]
    out = BytesIO()
    write_mo(out, Tongue(str(tongue.locale), ready))
    return out.getvalue()


def write(tongue: Tongue) -> None:
    """Both files of a language."""
    language = str(tongue.locale)
    text_file(language).parent.mkdir(parents=True, exist_ok=True)
    text_file(language).write_bytes(as_text(tongue))
    compiled_file(language).write_bytes(compiled(read(language)))
