"""The life of a wish: every state with its word, tone and icon, and the only edges allowed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audiences.shown import Shown, table

QUEUED = "queued"
SENDING = "sending"
UNCONFIRMED = "unconfirmed"
DONE = "done"
REFUSED = "refused"
CHANGED = "changed"
LOST = "lost"

STATES = table(
    Shown(QUEUED, _("Queued"), "moving", "ellipsis"),
    Shown(SENDING, _("Being asked"), "moving", "send"),
    Shown(UNCONFIRMED, _("Unconfirmed"), "moving", "circle-question-mark"),
    Shown(DONE, _("Done"), "done", "check"),
    Shown(REFUSED, _("Refused"), "act", "octagon-x"),
    Shown(CHANGED, _("Changed meanwhile"), "look", "triangle-alert"),
    Shown(LOST, _("Outcome unknown"), "look", "circle-question-mark"),
)
CHOICES = [(state.value, state.word) for state in STATES.values()]

EDGES: dict[str, frozenset[str]] = {
    QUEUED: frozenset({SENDING, REFUSED}),
    SENDING: frozenset({QUEUED, UNCONFIRMED, DONE, REFUSED, CHANGED, LOST}),
    UNCONFIRMED: frozenset({SENDING, LOST}),
    DONE: frozenset(),
    REFUSED: frozenset(),
    CHANGED: frozenset(),
    LOST: frozenset(),
}
OPEN = (QUEUED, SENDING, UNCONFIRMED)
# Asked for, or perhaps: nobody knows yet whether the platform did it.
AT_PLATFORM = (SENDING, UNCONFIRMED)
WAITING = (QUEUED, UNCONFIRMED)
# A person must see these and decide.
NEEDS_YOU = (REFUSED, CHANGED, LOST)
