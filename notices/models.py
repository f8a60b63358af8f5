"""What was to be told, to whom, and what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activations.models import Activation, ActivationSet, seen_whole
from audiences import secrets
from audiences.models import User, Workspace
from audiences.shown import Shown, table
from audiences.told import from_line
from notices.change import SHOWN, TELLABLE_CHOICES, About, Change, every_change


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> NoticeQuerySet:
        """Of an activation that reaches into several workspaces, only who may look at all of them hears."""
        return self.filter(seen_whole(user, "activation"), workspace__in=Workspace.objects.visible_to(user))

    def for_reader(self, user: User, about: str) -> NoticeQuerySet:
        """What a person is told in the dashboard."""
        rows = self.visible_to(user).filter(told=True)
        return rows.filter(concerning(user)) if about == About.MINE else rows


def concerning(user: User) -> Q:
    """Condition on notices: the person asked for the activation, or its set names them as a listener."""
    named = Listener.objects.filter(person=user).values("of_set")
    return Q(activation__requested_by=user) | Q(activation__of_set__in=named)


class Notice(models.Model):
    """One change of how an activation stands. Written once per change, whoever looks and however often."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    activation = models.ForeignKey(Activation, models.CASCADE, related_name="notices")
    version = models.PositiveIntegerField(help_text=_("The activation's version that showed it."))
    change = models.CharField(max_length=10, choices=Change.choices)
    told = models.BooleanField(default=True, help_text=_("No: written down only, to know what comes next."))
    at = models.DateTimeField()
    data = models.JSONField(default=dict, help_text=_("Counts, place and problems as they were then."))

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["activation", "version"], name="one_notice_per_version")
        ]
        indexes = [models.Index(fields=["workspace", "id"], condition=Q(told=True), name="notice_told")]

    def __str__(self) -> str:
        return f"{self.activation}: {self.get_change_display()}"

    @property
    def shown(self) -> Shown:
        return SHOWN[self.change]


class ChannelQuerySet(models.QuerySet["Channel"]):
    def of_a_person(self, user: User) -> ChannelQuerySet:
        return self.filter(owner=user)

    def of_sets(self, sets: models.QuerySet[ActivationSet]) -> ChannelQuerySet:
        return self.filter(of_set__in=sets)

    def standing(self) -> ChannelQuerySet:
        return self.filter(enabled=True)


class Channel(models.Model):
    """A way to people outside the dashboard: somebody's own, a workspace's, or a set's.

    A set's tells of that set's activations, in the name of who saved it last, and only while they may look at them.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        CHAT = "chat", _("Slack, Teams or another service")
        WEBHOOK = "webhook", _("Webhook")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="channels",
        help_text=_("Empty: the workspace's."),
    )  # fmt: skip
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, null=True, blank=True, related_name="channels",
        help_text=_("Empty: a person's own, about all workspaces that they may look at."),
    )  # fmt: skip
    of_set = models.ForeignKey(
        ActivationSet, models.CASCADE, null=True, blank=True, related_name="channels",
        help_text=_("Only for a set's: it tells about the activations of this set alone."),
    )  # fmt: skip
    name = models.CharField(max_length=80, help_text=_("How you recognise it in lists."))
    kind = models.CharField(max_length=8, choices=Kind.choices)
    address_encrypted = models.TextField(editable=False)
    secret_encrypted = models.TextField(blank=True, editable=False)
    place = models.CharField(
        max_length=120, editable=False, help_text=_("Of its address, what is no secret.")
    )
    tells = models.JSONField(
        default=every_change, help_text=_("Which changes it tells: well, failures, needs, recovered.")
    )
    about = models.CharField(max_length=4, choices=About.choices, default=About.ALL)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    failures = models.PositiveIntegerField(default=0, editable=False, help_text=_("Failed tries in a row."))
    next_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Not tried before this; set by a failure.")
    )

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False, workspace=None, of_set=None)
                | Q(owner=None, workspace__isnull=False, of_set=None)
                | Q(owner=None, workspace=None, of_set__isnull=False),
                name="channel_scope",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where it leads; full of secrets, so never shown. Raises ValueError when no key of ours opens it."""
        return secrets.decrypt(self.address_encrypted)

    @address.setter
    def address(self, plain: str) -> None:
        self.address_encrypted = secrets.encrypt(plain)

    @property
    def secret(self) -> str:
        """What a webhook is signed with. Raises as `address`."""
        return secrets.decrypt(self.secret_encrypted)

    @secret.setter
    def secret(self, plain: str) -> None:
        self.secret_encrypted = secrets.encrypt(plain)

    @property
    def stands_for(self) -> User | None:
        """Whose right to look decides what it may tell; None for a workspace's, which hears of everything there."""
        return self.created_by if self.of_set_id else self.owner

    @property
    def where(self) -> str:
        """Kind and place, as far as they are no secret; a service's name says both."""
        return self.place if self.kind == self.Kind.CHAT else f"{self.get_kind_display()} · {self.place}"

    @property
    def is_mute(self) -> bool:
        """Nothing can leave through it: it is a mailbox, and this installation knows no mail server."""
        return self.kind == self.Kind.EMAIL and not settings.EMAIL_URL

    @property
    def shown(self) -> Shown:
        """Whether it is on, and whether that can be trusted."""
        if not self.enabled:
            return CHANNELS["off"]
        return CHANNELS["trouble" if self.is_mute or self.failures else "on"]

    @property
    def tells_words(self) -> list[str]:
        return [str(label) for value, label in TELLABLE_CHOICES if value in self.tells]


CHANNELS = table(
    Shown("on", _("On"), "done", "check"),
    Shown("trouble", _("On, but failing"), "look", "triangle-alert"),
    Shown("off", _("Off"), "idle", "circle-pause"),
)


class Listener(models.Model):
    """A person whom a set names: told of its activations even where they chose to hear only of their own."""

    of_set = models.ForeignKey(ActivationSet, models.CASCADE, related_name="listeners")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_set", "person"], name="one_ear_per_person")]

    def __str__(self) -> str:
        return f"{self.person} · {self.of_set}"


class ErrandQuerySet(models.QuerySet["Errand"]):
    def under_way(self, now: datetime) -> ErrandQuerySet:
        """Being carried by somebody who lives."""
        return self.filter(state=Errand.State.CARRYING, lease_until__gt=now)

    def due(self, now: datetime) -> ErrandQuerySet:
        """What may be carried now: tests at once, notices when their channel is on and not being patient."""
        patient = Q(channel__next_at__gt=now)
        rows = self.filter(state=Errand.State.WAITING, next_at__lte=now)
        return rows.filter(Q(notice=None) | (Q(channel__enabled=True) & ~patient)).order_by("pk")


class Errand(models.Model):
    """One notice to be carried through one channel; without a notice it is a test."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CARRYING = "carrying", _("being sent")
        DONE = "done", _("sent")
        FAILED = "failed", _("given up")
        DROPPED = "dropped", _("not sent")

    notice = models.ForeignKey(Notice, models.CASCADE, null=True, blank=True, related_name="errands")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="errands")
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, help_text=_("The same however often it is tried.")
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("HTTP status answered."))
    said = models.CharField(max_length=500, blank=True, help_text=_("Why the last try failed; no secrets."))

    objects = ErrandQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="one_errand_per_notice_and_channel")
        ]
        indexes = [
            models.Index(
                fields=["state", "next_at"],
                condition=Q(state__in=("waiting", "carrying")),
                name="errand_open",
            ),
            models.Index(fields=["channel", "-id"], name="errand_by_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.get_state_display()}"

    @property
    def is_test(self) -> bool:
        return self.notice_id is None

    @property
    def words(self) -> str:
        """Why the last try failed, in the reader's language."""
        return str(from_line(self.said)).strip()

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.CARRYING)

    @property
    def shown(self) -> Shown:
        if self.state == self.State.WAITING and self.attempts:
            return TRIED
        return ERRANDS[self.state]


ERRANDS = table(
    Shown(Errand.State.WAITING, _("Waiting"), "moving", "ellipsis"),
    Shown(Errand.State.CARRYING, _("Being sent"), "moving", "send"),
    Shown(Errand.State.DONE, _("Sent"), "done", "check"),
    Shown(Errand.State.FAILED, _("Given up"), "act", "x"),
    Shown(Errand.State.DROPPED, _("Not sent"), "idle", "slash"),
)
TRIED = Shown("tried", _("Failed, tried again"), "look", "rotate-cw")


class Reader(models.Model):
    """How far a person has read in the dashboard, and what they want to be told there."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reader")
    seen = models.BigIntegerField(default=0, help_text=_("The newest notice that the person has read."))
    about = models.CharField(max_length=4, choices=About.choices, default=About.ALL)

    def __str__(self) -> str:
        return str(self.user)
