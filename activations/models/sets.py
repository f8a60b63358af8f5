"""Sets: saved choices of mappings, to activate again, and the append-only story of their changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from audiences.models import Mapping, User, Workspace


class ActivationSetQuerySet(models.QuerySet["ActivationSet"]):
    def visible_to(self, user: User) -> ActivationSetQuerySet:
        """Sets of which the person may see every workspace."""
        return self._within(Workspace.objects.visible_to(user))

    def changeable_by(self, user: User) -> ActivationSetQuerySet:
        """Sets that the person may change and schedule: they may press in every workspace of them."""
        return self._within(Workspace.objects.pressable_by(user))

    def _within(self, workspaces: QuerySet[Workspace]) -> ActivationSetQuerySet:
        chosen = Chosen.objects.filter(of_set=OuterRef("pk"))
        return self.filter(Exists(chosen), ~Exists(chosen.exclude(mapping__workspace__in=workspaces)))

    def touching(self, workspace: Workspace) -> ActivationSetQuerySet:
        """Sets that hold a mapping of this workspace."""
        return self.filter(Exists(Chosen.objects.filter(of_set=OuterRef("pk"), mapping__workspace=workspace)))


class ActivationSet(models.Model):
    """A saved choice of mappings, to activate again. It may span workspaces, also of both vendors."""

    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(
        default=1, help_text=_("Grows with every change of the name or the choice.")
    )
    mappings = models.ManyToManyField(Mapping, through="activations.Chosen", related_name="sets")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField()

    objects = ActivationSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("set")
        verbose_name_plural = _("sets")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Chosen(models.Model):
    """One mapping of a set."""

    of_set = models.ForeignKey(ActivationSet, models.CASCADE, related_name="chosen")
    mapping = models.ForeignKey(Mapping, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of_set", "mapping"], name="one_place_in_a_set"),
        ]

    def __str__(self) -> str:
        return str(self.mapping)


class SetChange(models.Model):
    """One line of a set's story: who changed what, when, and which version came of it. Rows are only ever added."""

    of_set = models.ForeignKey(ActivationSet, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    what = models.CharField(max_length=32, help_text=_("Code of the sentence shown."))
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.what}"
