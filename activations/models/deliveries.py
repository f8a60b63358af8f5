"""What of an activation succeeds or fails: its deliveries. Their table is the queue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activations import states
from activations.models.activations import Activation
from audiences.models import Audience, Dataflow, Mapping, Workspace


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
