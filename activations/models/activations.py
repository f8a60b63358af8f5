"""What people asked for: activations, and the workspaces that have a part in each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audiences.models import User, Workspace


class ActivationQuerySet(models.QuerySet["Activation"]):
    def visible_to(self, user: User) -> ActivationQuerySet:
        """Those of which the person may look at every workspace."""
        return self.filter(seen_whole(user), workspace__in=Workspace.objects.visible_to(user))


def seen_whole(user: User, activation: str = "pk") -> Q:
    """Condition on rows that name an activation: it reaches into no workspace that the person may not look at.

    That they may look at the row's own workspace, somebody else has seen to.
    """
    if user.is_superuser and user.is_active:
        return Q()
    mine = Workspace.objects.visible_to(user)
    return ~Q(Exists(Share.objects.filter(activation=OuterRef(activation)).exclude(workspace__in=mine)))


class Activation(models.Model):
    """What a person (or a schedule) asked for. Its state is computed from its deliveries, never stored."""

    class Source(models.TextChoices):
        PAGE = "page", _("page")
        ADMIN = "admin", _("admin")
        COMMAND = "command", _("command line")
        SCHEDULE = "schedule", _("schedule")

    class OnExport(models.TextChoices):
        WAIT = "wait", _("wait, and go when it is over")
        STOP = "stop", _("do not go")

    workspace = models.ForeignKey(
        Workspace, models.PROTECT, related_name="activations",
        help_text=_("Its home: where it was pressed, and its address."),
    )  # fmt: skip
    name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True, help_text=_("Why, for the record."))
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.PAGE)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="activations"
    )
    requested_at = models.DateTimeField()
    press = models.CharField(
        max_length=64, help_text=_("Token of the press: a double click finds the activation it already made.")
    )
    export_id = models.CharField(
        max_length=255,
        blank=True,
        help_text=_("v1 only: the export job it must name. Empty: the latest one."),
    )
    version = models.PositiveIntegerField(
        default=1, help_text=_("Grows with every change; pages poll with it.")
    )
    told = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("Version up to which its changes were looked at for notices."),
    )
    snapshot_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Snapshot known when it was pressed.")
    )
    of_set = models.ForeignKey(
        "activations.ActivationSet", models.SET_NULL, null=True, blank=True, related_name="activations",
        verbose_name=_("set"),
    )  # fmt: skip
    set_version = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("The version of the set that was pressed.")
    )
    on_export = models.CharField(
        _("beside a scheduled export"), max_length=4, choices=OnExport.choices, default=OnExport.WAIT,
        help_text=_("What the presser chose for the case that a scheduled export is running when it is to leave."),
    )  # fmt: skip

    objects = ActivationQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "press"], name="one_activation_per_press")
        ]
        indexes = [
            models.Index(fields=["workspace", "-requested_at"], name="activation_history"),
            models.Index(
                fields=["id"], condition=models.Q(version__gt=models.F("told")), name="activation_untold"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activations:activation", args=[self.workspace.slug, self.pk])

    @property
    def places(self) -> list[Workspace]:
        """Every workspace it reaches into, its home first; one query."""
        others = Workspace.objects.filter(shares__activation=self).exclude(pk=self.workspace_id)
        return [self.workspace, *others.order_by("name", "pk")]


class Share(models.Model):
    """A workspace's part in an activation that spans several, its home among them. One that stays at home has none."""

    activation = models.ForeignKey(Activation, models.CASCADE, related_name="shares")
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="shares")
    snapshot_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Snapshot known there when it was pressed.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activation", "workspace"], name="one_share_per_workspace")
        ]
        indexes = [models.Index(fields=["workspace", "activation"], name="share_by_workspace")]

    def __str__(self) -> str:
        return f"{self.activation} · {self.workspace}"
