"""What the admin calls the models of presses and their fields, besides the words that the mirror has."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# One and several of them.
MODELS = (
    (_("activation"), _("activations")),
    (_("share"), _("shares")),
    (_("delivery"), _("deliveries")),
    (_("event"), _("events")),
    (_("chain"), _("chains")),
    (_("job"), _("jobs")),
    (_("hold"), _("holds")),
    (_("pause"), _("pauses")),
    (_("chosen"), _("chosens")),
    (_("set change"), _("set changes")),
    (_("schedule"), _("schedules")),
    (_("firing"), _("firings")),
    (_("share link"), _("share links")),
)
FIELDS = (
    _("activation"), _("answer"), _("answered at"), _("audiences"), _("changed at"), _("day"), _("delivery"),
    _("digest"), _("due at"), _("ends at"), _("expected"), _("expected as of"), _("export"), _("export id"),
    _("findings"), _("fire at"), _("forced at"), _("joined"), _("key"), _("left out"), _("lifted at"),
    _("lifted by"), _("looked at"), _("made at"), _("made by"), _("mappings"), _("month day"), _("oddities"),
    _("of set"), _("on export"), _("opened at"), _("outcome"), _("pack"), _("paused at"), _("paused by"),
    _("platform at"), _("request"), _("retry of"), _("revoked at"), _("revoked by"), _("run id"),
    _("run word"), _("schedule"), _("set version"), _("size"), _("source"), _("started by"),
    _("started client"), _("superseded"), _("told"), _("tolerance"), _("until"), _("unusual"), _("usual"),
    _("usual of"), _("weekdays"), _("why"), _("zone"),
)  # fmt: skip
