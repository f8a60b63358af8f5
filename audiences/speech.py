"""How figures and times are said on pages: pure functions from a value (and a clock) to words."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400
NEAR = timedelta(hours=24)
UNITS = (
    gettext_noop("%(n)s B"),
    gettext_noop("%(n)s kB"),
    gettext_noop("%(n)s MB"),
    gettext_noop("%(n)s GB"),
    gettext_noop("%(n)s TB"),
    gettext_noop("%(n)s PB"),
)


def unknown() -> str:
    """The word for what the platform did not say: never blank, never 0."""
    return _("unknown")


def number(value: float | None) -> str:
    """48210 → "48,210" in the reader's language; None → "unknown"."""
    return unknown() if value is None else number_format(value, use_l10n=True, force_grouping=True)


def size(value: int | None) -> str:
    """Bytes in decimal units, three figures at most: 1234567 → "1.2 MB"."""
    if value is None:
        return unknown()
    amount, unit = float(value), 0
    while amount >= 999.5 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    places = 1 if unit and amount < 9.95 else 0
    shown = number_format(round(amount, places), decimal_pos=places, force_grouping=True)
    return _(UNITS[unit]) % {"n": shown}


def duration(value: timedelta | float | None) -> str:
    """250 seconds → "4 min 10 s"; the two largest units say enough."""
    if value is None:
        return unknown()
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    seconds = max(seconds, 0)
    if seconds >= DAY:
        return _join(_("%(n)s d") % {"n": seconds // DAY}, seconds % DAY // HOUR, _("%(n)s h"))
    if seconds >= HOUR:
        return _join(_("%(n)s h") % {"n": seconds // HOUR}, seconds % HOUR // MINUTE, _("%(n)s min"))
    if seconds >= MINUTE:
        return _join(_("%(n)s min") % {"n": seconds // MINUTE}, seconds % MINUTE, _("%(n)s s"))
    return _("%(n)s s") % {"n": seconds}


def _join(large: str, rest: int, unit: str) -> str:
    return f"{large} {unit % {'n': rest}}" if rest else large


def span(value: timedelta) -> str:
    """A rough length in one or two units: "12 min", "11 h 20 min", "3 days"."""
    seconds = abs(value.total_seconds())
    if seconds < MINUTE:
        return _("%(n)s s") % {"n": int(seconds)}
    if seconds < HOUR:
        return _("%(n)s min") % {"n": int(seconds // MINUTE)}
    if seconds < 2 * DAY:
        return duration(seconds // MINUTE * MINUTE) if seconds < DAY else _hours(seconds)
    days = int(seconds // DAY)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def _hours(seconds: float) -> str:
    return _("%(n)s h") % {"n": int(seconds // HOUR)}


def age(then: datetime, now: datetime) -> str:
    """ "4 min ago", "in 12 min", "just now"."""
    difference = then - now
    if abs(difference) < timedelta(seconds=5):
        return _("just now")
    words = {"span": span(difference)}
    return _("in %(span)s") % words if difference > timedelta(0) else _("%(span)s ago") % words


def zone_name(then: datetime) -> str:
    """CET, or UTC-03 and UTC+05:45 for zones whose only name is a number."""
    name = then.tzname() or "UTC"
    if name[:1] not in "+-":
        return name
    return f"UTC{name[:3]}:{name[3:]}" if len(name) > 3 else f"UTC{name}"


def day(then: date, today: date) -> str:
    """ "today", "yesterday", "2 Oct", with the year only where it is another one."""
    near = {0: _("today"), -1: _("yesterday"), 1: _("tomorrow")}.get((then - today).days)
    return near or date_format(then, "MONTH_DAY_FORMAT" if then.year == today.year else "DATE_FORMAT")


def clock(then: datetime, now: datetime, zone: tzinfo | None = None, seconds: bool = False) -> str:
    """ "18:05 CET" today, "yesterday 18:05 CET", "2 Oct 18:05 CEST": 24 hours, the zone always named."""
    local = timezone.localtime(then, zone)
    today = timezone.localtime(now, zone).date()
    parts = [] if local.date() == today else [day(local.date(), today)]
    parts += [local.strftime("%H:%M:%S" if seconds else "%H:%M"), zone_name(local)]
    return " ".join(parts)


def moment(then: datetime, now: datetime, zone: tzinfo | None = None, seconds: bool = False) -> str:
    """ "18:05 CET (in 12 min)"; the distance is said within a day either way."""
    words = clock(then, now, zone, seconds)
    return f"{words} ({age(then, now)})" if abs(then - now) < NEAR else words
