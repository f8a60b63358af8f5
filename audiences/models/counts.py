"""How many profiles an audience had: a row for every count that the platform told and that differs from the last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.models.catalog import Audience


class Counted(models.Model):
    """What a sync found an audience's count to be. Rows are added when the count or its *as of* changes, and go when
    they are old."""

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="counted")
    profiles = models.BigIntegerField(null=True, blank=True, help_text=_("Empty: it became unknown."))
    as_of = models.DateTimeField(null=True, blank=True, help_text=_("Empty: the platform did not say."))
    seen_at = models.DateTimeField(help_text=_("When a sync found it."))

    class Meta:
        indexes = [
            models.Index(fields=["audience", "seen_at"], name="counted_by_audience"),
            models.Index(fields=["seen_at"], name="counted_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.audience_id} · {self.profiles}"
