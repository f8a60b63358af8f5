"""What is wrong with a catalogue: nothing missing, nothing left over, and nothing lost on the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from babel.messages.catalog import Catalog, Message

from translating.catalogues import Tongue, forms

# %(name)s of Python and of templates, {name} that the own script or `format` fills in.
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
TAG = re.compile(r"</?[a-z][^<>]*>")
# A sentence stays a sentence, and what opens a list still opens it.
ENDS = ".?!:…"
BLANKS = " \n\t"


def complaints(tongue: Tongue, wanted: Catalog) -> list[str]:
    """One line for everything that is wrong, with the message it is about."""
    there = {(message.id, message.context): message for message in tongue.said()}
    asked = {(message.id, message.context) for message in wanted if message.id}
    found = [f"not in the catalogue: {text!r}" for text, _context in sorted(asked - set(there), key=str)]
    found += [f"nothing says it any more: {text!r}" for text, _context in sorted(set(there) - asked, key=str)]
    for message in there.values():
        found += [f"{what}: {message.id!r}" for what in about(message)]
    return found


def about(message: Message) -> Iterator[str]:
    """What is wrong with one translation."""
    said = forms(message)
    if not all(said):
        yield "not translated"
        return
    if message.fuzzy:
        yield "to be looked at again (fuzzy)"
    # Babel takes "% o" for a format; a text whose original has such a sign is not formatted.
    if message.python_format and _strays(said) and not _strays(_originals(message)):
        yield "a percent sign alone would fail: write %%"
    for original, text in zip(_originals(message), said, strict=False):
        yield from _lost(original, text)


def _originals(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _lost(original: str, text: str) -> Iterator[str]:
    if set(PLACEHOLDER.findall(original)) != set(PLACEHOLDER.findall(text)):
        yield f"other placeholders in {text!r}"
    if Counter(TAG.findall(original)) != Counter(TAG.findall(text)):
        yield f"other tags in {text!r}"
    if _blanks(original) != _blanks(text):
        yield f"other spaces around {text!r}"
    if _end(original) != _end(text):
        yield f"another end of the sentence in {text!r}"


def _blanks(text: str) -> tuple[bool, bool]:
    """Whether a blank joins it to what stands before and after; French's no-break ones belong to a sign."""
    return text[:1] in BLANKS, text[-1:] in BLANKS


def _end(text: str) -> str:
    last = text.rstrip().rstrip("”“»\u00a0\u202f)")[-1:]
    return last if last in ENDS else ""


def _strays(texts: Iterable[str]) -> bool:
    return any("%" in re.sub(r"%\(\w+\)[sd]|%%", "", text) for text in texts)
