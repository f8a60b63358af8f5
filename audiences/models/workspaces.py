"""People, the workspaces they share, and the guardrails that hold there."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audiences import secrets
from audiences.languages import validate_language

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def validate_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("%(value)s is not a time zone."), params={"value": value})


class User(AbstractUser):
    """A person who signs in."""

    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text=_("Zone in which times are shown, such as Europe/Berlin. Empty: the site's zone."),
    )
    language = models.CharField(
        _("language"),
        max_length=8,
        blank=True,
        validators=[validate_language],
        help_text=_("Language of pages, mails and notices: en, de or fr. Empty: what the browser asks for."),
    )


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def visible_to(self, user: User) -> WorkspaceQuerySet:
        """Workspaces the person is a member of; administrators (superusers) see all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user)

    def pressable_by(self, user: User) -> WorkspaceQuerySet:
        """Workspaces in which the person may activate."""
        mine = self.visible_to(user)
        if user.is_superuser or not user.is_active:
            return mine
        # Both about one membership, which two calls of `filter` would not say.
        return self.filter(memberships__user=user, memberships__role=Role.ACTIVATOR)


class Platform(models.TextChoices):
    ADOBE = "adobe", _("Adobe Experience Platform")
    SEGMENT = "segment", _("Twilio Segment")


VENDORS = {Platform.ADOBE.value: "Adobe", Platform.SEGMENT.value: "Segment"}


class AdhocVersion(models.TextChoices):
    V2 = "v2", _("v2 (recommended)")
    V1 = "v1", _("v1, with the latest export job's id")


class OverBudget(models.TextChoices):
    LOOK = "look", _("soft: go on, and say so")
    WAIT = "wait", _("hard: wait for the next UTC day")


class SyncState(models.TextChoices):
    NEVER = "never", _("never synced")
    RUNNING = "running", _("syncing")
    DONE = "done", _("synced")
    FAILED = "failed", _("sync failed")


class Workspace(models.Model):
    """One Adobe organisation and sandbox, or one Segment workspace and space, with its credentials and guardrails.

    At Segment `sandbox` holds the space's id, `platform_url` the API's address and the secret is the token;
    `org` what workspace and space are called there, as last seen; client ID, scopes and identity service are
    Adobe's.
    """

    slug = models.SlugField(unique=True, help_text=_("Short name in addresses and on the command line."))
    name = models.CharField(max_length=120)
    platform = models.CharField(max_length=16, choices=Platform.choices, default=Platform.ADOBE)
    production = models.BooleanField(
        default=False, help_text=_("Marks the workspace in red; a large press asks for its name.")
    )

    org = models.CharField(
        _("IMS organisation"), max_length=120, blank=True, help_text=_("Such as 1234@AdobeOrg.")
    )
    sandbox = models.CharField(max_length=120, default="prod")
    client_id = models.CharField(
        _("client ID"),
        max_length=200,
        blank=True,
        help_text=_("Also the API key, from the Developer Console."),
    )
    client_secret_encrypted = models.TextField(blank=True, editable=False)
    scopes = models.TextField(
        blank=True,
        default="openid,AdobeID,read_organizations,additional_info.projectedProductContext,session",
        help_text=_("Comma-separated, copied from the Developer Console's OAuth server-to-server page."),
    )
    platform_url = models.URLField(_("platform address"), default="https://platform.adobe.io")
    ims_url = models.URLField(_("identity service address"), default="https://ims-na1.adobelogin.com")
    adhoc_version = models.CharField(
        _("ad-hoc activation version"), max_length=4, choices=AdhocVersion.choices, default=AdhocVersion.V2
    )

    max_per_job = models.PositiveSmallIntegerField(
        _("deliveries per job"),
        default=80,
        help_text=_("Default 80: hard limit of audiences per ad-hoc job, Adobe guardrails, read 2026-11."),
    )
    mapping_wait = models.DurationField(
        _("wait after mapping"),
        default=timedelta(hours=1),
        help_text=_(
            "Default 1 h before an audience newly mapped to a dataflow can go, Adobe's ad-hoc activation "
            "guide, read 2026-11. Older pages say 20 minutes."
        ),
    )
    merge_policy_wait = models.DurationField(
        _("wait after a merge policy change"),
        default=timedelta(hours=24),
        help_text=_("Default 24 h, Adobe's on-demand export guide, read 2026-11."),
    )
    jobs_per_day = models.PositiveSmallIntegerField(
        _("job budget per UTC day"),
        default=20,
        help_text=_(
            "Default 20, from Adobe's beta guide only, read 2026-11; later pages name none. "
            "Every job that reached Adobe counts, refused ones too, because nobody says that they are free."
        ),
    )
    over_budget = models.CharField(
        _("when the job budget is used"),
        max_length=4,
        choices=OverBudget.choices,
        default=OverBudget.LOOK,
        help_text=_(
            "Default soft: the figure stands in Adobe's beta guide alone (read 2026-11), and no sale should wait "
            "for it. Hard: what is beyond the budget waits until 00:00 UTC and goes by itself."
        ),
    )
    count_max_age = models.DurationField(
        _("profile counts are old after"),
        default=timedelta(hours=36),
        help_text=_(
            "Default 36 h. Our own figure: counts follow the daily evaluation, so one missed is worth a look."
        ),
    )
    watch_limit = models.DurationField(
        _("stop watching a run after"),
        default=timedelta(hours=6),
        help_text=_("Default 6 h. Our own figure: the platform names no limit for a run."),
    )
    send_limit = models.DurationField(
        _("give up sending after"),
        default=timedelta(hours=24),
        help_text=_(
            "Default 24 h after the press. Our own figure: what has not left by then is canceled, never sent late."
        ),
    )

    send_after = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("No job leaves before this; set when told to slow down."),
    )
    watched_until = models.DateTimeField(null=True, blank=True, editable=False)
    sync_state = models.CharField(
        max_length=8, choices=SyncState.choices, default=SyncState.NEVER, editable=False
    )
    sync_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    sync_progress = models.CharField(max_length=120, blank=True, editable=False)
    sync_error = models.TextField(blank=True, editable=False)
    synced_at = models.DateTimeField(null=True, blank=True, editable=False)
    evaluated_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("End of the latest daily segmentation that succeeded."),
    )
    snapshot_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("End of the latest profile export job that succeeded."),
    )
    evaluation_cron = models.CharField(max_length=120, blank=True, editable=False)
    looked_up_to = models.CharField(
        max_length=255,
        blank=True,
        editable=False,
        help_text=_(
            "The last audience whose connections the latest sync read; the next one goes on from there."
        ),
    )

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activations:overview", args=[self.slug])

    def clean(self) -> None:
        if self.platform == Platform.ADOBE:
            lacking = [name for name in ("org", "client_id") if not getattr(self, name)]
            if lacking:
                raise ValidationError(dict.fromkeys(lacking, _("This field is required.")))
        if self.is_stand_in and not settings.DEMO:
            raise ValidationError(_("A platform on this very machine is only allowed in demo mode."))

    @property
    def is_segment(self) -> bool:
        return self.platform == Platform.SEGMENT

    @property
    def vendor(self) -> str:
        """Whose platform it is, in a word."""
        return VENDORS.get(self.platform, self.platform)

    @property
    def place(self) -> str:
        """Where it is on its platform: the sandbox, or the space by its name, or by its id while that is unknown."""
        return (self.org or self.sandbox) if self.is_segment else self.sandbox

    @property
    def is_stand_in(self) -> bool:
        """Whether the platform's address is on this machine: a simulator, not the real platform."""
        urls = (self.platform_url,) if self.is_segment else (self.platform_url, self.ims_url)
        return any((urlsplit(url).hostname or "") in LOOPBACK for url in urls)

    @property
    def client_secret(self) -> str:
        return secrets.decrypt(self.client_secret_encrypted)

    @client_secret.setter
    def client_secret(self, plain: str) -> None:
        self.client_secret_encrypted = secrets.encrypt(plain)


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer: may look")
    ACTIVATOR = "activator", _("Activator: may look and press")


class Membership(models.Model):
    """Who may look at a workspace, and who may press."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.workspace}"
