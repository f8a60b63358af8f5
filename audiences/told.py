"""Sentences that outlast a request: kept as their English text and its facts, said in the language of whoever reads.

`Told` is the sentence. `said`, imported as `_`, makes it of a text that the catalogues then know; rows keep
`kept(sentence)` and pages show `read(row's)`. What an older version kept as plain words is translated where it can be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from audiences import speech


@dataclass(frozen=True, slots=True)
class Told:
    """An English text of the catalogues, and what stands in for its placeholders.

    A fact may be a sentence itself; a moment is said in the reader's own zone.
    """

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __mod__(self, facts: Mapping[str, Any]) -> Told:
        return Told(self.text, facts)

    def __str__(self) -> str:
        words = gettext(self.text) if self.text else ""
        return words % {name: _shown(fact) for name, fact in self.facts.items()} if self.facts else words


def said(text: str) -> Told:
    """A sentence to keep: `_("The job of %(who)s is over.") % {"who": name}`."""
    return Told(text)


def _shown(fact: Any) -> Any:
    if isinstance(fact, datetime):
        return speech.clock(fact, timezone.now())
    return date_format(fact, "DATE_FORMAT") if isinstance(fact, date) else fact


def kept(words: str | Promise | Told) -> Any:
    """As it is kept in a JSON field."""
    if not isinstance(words, Told):
        with override(None):
            return str(words)
    return {"text": words.text, "facts": {name: _kept(fact) for name, fact in words.facts.items()}}


def _kept(fact: Any) -> Any:
    if isinstance(fact, datetime):
        return {"at": fact.isoformat()}
    if isinstance(fact, date):
        return {"on": fact.isoformat()}
    return kept(fact) if isinstance(fact, Told | Promise) else fact


def read(row: Any) -> Told:
    """What a row kept, to be said."""
    if isinstance(row, Mapping):
        return Told(
            str(row.get("text", "")), {name: _read(fact) for name, fact in row.get("facts", {}).items()}
        )
    return Told(str(row))


def _read(fact: Any) -> Any:
    if not isinstance(fact, Mapping):
        return fact
    if "at" in fact:
        return datetime.fromisoformat(fact["at"])
    return date.fromisoformat(fact["on"]) if "on" in fact else read(fact)


def as_line(words: str | Told, at_most: int) -> str:
    """As it is kept in a text field of this length; a text of others stays as it is, and what is too long is cut."""
    if not isinstance(words, Told):
        return words[:at_most]
    line = json.dumps(kept(words), ensure_ascii=False)
    texts = {name: fact for name, fact in words.facts.items() if isinstance(fact, str)}
    while len(line) > at_most and any(texts.values()):
        longest = max(texts, key=lambda name: len(texts[name]))
        # Half of it at a time: some letters take more room on the line than one.
        texts[longest] = texts[longest][: -max(1, (len(line) - at_most) // 2)]
        line = json.dumps(kept(words % {**words.facts, **texts}), ensure_ascii=False)
    return line[:at_most]


def from_line(line: str) -> str | Told:
    """The reverse of `as_line`."""
    if not line.startswith('{"text":'):
        return line
    try:
        return read(json.loads(line))
    except ValueError:
        return line
