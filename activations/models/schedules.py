"""Schedules: when a set is activated by itself, and what became of each moment."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activations import rules
from activations.models.sets import ActivationSet
from audiences.models import User
from audiences.models.workspaces import validate_zone
from audiences.shown import Shown, table


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def visible_to(self, user: User) -> ScheduleQuerySet:
        return self.filter(of_set__in=ActivationSet.objects.visible_to(user))

    def coming(self) -> ScheduleQuerySet:
        """Neither paused nor over, those that come first in front."""
        return self.filter(paused_at=None, fire_at__isnull=False).order_by("fire_at", "pk")


class Schedule(models.Model):
    """When a set is activated by itself. `fire_at` is the next moment, in UTC; the rule says those after it.

    "As soon as allowed" has no rule: every minute it is looked whether the set may go, until `until`.
    """

    class Kind(models.TextChoices):
        ONCE = rules.ONCE, _("once")
        DAILY = rules.DAILY, _("every day")
        WEEKLY = rules.WEEKLY, _("on days of the week")
        MONTHLY = rules.MONTHLY, _("on a day of the month")
        SOON = "soon", _("as soon as allowed")

    class Waits(models.TextChoices):
        ARM = "arm", _("arm it: it goes by itself at the first allowed moment")
        SKIP = "skip", _("skip it: only what can go at that moment goes")

    of_set = models.ForeignKey(ActivationSet, models.CASCADE, related_name="schedules")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    zone = models.CharField(max_length=64, validators=[validate_zone])
    at = models.TimeField(_("time"), default=time(9), help_text=_("By the clocks of the zone."))
    day = models.DateField(null=True, blank=True)
    weekdays = models.JSONField(default=list, blank=True, help_text=_("0 is Monday."))
    month_day = models.PositiveSmallIntegerField(default=1)
    until = models.DateField(null=True, blank=True, help_text=_("The last day, in the zone."))
    waits = models.CharField(_("what has to wait"), max_length=4, choices=Waits.choices, default=Waits.ARM)
    tolerance = models.DurationField(
        default=timedelta(minutes=30),
        help_text=_(
            "So late it still fires after everything was down; later, the moment is recorded as missed."
        ),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_("Who saved it last: it presses in their name, and only while they may."),
    )  # fmt: skip
    fire_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it is over."))
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=rules.ONCE) | Q(day__isnull=False), name="schedule_once_has_a_day"
            ),
            models.CheckConstraint(
                condition=Q(month_day__gte=1, month_day__lte=31), name="schedule_month_day_exists"
            ),
        ]
        indexes = [
            models.Index(fields=["fire_at"], condition=Q(paused_at=None), name="schedule_due"),
        ]

    def __str__(self) -> str:
        return f"{self.of_set} · {self.get_kind_display()}"

    @property
    def rule(self) -> rules.Rule:
        return rules.Rule(
            self.kind, ZoneInfo(self.zone), self.at, self.day, frozenset(self.weekdays), self.month_day,
            self.until,
        )  # fmt: skip

    @property
    def is_over(self) -> bool:
        return self.fire_at is None


PRESSED, SKIPPED, MISSED, REFUSED = "pressed", "skipped", "missed", "refused"
OUTCOMES = table(
    Shown(PRESSED, _("Activated"), "done", "zap"),
    Shown(SKIPPED, _("Skipped"), "idle", "skip-forward"),
    Shown(MISSED, _("Missed"), "look", "clock-alert"),
    Shown(REFUSED, _("Nothing was sent"), "act", "ban"),
)


class Firing(models.Model):
    """What became of one moment of a schedule. Its press token ties it to what it activated."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="firings")
    due_at = models.DateTimeField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=[(one.value, one.word) for one in OUTCOMES.values()])
    why = models.CharField(max_length=40, blank=True, help_text=_("Code of the sentence shown."))
    left_out = models.PositiveIntegerField(
        default=0, help_text=_("Deliveries that had to wait and were skipped.")
    )
    press = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="one_firing_per_moment"),
            models.CheckConstraint(condition=Q(outcome__in=list(OUTCOMES)), name="firing_outcome_known"),
        ]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M} {self.outcome}"

    @property
    def shown(self) -> Shown:
        return OUTCOMES[self.outcome]
