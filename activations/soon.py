"""What "as soon as allowed" would do of a set at this moment: asked by the schedule that looks, and told before it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import ngettext

from activations.models import ActivationSet
from activations.places import judge
from activations.sets import mappings_in
from audiences import speech


@dataclass(frozen=True, slots=True)
class Soon:
    """How many of a set's deliveries go, wait and are blocked now, those that are no longer mapped left out.

    Where nothing is left, nothing may go: of nothing everything is true, and a mirror that was emptied by mistake
    must not use a schedule up.
    """

    go: int
    wait: int
    blocked: int

    @property
    def may(self) -> bool:
        """Whether the set goes: nothing of it is blocked any more."""
        return bool(self.go + self.wait) and not self.blocked

    @property
    def words(self) -> str:
        """ "7 deliveries can go now: they leave within a minute of saving, without another question."; "" of nothing."""
        if self.blocked:
            said = ngettext(
                "%(n)s delivery of the set is blocked now: nothing leaves before that has changed.",
                "%(n)s deliveries of the set are blocked now: nothing leaves before that has changed.",
                self.blocked,
            )
            return said % {"n": speech.number(self.blocked)}
        going = ngettext(
            "%(n)s delivery can go now: it leaves within a minute of saving, without another question.",
            "%(n)s deliveries can go now: they leave within a minute of saving, without another question.",
            self.go,
        )
        waiting = ngettext(
            "%(n)s has to wait, and is armed then.", "%(n)s have to wait, and are armed then.", self.wait
        )
        parts = ((self.go, going), (self.wait, waiting))
        return " ".join(words % {"n": speech.number(count)} for count, words in parts if count)


def soon(of_set: ActivationSet, now: datetime) -> Soon:
    """As many queries per workspace as a judgement asks, however large the set is."""
    present = [mapping for mapping in mappings_in(of_set) if mapping.vanished_at is None]
    found = judge(present[0].workspace, present, now=now) if present else {}
    kinds = Counter(verdict.will_go for verdict in found.values())
    return Soon(kinds["ready"] + kinds["joins"], kinds["waits"], kinds["blocked"])
