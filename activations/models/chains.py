"""The guided chain of organisations that still use v1: evaluate, export, then activate with that export."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from activations.models.activations import Activation
from audiences.models import User, Wish, Workspace
from audiences.shown import Shown, table


class ChainQuerySet(models.QuerySet["Chain"]):
    def visible_to(self, user: User) -> ChainQuerySet:
        return self.filter(workspace__in=Workspace.objects.visible_to(user))


EVALUATING, EXPORTING, PRESSING = "evaluating", "exporting", "pressing"
DONE, STOPPED = "done", "stopped"
STATES = table(
    Shown(EVALUATING, _("1 of 3: evaluating"), "moving", "loader-circle"),
    Shown(EXPORTING, _("2 of 3: exporting"), "moving", "loader-circle"),
    Shown(PRESSING, _("3 of 3: activating"), "moving", "send"),
    Shown(DONE, _("Activated"), "done", "check"),
    Shown(STOPPED, _("Stopped"), "act", "x"),
)
GOING_ON = (EVALUATING, EXPORTING, PRESSING)


class Chain(models.Model):
    """One run through the chain. Nothing is activated unless both jobs succeed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="chains")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    press = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    mappings = models.JSONField(default=list, help_text=_("What is activated at the end."))
    on_export = models.CharField(
        max_length=4, choices=Activation.OnExport.choices, default=Activation.OnExport.WAIT
    )
    audiences = models.JSONField(default=list, help_text=_("System ids that are evaluated and exported."))
    dataset = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=[(one.value, one.word) for one in STATES.values()])
    state_since = models.DateTimeField()
    evaluation = models.ForeignKey(Wish, models.SET_NULL, null=True, related_name="+")
    export = models.ForeignKey(Wish, models.SET_NULL, null=True, related_name="+")
    activation = models.ForeignKey(Activation, models.SET_NULL, null=True, related_name="chains")
    why = models.CharField(max_length=40, blank=True, help_text=_("Code of why it stopped."))
    verbatim = models.TextField(blank=True)

    objects = ChainQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "press"], name="one_chain_per_press"),
            models.CheckConstraint(condition=models.Q(state__in=list(STATES)), name="chain_state_known"),
        ]
        indexes = [models.Index(fields=["workspace", "state"], name="chain_by_state")]

    def __str__(self) -> str:
        return self.name or f"Chain {self.pk}"

    @property
    def shown(self) -> Shown:
        return STATES[self.state]

    @property
    def is_open(self) -> bool:
        return self.state in GOING_ON
