"""How deliveries leave: jobs (one vendor call each) and the holds that keep an audience to one job."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.models import Wish, Workspace


class Job(models.Model):
    """One `adhocrun` call, or one Segment resync call.

    The row is committed before the call is made, and answered once.
    """

    class Outcome(models.TextChoices):
        SENDING = "sending", _("sending")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        NOT_SENT = "not_sent", _("not sent")
        UNKNOWN = "unknown", _("outcome unknown")

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="jobs")
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.SENDING)
    created_at = models.DateTimeField()
    platform_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("When it was sent, by the platform's own clock: its runs are dated by that one."),
    )
    lease_until = models.DateTimeField(help_text=_("After this the sender is taken for dead."))
    answered_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveSmallIntegerField()
    version = models.CharField(max_length=4, default="v2")
    export_id = models.CharField(max_length=255, blank=True)
    request = models.JSONField(default=dict, help_text=_("The body as sent."))
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True, help_text=_("The body as answered, first 64 kB."))
    request_id = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    verbatim = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["workspace", "created_at"], name="job_by_day"),
            models.Index(fields=["outcome", "lease_until"], name="job_lease"),
        ]

    def __str__(self) -> str:
        return str(_("Job %(n)s") % {"n": self.pk})


class Hold(models.Model):
    """This is in flight: an audience at Adobe, where one ad-hoc job per audience may run, the whole workspace at
    Segment, where one resync may. That it is one at a time is a key here, not an if."""

    # No audience has this for an id.
    WHOLE_WORKSPACE = "*"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    key = models.CharField(
        max_length=255, help_text=_("For Adobe the audience's system id; “*” for the whole workspace.")
    )
    job = models.ForeignKey(Job, models.CASCADE, null=True, blank=True, related_name="holds")
    wish = models.OneToOneField(
        Wish, models.CASCADE, null=True, blank=True, related_name="+",
        help_text=_("Instead of a job: what adds an activation at Segment with a full resync."),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="one_job_per_audience"),
            models.CheckConstraint(
                condition=models.Q(job=None) ^ models.Q(wish=None), name="hold_of_a_job_or_a_wish"
            ),
        ]

    def __str__(self) -> str:
        return self.key
