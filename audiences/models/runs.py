"""Mirrored runs of dataflows and jobs of the platform. Absent figures stay NULL: unknown is not zero."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.models.catalog import Dataflow, Mirrored


class Run(Mirrored):
    """One dataflow run, scheduled or ad hoc. `status` is ours, `word` the vendor's own."""

    dataflow = models.ForeignKey(Dataflow, models.CASCADE, related_name="runs")
    status = models.CharField(max_length=16)
    word = models.CharField(max_length=64, null=True, blank=True)
    ad_hoc = models.BooleanField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    received = models.BigIntegerField(null=True, blank=True)
    activated = models.BigIntegerField(null=True, blank=True)
    excluded = models.BigIntegerField(null=True, blank=True)
    failed = models.BigIntegerField(null=True, blank=True)
    files = models.PositiveIntegerField(null=True, blank=True)
    bytes_out = models.BigIntegerField(null=True, blank=True)
    issues = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_run")]
        indexes = [
            models.Index(fields=["dataflow", "-created_at"], name="run_by_dataflow"),
            models.Index(fields=["workspace", "status"], name="run_by_status"),
        ]

    def __str__(self) -> str:
        return self.platform_id


class RunAudience(models.Model):
    """What a run did with one audience, where the platform tells audiences apart."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="audiences")
    audience = models.CharField(max_length=255, db_index=True, help_text=_("The audience's system id."))
    received = models.BigIntegerField(null=True, blank=True)
    activated = models.BigIntegerField(null=True, blank=True)
    excluded = models.BigIntegerField(null=True, blank=True)
    failed = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "audience"], name="one_count_per_run_audience")]

    def __str__(self) -> str:
        return f"{self.run_id} · {self.audience}"


class PlatformJob(Mirrored):
    """A segment (evaluation) or export (snapshot) job: how fresh the data is. `kind`: segment | export."""

    kind = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    word = models.CharField(max_length=64, null=True, blank=True)
    schema = models.CharField(max_length=120, null=True, blank=True)
    scheduled = models.BooleanField(null=True, blank=True)
    segments = models.JSONField(default=list, blank=True)
    dataset = models.CharField(max_length=255, blank=True)
    problems = models.JSONField(
        default=list, blank=True, help_text=_("What went wrong, in the vendor's words.")
    )
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind", "platform_id"], name="one_platform_job")
        ]
        indexes = [models.Index(fields=["workspace", "kind", "-created_at"], name="platform_job_newest")]

    def __str__(self) -> str:
        return f"{self.kind} job {self.platform_id}"

    @property
    def is_open(self) -> bool:
        return self.status in ("queued", "processing")
