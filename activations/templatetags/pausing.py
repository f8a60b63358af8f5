"""What keeps things from leaving, for the banner on every page of a workspace. `{% load pausing %}`."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from activations import pauses
from activations.models import Pause
from audiences import speech
from audiences.models import Workspace

register = template.Library()
# More pauses than this at once are counted, not told.
TOLD = 3


@register.simple_tag
def standing_pauses(workspace: Workspace) -> list[Pause]:
    """The pauses a page tells about: at most one query, none where the view has asked already."""
    return list(pauses.shown_on(workspace).pauses)[:TOLD]


@register.filter
def pause_words(pause: Pause) -> str:
    """Where nothing leaves, since when, until when and by whom; the reason follows."""
    now = timezone.now()
    words = {
        "where": _where(pause),
        "since": speech.clock(pause.starts_at, now),
        "until": speech.clock(pause.ends_at, now) if pause.ends_at else _("somebody lifts it"),
        "who": pause.who or _("an administrator"),
    }
    if pause.kind == Pause.Kind.BLACKOUT:
        return (
            _("Blackout planned by %(who)s from %(since)s until %(until)s: nothing leaves %(where)s.") % words
        )
    return _("Paused by %(who)s since %(since)s until %(until)s: nothing leaves %(where)s.") % words


@register.filter
def pause_wall(pause: Pause) -> str:
    """The same for a wall that anybody passes: without who set it."""
    now = timezone.now()
    until = speech.clock(pause.ends_at, now) if pause.ends_at else _("somebody lifts it")
    return _("Paused until %(until)s: nothing leaves %(where)s.") % {"until": until, "where": _where(pause)}


def _where(pause: Pause) -> str:
    if pause.workspace_id is None:
        return _("any workspace")
    if pause.destination is None:
        return _("this workspace")
    return _("for %(name)s") % {"name": pause.destination}
