"""The life of a delivery: every state with its word, tone and icon, and the only edges allowed.

A state's value, word, colour and icon stand in one row, so the badge cannot disagree with the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

BLOCKED = "blocked"
ARMED = "armed"
QUEUED = "queued"
SENDING = "sending"
UNCONFIRMED = "unconfirmed"
RUNNING = "running"
SUCCEEDED = "succeeded"
FINISHED = "finished"
EMPTY = "empty"
PARTLY = "partly"
FAILED = "failed"
REFUSED = "refused"
CANCELED = "canceled"
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class State:
    """`tone`: idle, moving, done, look or act. `rank`: the worse, the higher; the activation says its worst.

    `word` is for the badge; `count_word` has a form per plural, said by `counted`; `icon` a lucide name.
    """

    value: str
    word: str | Promise
    count_word: _StrPromise
    tone: str
    icon: str
    rank: int
    meaning: str | Promise

    def counted(self, count: int) -> str:
        """The word after a number of deliveries, and alone for a single one: the "failed" of "3 failed"."""
        return str(self.count_word % {"n": count})


STATES: dict[str, State] = {
    state.value: state
    for state in (
        State(BLOCKED, _("Blocked"),
              npgettext_lazy("deliveries", "blocked", "blocked", "n"), "act", "ban", 90,
              _("It could not succeed, so nothing was sent.")),
        State(ARMED, _("Armed"),
              npgettext_lazy("deliveries", "armed", "armed", "n"), "moving", "clock", 30,
              _("It goes by itself, once, at the first allowed moment.")),
        State(QUEUED, _("Queued"),
              npgettext_lazy("deliveries", "queued", "queued", "n"), "moving", "ellipsis", 32,
              _("Confirmed; it leaves with the next job.")),
        State(SENDING, _("Sending"),
              npgettext_lazy("deliveries", "sending", "sending", "n"), "moving", "send", 34,
              _("Its job is being handed to the platform.")),
        State(UNCONFIRMED, _("Unconfirmed"),
              npgettext_lazy("deliveries", "unconfirmed", "unconfirmed", "n"), "moving", "circle-question-mark", 60,
              _("We are checking whether the platform took it.")),
        State(RUNNING, _("Running"),
              npgettext_lazy("deliveries", "running", "running", "n"), "moving", "loader-circle", 40,
              _("The platform took it and is working on it.")),
        State(SUCCEEDED, _("Delivered"),
              npgettext_lazy("deliveries", "delivered", "delivered", "n"), "done", "check", 10,
              _("The platform says it is delivered.")),
        State(FINISHED, _("Resync finished"),
              npgettext_lazy("deliveries", "finished resyncing", "finished resyncing", "n"), "done", "check-check", 12,
              _("Segment no longer says that the resync is going on; it never says what arrived.")),
        State(EMPTY, _("Delivered, empty"),
              npgettext_lazy("deliveries", "delivered empty", "delivered empty", "n"), "look", "triangle-alert", 70,
              _("The run succeeded, but no profile was in the file.")),
        State(PARTLY, _("Partly delivered"),
              npgettext_lazy("deliveries", "partly delivered", "partly delivered", "n"), "look", "contrast", 72,
              _("Some records did not reach the destination.")),
        State(FAILED, _("Failed"),
              npgettext_lazy("deliveries", "failed", "failed", "n"), "act", "x", 96,
              _("The platform's run failed.")),
        State(REFUSED, _("Refused"),
              npgettext_lazy("deliveries", "refused", "refused", "n"), "act", "octagon-x", 94,
              _("The platform said no to the call; nothing was sent.")),
        State(CANCELED, _("Canceled"),
              npgettext_lazy("deliveries", "canceled", "canceled", "n"), "idle", "slash", 20,
              _("Taken back before it was sent.")),
        State(STOPPED, _("Stopped watching"),
              npgettext_lazy("deliveries", "unknown", "unknown", "n"), "look", "circle-question-mark", 80,
              _("The outcome is unknown; ask the platform again with “Check again”.")),
    )
}  # fmt: skip

CHOICES = [(state.value, state.word) for state in STATES.values()]

EDGES: dict[str, frozenset[str]] = {
    "": frozenset({BLOCKED, ARMED, QUEUED}),
    BLOCKED: frozenset(),
    # To `stopped` only after an earlier call of unknown outcome: then "never sent" would be a guess.
    # and to `unconfirmed` when it cannot go again: the first call is looked for once more.
    ARMED: frozenset({QUEUED, ARMED, BLOCKED, CANCELED, STOPPED, UNCONFIRMED}),
    # By the last look before sending: it joins a run, cannot go any more, or the platform does not answer.
    QUEUED: frozenset({SENDING, QUEUED, ARMED, CANCELED, STOPPED, RUNNING, BLOCKED}),
    SENDING: frozenset({RUNNING, QUEUED, ARMED, REFUSED, UNCONFIRMED}),
    # To `refused` when the second call was refused and a last look finds no trace of the first.
    UNCONFIRMED: frozenset({RUNNING, QUEUED, STOPPED, REFUSED}),
    RUNNING: frozenset({SUCCEEDED, FINISHED, EMPTY, PARTLY, FAILED, STOPPED}),
    SUCCEEDED: frozenset(),
    FINISHED: frozenset(),
    EMPTY: frozenset(),
    PARTLY: frozenset(),
    FAILED: frozenset(),
    REFUSED: frozenset(),
    CANCELED: frozenset(),
    STOPPED: frozenset({RUNNING, UNCONFIRMED}),
}

UNSENT = (ARMED, QUEUED)
MOVING = (ARMED, QUEUED, SENDING, UNCONFIRMED, RUNNING)
AT_PLATFORM = (SENDING, UNCONFIRMED, RUNNING)
DELIVERED = (SUCCEEDED, EMPTY, PARTLY)
NEEDS_YOU = (BLOCKED, FAILED, REFUSED, STOPPED, EMPTY, PARTLY)
RETRYABLE = (BLOCKED, FAILED, REFUSED, CANCELED, EMPTY, PARTLY)
FINAL = tuple(value for value in STATES if value not in MOVING)


def worst(values: list[str]) -> str | None:
    """The state an activation is named by: the worst of its deliveries', None when it has none."""
    return max(values, key=lambda value: STATES[value].rank, default=None)
