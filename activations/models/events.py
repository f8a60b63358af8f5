"""The append-only story of activations and their deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from activations.models.activations import Activation
from activations.models.deliveries import Delivery
from audiences.models import Workspace


class Event(models.Model):
    """One line of the story: who or what, when, what, before and after. Rows are only ever added."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    activation = models.ForeignKey(Activation, models.CASCADE, null=True, blank=True, related_name="events")
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, blank=True, related_name="events")
    job = models.ForeignKey("activations.Job", models.SET_NULL, null=True, blank=True, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_("Empty: the system."),
    )  # fmt: skip
    what = models.CharField(max_length=32, help_text=_("Code of the sentence shown."))
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["activation", "at"], name="event_story")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.what}"
