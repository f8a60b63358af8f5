"""Moments of schedules on the clocks of their own zone. `{% load scheduling %}`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from activations import shelf
from activations.models import Schedule
from audiences import speech

register = template.Library()


@register.filter
def in_zone(then: datetime | None, zone: str) -> str:
    """ "Fri 27 Nov 09:00 CET" by the clocks of a zone, UTC on hover; "unknown" for None."""
    if then is None:
        return speech.unknown()
    local = then.astimezone(ZoneInfo(zone))
    this_year = local.year == timezone.localtime().year
    day = (
        f"{date_format(local, 'D')} {date_format(local, 'MONTH_DAY_FORMAT' if this_year else 'DATE_FORMAT')}"
    )
    utc = then.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{} {} {}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        day,
        local.strftime("%H:%M"),
        speech.zone_name(local),
    )


@register.filter
def rule_words(schedule: Schedule) -> str:
    """ "Every Monday and Friday at 09:00, Europe/Berlin"."""
    return shelf.words(schedule)
