"""What people asked the platform to do besides sending, and the append-only story of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audiences.models.catalog import Audience, Dataflow, Destination, Mapping
from audiences.models.runs import PlatformJob
from audiences.models.workspaces import User, Workspace
from audiences.shown import Shown
from audiences.wishes import states


class WishQuerySet(models.QuerySet["Wish"]):
    def visible_to(self, user: User) -> WishQuerySet:
        return self.filter(workspace__in=Workspace.objects.visible_to(user))

    def open(self) -> WishQuerySet:
        return self.filter(state__in=states.OPEN)

    def resyncing(self) -> WishQuerySet:
        """Those that add an activation which sends everybody at once: `activations.beginnings` fulfils them."""
        return self.filter(what=Wish.What.MAP, wanted__resync=True)

    def plain(self) -> WishQuerySet:
        """All the others. Most have no such key in `wanted`, which an `exclude` of the key would lose."""
        return self.exclude(pk__in=Wish.objects.resyncing().order_by().values("pk"))


class Wish(models.Model):
    """One change that a person wants at the platform: who, when, what, and how it stands.

    At Adobe a mapping is its dataflow and audience. At Segment it is an activation of its own: a wish to add
    one names the pair, a wish about one names `mapping` besides.
    """

    class What(models.TextChoices):
        MAP = "map", _("Map")
        ALTER = "alter", _("Change the mapping")
        UNMAP = "unmap", _("Remove")
        ENABLE = "enable", _("Enable")
        DISABLE = "disable", _("Disable")
        EVALUATE = "evaluate", _("Evaluate")
        EXPORT = "export", _("Export")
        CANCEL = "cancel", _("Cancel")
        CONNECT = "connect", _("Add a destination")
        RECONNECT = "reconnect", _("Change the destination")
        DISCONNECT = "disconnect", _("Remove the destination")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="wishes")
    what = models.CharField(max_length=16, choices=What.choices)
    dataflow = models.ForeignKey(Dataflow, models.CASCADE, null=True, blank=True, related_name="wishes")
    audience = models.ForeignKey(Audience, models.CASCADE, null=True, blank=True, related_name="wishes")
    mapping = models.ForeignKey(Mapping, models.CASCADE, null=True, blank=True, related_name="wishes")
    destination = models.ForeignKey(Destination, models.CASCADE, null=True, blank=True, related_name="wishes")
    job = models.ForeignKey(
        PlatformJob, models.SET_NULL, null=True, blank=True, related_name="wishes",
        help_text=_("The platform's job that came of it, or that it is about."),
    )  # fmt: skip
    wanted = models.JSONField(default=dict, blank=True, help_text=_("What shall be so, secrets struck out."))
    sealed = models.TextField(
        blank=True, editable=False, help_text=_("The same with its secrets, encrypted; gone once it is over.")
    )
    seen = models.JSONField(default=dict, blank=True, help_text=_("What the person saw when asking."))
    found = models.JSONField(default=dict, blank=True, help_text=_("What was there instead."))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="wishes"
    )
    asked_at = models.DateTimeField()
    press = models.CharField(max_length=64, help_text=_("Token of the form: a double click is one wish."))

    state = models.CharField(max_length=12, choices=states.CHOICES, default=states.QUEUED)
    state_since = models.DateTimeField()
    next_at = models.DateTimeField(help_text=_("Not taken up sooner than this."))
    deadline = models.DateTimeField(help_text=_("When it is given up."))
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text=_("After this the worker is taken for dead.")
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text=_("How often a worker took it up."))
    sent_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it was sent last, by the platform's own clock.")
    )
    doubtful = models.BooleanField(
        default=False, help_text=_("A call for it was made and its outcome is not known yet.")
    )
    sent_etag = models.CharField(max_length=120, blank=True, help_text=_("The version it was tied to."))
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    request_id = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=40, blank=True, help_text=_("Code of the sentence shown."))
    verbatim = models.TextField(blank=True, help_text=_("The vendor's own text."))
    field = models.CharField(
        max_length=255, blank=True, help_text=_("The vendor's name of the input at fault.")
    )

    objects = WishQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("wishes")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "press"], name="one_wish_per_press"),
            models.UniqueConstraint(
                fields=["dataflow", "audience"],
                condition=Q(state__in=states.OPEN, audience__isnull=False, mapping=None),
                name="one_open_wish_per_mapping",
            ),
            models.UniqueConstraint(
                fields=["mapping"],
                condition=Q(state__in=states.OPEN, mapping__isnull=False),
                name="one_open_wish_per_activation",
            ),
            models.UniqueConstraint(
                fields=["audience", "destination"],
                condition=Q(state__in=states.OPEN, destination__isnull=False),
                name="one_open_wish_per_connection",
            ),
            models.UniqueConstraint(
                fields=["audience"],
                condition=Q(
                    state__in=states.OPEN,
                    audience__isnull=False,
                    dataflow=None,
                    mapping=None,
                    destination=None,
                ),
                name="one_open_switch_per_audience",
            ),
            models.UniqueConstraint(
                fields=["dataflow"],
                condition=Q(state__in=states.OPEN, audience=None, dataflow__isnull=False),
                name="one_open_switch_per_dataflow",
            ),
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="wish_state_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "next_at"], name="wish_due"),
            models.Index(fields=["dataflow", "-id"], name="wish_by_dataflow"),
        ]

    def __str__(self) -> str:
        about = (
            self.mapping.name if self.mapping else None,
            self.audience,
            self.dataflow or self.destination,
            self.job,
        )
        named = [str(one) for one in about if one is not None]
        return f"{self.get_what_display()}: {' → '.join(named)}"

    @property
    def shown(self) -> Shown:
        return states.STATES[self.state]

    @property
    def is_open(self) -> bool:
        return self.state in states.OPEN

    @property
    def resyncs(self) -> bool:
        """Whether everybody is sent with the very call that it asks for."""
        return self.what == Wish.What.MAP and self.wanted.get("resync") is True


class WishEvent(models.Model):
    """One line of a wish's story. Rows are only ever added."""

    wish = models.ForeignKey(Wish, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_("Empty: the system."),
    )  # fmt: skip
    what = models.CharField(max_length=32)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.what}"
