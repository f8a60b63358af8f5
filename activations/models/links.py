"""Share links: read-only addresses of one activation for people who do not sign in, each with an end."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from activations.models.activations import Activation, Share
from audiences.models import Membership, Role, User, Workspace


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def living(self, now: datetime) -> ShareLinkQuerySet:
        """Not over, not revoked, and made by somebody who could make it today: active, and activator in every
        workspace of the activation. Who leaves takes their links along."""
        activator = Membership.objects.filter(role=Role.ACTIVATOR)
        at_home = activator.filter(user=OuterRef("made_by"), workspace=OuterRef("workspace"))
        there = activator.filter(user=OuterRef(OuterRef("made_by")), workspace=OuterRef("workspace"))
        closed = Share.objects.filter(~Exists(there), activation=OuterRef("activation"))
        rights = Q(made_by__is_superuser=True) | (Q(Exists(at_home)) & ~Q(Exists(closed)))
        return self.filter(rights, made_by__is_active=True, revoked_at=None, ends_at__gt=now)

    def visible_to(self, user: User) -> ShareLinkQuerySet:
        """Those of activations that the person may see."""
        return self.filter(activation__in=Activation.objects.visible_to(user))


class ShareLink(models.Model):
    """One link. Its token is shown once and never kept: `digest` is the token's SHA-256, in hexadecimal."""

    activation = models.ForeignKey(Activation, models.CASCADE, related_name="links")
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", help_text=_("The activation's home.")
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        help_text=_("It opens nothing that this person may not share any more."),
    )  # fmt: skip
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The last time somebody opened it, to the minute.")
    )

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["ends_at"], name="share_link_end")]

    def __str__(self) -> str:
        return f"{self.activation} · {self.made_at:%Y-%m-%d %H:%M}"
