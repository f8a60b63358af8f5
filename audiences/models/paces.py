"""Where the paces that processes share are kept while Redis does not answer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.models.workspaces import Workspace


class Pace(models.Model):
    """One bucket of a workspace: that of all its calls, or that of one operation of Segment's."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="paces")
    group = models.CharField(
        max_length=40, blank=True, help_text=_("The operation with a limit of its own; empty: every call.")
    )
    state = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "group"], name="one_pace_per_operation")]

    def __str__(self) -> str:
        return f"{self.workspace}: {self.group or '*'}"
