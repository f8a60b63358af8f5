"""How an activation may stand, in words, and of which activations a person wants to hear."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.shown import Shown, table


class Change(models.TextChoices):
    """How an activation stands since a moment. The last two are written down, and nobody is told."""

    WELL = "well", _("finished well")
    FAILURES = "failures", _("finished with failures")
    NEEDS = "needs", _("needs somebody")
    RECOVERED = "recovered", _("recovered")
    GOING = "going", _("going on again")
    OFF = "off", _("nothing went")


TELLABLE = (Change.WELL, Change.FAILURES, Change.NEEDS, Change.RECOVERED)
TELLABLE_CHOICES = [(change.value, change.label) for change in TELLABLE]
SHOWN = table(
    Shown(Change.WELL, _("Finished"), "done", "check"),
    Shown(Change.FAILURES, _("Finished with failures"), "act", "x"),
    Shown(Change.NEEDS, _("Needs somebody"), "look", "triangle-alert"),
    Shown(Change.RECOVERED, _("Recovered"), "done", "heart-pulse"),
    Shown(Change.GOING, _("Going on again"), "moving", "loader-circle"),
    Shown(Change.OFF, _("Nothing went"), "idle", "slash"),
)


def every_change() -> list[str]:
    return [change.value for change in TELLABLE]


class About(models.TextChoices):
    ALL = "all", _("every activation in my workspaces")
    MINE = "mine", _("only what I asked for")
