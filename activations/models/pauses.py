"""When nothing may leave: pauses that people set, and blackout windows that they plan."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audiences.models import Destination, Workspace


class PauseQuerySet(models.QuerySet["Pause"]):
    def standing(self, now: datetime) -> PauseQuerySet:
        """Begun, not over and not lifted."""
        begun = self.filter(lifted_at=None, starts_at__lte=now)
        return begun.filter(Q(ends_at=None) | Q(ends_at__gt=now))

    def coming(self, now: datetime) -> PauseQuerySet:
        """Planned and not lifted before they began."""
        return self.filter(lifted_at=None, starts_at__gt=now)

    def about(self, workspace: Workspace) -> PauseQuerySet:
        """Those that this workspace must mind: its own and the global ones."""
        return self.filter(Q(workspace=None) | Q(workspace=workspace))


class Pause(models.Model):
    """Nothing leaves within its scope while it stands. What is sent already is watched as ever.

    Without a workspace it is global; with a destination it is about that destination alone.
    """

    class Kind(models.TextChoices):
        PAUSE = "pause", _("pause: now, until it is lifted or ends")
        BLACKOUT = "blackout", _("blackout: a planned window")

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, null=True, blank=True, related_name="+",
        help_text=_("Empty: every workspace."),
    )  # fmt: skip
    destination = models.ForeignKey(
        Destination, models.CASCADE, null=True, blank=True, related_name="+",
        help_text=_("Empty: every destination of the workspace."),
    )  # fmt: skip
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PAUSE)
    reason = models.CharField(max_length=300, help_text=_("Why. Everyone in the workspace reads it."))
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody lifts it.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = PauseQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(destination=None) | Q(workspace__isnull=False), name="pause_destination_has_workspace"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="pause_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(kind="blackout") | Q(ends_at__isnull=False), name="blackout_has_an_end"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["lifted_at", "starts_at"], name="pause_standing")]

    def __str__(self) -> str:
        return self.reason

    @property
    def who(self) -> str:
        """The name of the person who set it; "" when that person is no longer known."""
        return (self.by.get_full_name() or self.by.get_username()) if self.by else ""

    def stands(self, now: datetime) -> bool:
        return self.lifted_at is None and self.starts_at <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Lifted, or past its end."""
        return self.lifted_at is not None or (self.ends_at is not None and self.ends_at <= now)
