"""External audiences made here, what was asked of the platform about them, and the story of both."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audiences.models.catalog import Audience
from audiences.models.workspaces import User, Workspace


class ExternalQuerySet(models.QuerySet["ExternalAudience"]):
    def visible_to(self, user: User) -> ExternalQuerySet:
        return self.filter(workspace__in=Workspace.objects.visible_to(user))

    def about(self, audience: Audience) -> ExternalAudience | None:
        """The one made or found here that became this audience of the mirror, None for any other."""
        if not audience.external:
            return None
        ids = [audience.external_id, audience.platform_id]
        return (
            self.filter(workspace_id=audience.workspace_id, live=True, external_id__in=ids)
            .select_related("workspace")
            .first()
        )


class ExternalAudience(models.Model):
    """A file somewhere that becomes an audience: how it was asked for, and what the platform made of it.

    How it stands is computed from its operations, never stored.
    """

    class Cloud(models.TextChoices):
        DLZ = "DLZ", _("Data Landing Zone")
        S3 = "S3", _("Amazon S3")
        GCS = "GCS", _("Google Cloud Storage")
        AZURE = "Azure", _("Azure")
        SFTP = "SFTP", _("SFTP")

    class Kind(models.TextChoices):
        FILE = "file", _("one file")
        FOLDER = "folder", _("a folder of files")

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="external_audiences")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    fields = models.JSONField(default=list, help_text=_("Columns: name, type, identity, labels."))
    path = models.CharField(max_length=500)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.FILE)
    cloud = models.CharField(max_length=8, choices=Cloud.choices, default=Cloud.DLZ)
    connection = models.CharField(max_length=255, blank=True, help_text=_("Base connection's id."))
    public_key = models.CharField(max_length=255, blank=True)
    signing_key = models.CharField(max_length=255, blank=True)
    ttl_days = models.PositiveSmallIntegerField(default=30)
    namespace = models.CharField(max_length=64, blank=True)
    labels = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)

    external_id = models.CharField(
        max_length=255, null=True, blank=True,
        help_text=_("The external audience service's own id; the system id is the mirrored audience's."),
    )  # fmt: skip
    found = models.BooleanField(
        default=False, help_text=_("An audience of this name existed before; it was found, not made.")
    )
    live = models.BooleanField(
        default=True, help_text=_("False once its creation failed or was refused, or it was deleted.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="external_audiences"
    )
    created_at = models.DateTimeField()
    press = models.CharField(
        max_length=64,
        help_text=_("Token of the form: a double click finds the audience it already asked for."),
    )
    version = models.PositiveIntegerField(
        default=1, help_text=_("Grows with every change; pages poll with it.")
    )
    ingested_at = models.DateTimeField(
        null=True, blank=True, help_text=_("End of the last ingestion that succeeded, as seen by the watch.")
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When its data lapses, reckoned here: the platform does not say.")
    )
    runs_due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When its list of ingestions is to be read.")
    )
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ExternalQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "press"], name="one_external_per_press"),
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(live=True), name="one_live_external_per_name"
            ),
            models.UniqueConstraint(
                fields=["workspace", "external_id"],
                condition=Q(live=True, external_id__isnull=False),
                name="one_live_external_per_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("audiences:external", args=[self.workspace.slug, self.pk])

    def mirrored(self) -> models.QuerySet[Audience]:
        """The audience of the mirror that this one became: none or one row.

        The documents are silent on whether the service's own id can be the system id: either is found.
        """
        if self.external_id is None:
            return Audience.objects.none()
        same = Q(external_id=self.external_id) | Q(platform_id=self.external_id)
        return Audience.objects.filter(same, workspace_id=self.workspace_id)


class ExternalOperation(models.Model):
    """One change asked of the platform about an external audience. The table is the queue.

    What was begun (`platform_id`: a creation's operation or an ingestion's run) is followed to its end.
    """

    class Kind(models.TextChoices):
        CREATE = "create", _("creation")
        INGEST = "ingest", _("ingestion")
        UPDATE = "update", _("update")
        EXTEND = "extend", _("extension")
        DELETE = "delete", _("deletion")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        UNCONFIRMED = "unconfirmed", _("unconfirmed")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("done")
        FAILED = "failed", _("failed")
        REFUSED = "refused", _("refused")
        CANCELED = "canceled", _("never sent")
        STOPPED = "stopped", _("stopped watching")

    OPEN = (State.QUEUED, State.SENDING, State.UNCONFIRMED, State.RUNNING)

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    external = models.ForeignKey(ExternalAudience, models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    state_since = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    seen = models.BooleanField(default=False, help_text=_("Not asked for here: seen in the platform's list."))
    change = models.JSONField(default=dict, blank=True, help_text=_("What an update replaces."))
    data_from = models.DateTimeField(null=True, blank=True)
    data_until = models.DateTimeField(null=True, blank=True)

    platform_id = models.CharField(max_length=255, blank=True)
    word = models.CharField(max_length=64, null=True, blank=True)
    stages = models.JSONField(default=list, blank=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    sending_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the present call was made; empty: it was not made yet.")
    )
    posted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it was first sent, by the platform's own clock.")
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField()
    checks = models.PositiveIntegerField(default=0)
    reposted = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    reason = models.CharField(max_length=60, blank=True)
    verbatim = models.TextField(blank=True)
    field = models.CharField(max_length=40, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    request_id = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["external", "kind"],
                condition=Q(state__in=["queued", "sending", "unconfirmed", "running"]),
                name="one_open_operation_of_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "next_check_at"], name="external_operation_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class ExternalEvent(models.Model):
    """Append-only: who or what did what about an external audience, and when."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    external = models.ForeignKey(ExternalAudience, models.CASCADE, related_name="events")
    operation = models.ForeignKey(
        ExternalOperation, models.CASCADE, null=True, blank=True, related_name="events"
    )
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    what = models.CharField(max_length=32)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"
