"""Mirrored catalogue: destinations, dataflows, audiences, and which audience is mapped to which dataflow."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audiences.models.workspaces import User, Workspace


class MirroredQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows that belong to a workspace and may vanish from the platform."""

    def visible_to(self, user: User) -> MirroredQuerySet:
        return self.filter(workspace__in=Workspace.objects.visible_to(user))

    def present(self) -> MirroredQuerySet:
        """Rows the latest complete sync still found."""
        return self.filter(vanished_at=None)


class Mirrored(models.Model):
    """A row copied from the platform. Vanished rows are marked, never deleted: history points at them."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    platform_id = models.CharField(max_length=255)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    vanished_at = models.DateTimeField(null=True, blank=True)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        abstract = True


class Destination(Mirrored):
    """The vendor's platform and the account that reaches it."""

    platform = models.CharField(max_length=200)
    platform_spec = models.CharField(max_length=64, blank=True)
    account = models.CharField(max_length=200, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_destination")]

    def __str__(self) -> str:
        return f"{self.platform} · {self.account}" if self.account else self.platform


class Supported(Mirrored):
    """What audiences of one type can use at Segment, and how it is set up; `platform_id` is "type slug".

    `actions` and `connection_fields` are described as `audiences/supported.py` reads them. Without actions it
    is set up by its connection alone.
    """

    audience_type = models.CharField(max_length=32)
    slug = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    actions = models.JSONField(default=list, blank=True)
    connection_fields = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("supported destination")
        ordering = ["audience_type", "name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_supported")]

    def __str__(self) -> str:
        return f"{self.name} ({self.audience_type})"


class Trait(Mirrored):
    """What can go along with an event at Segment, by its key in `platform_id`."""

    kind = models.CharField(max_length=32, blank=True, help_text=_("Segment's word for where it comes from."))

    class Meta:
        ordering = ["platform_id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_trait")]

    def __str__(self) -> str:
        return self.platform_id


class Kind(models.TextChoices):
    BATCH_FILE = "batch_file", _("Batch, file-based")
    STREAMING = "streaming", _("Streaming")
    DATASET = "dataset", _("Dataset export")
    CONNECTION = "connection", _("Segment connection")
    UNKNOWN = "unknown", _("Kind unknown")


class Dataflow(Mirrored):
    """The standing link to a destination. `state` is the vendor's word."""

    destination = models.ForeignKey(Destination, models.PROTECT, related_name="dataflows")
    audience = models.ForeignKey(
        "Audience",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="connections",
        help_text=_("The audience it belongs to, at Segment; elsewhere it carries many."),
    )
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.UNKNOWN)
    state = models.CharField(max_length=32)
    etag = models.CharField(max_length=120, blank=True)
    path = models.CharField(max_length=500, null=True, blank=True)
    file_type = models.CharField(max_length=32, null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)
    updated_by = models.CharField(max_length=200, blank=True)
    operation = models.CharField(max_length=32, null=True, blank=True)
    operation_status = models.CharField(max_length=32, null=True, blank=True)
    operation_at = models.DateTimeField(null=True, blank=True)
    last_run = models.CharField(max_length=255, null=True, blank=True)
    last_run_status = models.CharField(max_length=16, null=True, blank=True)
    last_run_word = models.CharField(max_length=64, null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    mapped_count = models.PositiveIntegerField(default=0)
    details = models.JSONField(
        default=dict, blank=True, help_text=_("What only this platform has, without secrets.")
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_dataflow")]
        indexes = [models.Index(fields=["workspace", "kind", "name"], name="dataflow_browse")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activations:dataflow", args=[self.workspace.slug, self.platform_id])

    @property
    def is_enabled(self) -> bool:
        return self.state == "enabled"


class Audience(Mirrored):
    """A group of people; `platform_id` is the system id, the only one that ever leaves this house."""

    external_id = models.CharField(max_length=255, null=True, blank=True)
    external = models.BooleanField(default=False)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    origin = models.CharField(max_length=64, blank=True)
    namespace = models.CharField(max_length=64, blank=True)
    lifecycle = models.CharField(max_length=32, blank=True)
    evaluation = models.CharField(max_length=32, null=True, blank=True)
    merge_policy = models.CharField(max_length=255, null=True, blank=True)
    merge_policy_seen_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a sync first saw this merge policy replace another one.")
    )
    labels = models.JSONField(default=list, blank=True)
    ttl_days = models.PositiveSmallIntegerField(null=True, blank=True)
    profiles = models.BigIntegerField(null=True, blank=True)
    profiles_as_of = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    listed = models.BooleanField(
        default=True,
        help_text=_("False: a dataflow maps it, but the platform's audience list does not show it."),
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_audience")]
        indexes = [
            models.Index(fields=["workspace", "name"], name="audience_by_name"),
            models.Index(fields=["workspace", "origin"], name="audience_by_origin"),
            models.Index(fields=["workspace", "profiles"], name="audience_by_size"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activations:audience", args=[self.workspace.slug, self.platform_id])


class Mapping(Mirrored):
    """One audience on one dataflow, with its schedule. `platform_id` is "dataflow audience" at Adobe, where it
    has no id of its own; at Segment it is an activation's id, and one pair may have several."""

    # Two platform ids and a blank.
    platform_id = models.CharField(max_length=511)
    dataflow = models.ForeignKey(Dataflow, models.CASCADE, related_name="mappings")
    audience = models.ForeignKey(Audience, models.CASCADE, related_name="mappings")
    name = models.CharField(
        max_length=255,
        blank=True,
        help_text=_("The audience's name when it was mapped; at Segment the activation's own."),
    )
    export_mode = models.CharField(max_length=40, null=True, blank=True)
    frequency = models.CharField(max_length=32, null=True, blank=True)
    trigger = models.CharField(max_length=32, null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    start_time = models.CharField(max_length=8, null=True, blank=True)
    file_name_template = models.CharField(max_length=255, null=True, blank=True)
    mapped_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    activation_type = models.CharField(
        max_length=64, blank=True, help_text=_("Segment's word for what it sends; empty at Adobe.")
    )
    enabled = models.BooleanField(null=True, blank=True)
    resyncing = models.BooleanField(null=True, blank=True)
    details = models.JSONField(
        default=dict, blank=True, help_text=_("What only this platform has, without secrets.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "platform_id"], name="one_mapping"),
            # What has no id of its own is its pair.
            models.UniqueConstraint(
                fields=["dataflow", "audience"],
                condition=models.Q(activation_type=""),
                name="one_mapping_per_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience} → {self.dataflow}"
