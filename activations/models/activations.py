"""What people asked for: activations, their deliveries, and the append-only story of both."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activations import states
from audiences.models import Audience, Dataflow, Mapping, User, Workspace


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


class Delivery(models.Model):
    """One audience through one dataflow within an activation: the unit that succeeds or fails."""

    class Unusual(models.TextChoices):
        EMPTY = "empty", _("nobody in it")
        FEWER = "fewer", _("fewer than usual")
        MORE = "more", _("more than usual")

    activation = models.ForeignKey(Activation, models.CASCADE, related_name="deliveries")
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    mapping = models.ForeignKey(Mapping, models.PROTECT, related_name="deliveries")
    dataflow = models.ForeignKey(Dataflow, models.PROTECT, related_name="deliveries")
    audience = models.ForeignKey(Audience, models.PROTECT, related_name="deliveries")
    superseded = models.BooleanField(default=False, help_text=_("A retry took its place."))
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="retries")

    state = models.CharField(max_length=12, choices=states.CHOICES)
    state_since = models.DateTimeField()
    not_before = models.DateTimeField(
        null=True, blank=True, help_text=_("Armed or queued: not sooner than this.")
    )
    deadline = models.DateTimeField(
        help_text=_("When the present phase gives up: sending at all, or watching.")
    )
    next_check_at = models.DateTimeField(null=True, blank=True, help_text=_("Next question to the platform."))
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The last look before sending that let it go.")
    )
    checks = models.PositiveIntegerField(default=0, help_text=_("Questions asked in the present phase."))
    attempts = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was tried to send."))

    job = models.ForeignKey(
        "activations.Job", models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    pack = models.CharField(
        max_length=64,
        blank=True,
        help_text=_("Deliveries of one job share it; splits a job nobody can blame."),
    )
    posted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the first job whose outcome is unknown was sent.")
    )
    reposted = models.BooleanField(
        default=False, help_text=_("The one re-POST of an unknown outcome was used.")
    )

    run_id = models.CharField(max_length=255, blank=True, db_index=True)
    joined = models.BooleanField(default=False, help_text=_("Follows a run that someone else started."))
    started_by = models.CharField(
        max_length=255, blank=True, help_text=_("Joined: who started the run, as the vendor names them.")
    )
    started_client = models.CharField(
        max_length=255,
        blank=True,
        help_text=_("Joined: the client that started the run, as the vendor names it."),
    )
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When its resync was first seen going on, at Segment.")
    )
    forced_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a run of its Linked Audience was forced, or tried to be.")
    )
    run_word = models.CharField(
        max_length=64, blank=True, help_text=_("The vendor's own word for the status.")
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expected = models.BigIntegerField(
        null=True, blank=True, help_text=_("The audience's count when it was sent; until then, when it was asked for.")
    )  # fmt: skip
    expected_as_of = models.DateTimeField(null=True, blank=True)
    received = models.BigIntegerField(null=True, blank=True)
    activated = models.BigIntegerField(null=True, blank=True)
    excluded = models.BigIntegerField(null=True, blank=True)
    failed = models.BigIntegerField(null=True, blank=True)
    files = models.PositiveIntegerField(null=True, blank=True)
    bytes_out = models.BigIntegerField(null=True, blank=True)
    issues = models.JSONField(default=list, blank=True)
    usual = models.BigIntegerField(
        null=True, blank=True, help_text=_("Median of what the last deliveries of its mapping carried when it ended.")
    )  # fmt: skip
    usual_of = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("How many there were to compare with; too few make no median.")
    )
    unusual = models.CharField(max_length=5, choices=Unusual.choices, blank=True)

    oddities = models.JSONField(
        default=list,
        blank=True,
        help_text=_("What the vendor said about it that no document foretells, verbatim."),
    )
    findings = models.JSONField(default=list, blank=True, help_text=_("What preflight found at the press."))
    reason = models.CharField(max_length=40, blank=True, help_text=_("Code of the message shown."))
    verbatim = models.TextField(blank=True, help_text=_("The vendor's own text."))

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["activation", "mapping"],
                condition=models.Q(superseded=False),
                name="one_delivery_per_mapping",
            ),
            models.UniqueConstraint(
                fields=["mapping"],
                condition=models.Q(state__in=states.MOVING),
                name="one_moving_delivery_per_mapping",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=list(states.STATES)), name="delivery_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "next_check_at"], name="delivery_due"),
            models.Index(
                fields=["workspace", "state"],
                condition=models.Q(state__in=states.MOVING),
                name="delivery_moving",
            ),
            models.Index(fields=["workspace", "state", "state_since", "superseded"], name="delivery_lately"),
            models.Index(fields=["activation", "state"], name="delivery_by_activation"),
            models.Index(fields=["dataflow", "-id"], name="delivery_by_dataflow"),
            models.Index(fields=["audience", "-id"], name="delivery_by_audience"),
            models.Index(fields=["activation"], condition=~Q(unusual=""), name="delivery_unusual"),
            # What `usual_counts` looks up: without it PostgreSQL reads backwards through everybody's.
            models.Index(
                fields=["mapping", "-id", "activated"],
                condition=Q(state__in=(states.SUCCEEDED, states.FINISHED), activated__gt=0),
                name="delivery_comparable",
            ),
        ]

    def __str__(self) -> str:
        # A connection of Segment's belongs to its audience, and is called so.
        return str(self.dataflow) if self.dataflow.audience_id else f"{self.audience} → {self.dataflow}"

    @property
    def pair(self) -> tuple[str, str]:
        """(dataflow id, audience system id) as the platform knows them."""
        return (self.dataflow.platform_id, self.audience.platform_id)

    @property
    def shown(self) -> states.State:
        return states.STATES[self.state]


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
