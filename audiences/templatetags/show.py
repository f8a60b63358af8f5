"""Display tags for values: figures, times and state badges. `{% load show %}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from audiences import failures, shown, speech

register = template.Library()


class Badge(Protocol):
    """What a badge needs; `activations.states.State` and `audiences.shown.Shown` both have it."""

    @property
    def word(self) -> str | Promise: ...
    @property
    def tone(self) -> str: ...
    @property
    def icon(self) -> str: ...


register.filter("number", speech.number)
register.filter("duration", speech.duration)
register.filter("size", speech.size)
register.filter("failure", failures.words_of)


@register.filter
def as_json(value: object) -> str:
    """A setting as people read it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def far(progress: str) -> str:
    """ "1200 of 10000", as a running sync keeps it, in the reader's figures."""
    done, _of, total = progress.partition(" of ")
    if not (done.isdigit() and total.isdigit()):
        return progress
    return _("%(done)s of %(total)s") % {"done": speech.number(int(done)), "total": speech.number(int(total))}


@register.filter
def since(start: datetime | None, end: datetime | None = None) -> str:
    """The time from `start` to `end` (or now): `{{ run.started_at|since:run.completed_at }}`."""
    return speech.unknown() if start is None else speech.duration((end or timezone.now()) - start)


def _time(then: datetime, words: str) -> SafeString:
    utc = then.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        words,
    )


@register.simple_tag
def countdown(then: datetime | None) -> SafeString:
    """ "in 41 min 10 s", counted down before the eyes by the own script; nothing where the moment is unknown."""
    if then is None:
        return SafeString("")
    left = then - timezone.now()
    words = _("in %(left)s")
    return format_html(
        '<time class="under" datetime="{}" data-until="{}" data-over="{}">{}</time>',
        then.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), words % {"left": "{left}"}, _("allowed now"),
        words % {"left": speech.duration(left)} if left > timedelta(0) else _("allowed now"),
    )  # fmt: skip


@register.filter
def moment(then: datetime | None, missing: str = "") -> str:
    """ "18:05 CET (in 12 min)", UTC on hover; None → `missing` or "unknown"."""
    if then is None:
        return missing or speech.unknown()
    return _time(then, speech.moment(then, timezone.now()))


@register.filter
def clock(then: datetime | None, missing: str = "") -> str:
    """ "18:05 CET", without the distance."""
    return _time(then, speech.clock(then, timezone.now())) if then else missing or speech.unknown()


@register.filter
def seconds(then: datetime | None, missing: str = "") -> str:
    """ "18:05:09 CET", for timelines."""
    if then is None:
        return missing or speech.unknown()
    return _time(then, speech.clock(then, timezone.now(), seconds=True))


@register.filter
def age(then: datetime | None, missing: str = "") -> str:
    """ "4 min ago" or "in 12 min"."""
    return _time(then, speech.age(then, timezone.now())) if then else missing or speech.unknown()


@register.filter
def day(then: date | datetime | None, missing: str = "") -> str:
    """ "today", "2 Oct", "2 Oct 2025"; a moment is shown as the viewer's day."""
    if then is None:
        return missing or speech.unknown()
    if isinstance(then, datetime):
        return _time(then, speech.day(timezone.localdate(then), timezone.localdate()))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        then.isoformat(),
        date_format(then, "DATE_FORMAT"),
        speech.day(then, timezone.localdate()),
    )


@register.filter
def older_than(then: datetime | None, limit: timedelta) -> bool:
    """Whether a known moment lies further back than `limit`."""
    return then is not None and timezone.now() - then > limit


@register.simple_tag
def badge(state: Badge, word: str = "", title: str = "") -> SafeString:
    """Icon + word + colour of a state; `word` replaces the state's own ("Waits until 14:32")."""
    spin = " spin" if state.icon == "loader-circle" else ""
    return format_html(
        '<span class="state {}"{}>{}{}</span>',
        state.tone,
        format_html(' title="{}"', title) if title else "",
        icon(state.icon, extra=spin),
        word or state.word,
    )


@register.simple_tag
def run_badge(status: str | None, word: str | None = "", activated: int | None = None) -> SafeString:
    """A run's status in our word; the vendor's own word is beside it where it says something else."""
    state = shown.run(status, activated)
    said = (word or "").strip()
    if not said or said.lower() == str(state.word).lower():
        return badge(state)
    vendor = format_html('<span class="under">{}</span>', _("Adobe: %(word)s") % {"word": said})
    return format_html("{} {}", badge(state), vendor)


@register.simple_tag
def dataflow_badge(state: str) -> SafeString:
    return badge(shown.dataflow(state))


@register.simple_tag
def job_badge(status: str) -> SafeString:
    return badge(shown.JOB.get(status, shown.JOB["unknown"]))


@register.filter
def of(table: Mapping[int, str], key: int) -> str:
    """The word kept under a key: `{{ by|of:job.pk }}`; "" where there is none."""
    return table.get(key, "")


@register.simple_tag
def lifecycle_badge(value: str) -> SafeString:
    return badge(shown.lifecycle(value))


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, extra: str = "") -> SafeString:
    """A decorative icon: the word beside it says the same. `{% icon "check" %}`."""
    return SafeString(
        lucide(name, size=16, **{"class": f"icon{extra and ' ' + extra.strip()}", "aria-hidden": "true"})
    )


@register.simple_tag
def origin(value: str) -> str:
    return str(shown.origin(value))
