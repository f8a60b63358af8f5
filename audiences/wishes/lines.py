"""Wishes as pages show them: the newest of a dataflow or an audience, each with what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audiences.models import Audience, Dataflow, Destination, Mapping, Wish
from audiences.wishes import states
from audiences.wishes.terms import differences
from audiences.wishes.words import Meaning, meaning_of, waits_for

SHOWN_FOR = timedelta(days=3)
AT_MOST = 8
WITH = (
    "workspace", "dataflow__audience", "dataflow__destination", "audience", "mapping", "destination", "by", "job",
)  # fmt: skip
PAGES = {"map": "mapping", "alter": "mapping", "unmap": "unmap", "enable": "switch", "disable": "switch"}


@dataclass(frozen=True, slots=True)
class Line:
    """One wish. `changes` are what is another than the person saw, as (label, seen, found); `again` is where
    it can be asked once more, `follow` where its resync is followed, "" where that makes no sense; `waits` is what
    keeps it, if anything does."""

    wish: Wish
    what: str
    meaning: Meaning | None
    changes: list[tuple[str | Promise, str, str]]
    again: str
    follow: str = ""
    waits: str | Promise = ""


def lines_of(wishes: QuerySet[Wish]) -> list[Line]:
    """The newest ones of the last days."""
    rows = wishes.filter(state_since__gt=timezone.now() - SHOWN_FOR).order_by("-pk")
    return [line_of(wish) for wish in rows.select_related(*WITH)[:AT_MOST]]


def line_of(wish: Wish) -> Line:
    """Comes with `WITH` selected."""
    changes = differences(_seen(wish), wish.found) if wish.state == states.CHANGED else []
    again = _again(wish) if wish.state in states.NEEDS_YOU else ""
    # Deliveries live in another house; their address is known here by its name alone.
    follow = reverse("activations:begun", args=[wish.workspace.slug, wish.pk]) if _has_begun(wish) else ""
    return Line(wish, _what(wish), meaning_of(wish), changes, again, follow, waits_for(wish))


def _has_begun(wish: Wish) -> bool:
    return wish.resyncs and wish.state == states.DONE and wish.mapping_id is not None


def _seen(wish: Wish) -> dict[str, str]:
    if wish.workspace.is_segment or wish.audience_id is None:
        return dict(wish.seen)
    return {"mapped": "yes" if wish.seen else "no", **wish.seen}


def _what(wish: Wish) -> str:
    words = {
        "map": _("Map %(audience)s to %(dataflow)s"),
        "alter": _("Change how %(audience)s goes to %(dataflow)s"),
        "unmap": _("Remove %(audience)s from %(dataflow)s"),
        "enable": _("Enable %(dataflow)s"),
        "disable": _("Disable %(dataflow)s"),
        "evaluate": _("Evaluate %(which)s"),
        "export": _("Export %(which)s to dataset %(dataset)s"),
        "cancel": _("Cancel job %(job)s"),
    }
    words |= _words_at_segment(wish) if wish.workspace.is_segment else {}
    return words[wish.what] % {
        "audience": wish.audience or (wish.dataflow.audience if wish.dataflow else None),
        "dataflow": wish.dataflow,
        "activation": wish.mapping.name if wish.mapping else wish.wanted.get("name", ""),
        "destination": wish.destination or (wish.dataflow.destination if wish.dataflow else None),
        "which": which_words(wish.wanted.get("audiences", [])),
        "dataset": wish.wanted.get("dataset", ""),
        "job": wish.job.platform_id if wish.job else "",
    }


def _words_at_segment(wish: Wish) -> dict[str, str]:
    return {
        "connect": _("Add %(destination)s to %(audience)s"),
        "reconnect": _("Change how %(destination)s is set up for %(audience)s"),
        "disconnect": _("Remove %(destination)s from %(audience)s"),
        "map": _("Add activation %(activation)s to %(destination)s and resync it")
        if wish.resyncs
        else _("Add activation %(activation)s to %(destination)s"),
        "alter": _("Change activation %(activation)s"),
        "unmap": _("Remove activation %(activation)s"),
        "enable": _("Enable activation %(activation)s")
        if wish.dataflow
        else _("Enable audience %(audience)s"),
        "disable": _("Disable activation %(activation)s")
        if wish.dataflow
        else _("Disable audience %(audience)s"),
    }


def which_words(audiences: Sequence[str]) -> str:
    """How many audiences a job is about; none named, or a star: all."""
    if not audiences or list(audiences) == ["*"]:
        return _("all audiences")
    return ngettext("%(n)s audience", "%(n)s audiences", len(audiences)) % {"n": len(audiences)}


def _again(wish: Wish) -> str:
    if wish.workspace.is_segment:
        return _again_at_segment(wish)
    if wish.dataflow is None:
        return ""
    page = PAGES[wish.what]
    last = wish.audience.platform_id if wish.audience is not None else wish.what
    address = reverse(f"audiences:{page}", args=[wish.workspace.slug, wish.dataflow.platform_id, last])
    return f"{address}?again={wish.pk}" if page == "mapping" else address


def _again_at_segment(wish: Wish) -> str:
    switch: tuple[str, tuple[Audience | Dataflow | Mapping | Destination | None, ...], bool] = (
        ("activation_switch", (wish.dataflow, wish.mapping), False)
        if wish.dataflow
        else ("audience_switch", (wish.audience,), False)
    )
    page, about, corrects = {
        "connect": ("connect", (wish.audience, wish.destination), True),
        "reconnect": ("reconnect", (wish.dataflow,), True),
        "disconnect": ("disconnect", (wish.dataflow,), False),
        "map": ("activation_add", (wish.dataflow,), True),
        "alter": ("activation_change", (wish.dataflow, wish.mapping), True),
        "unmap": ("activation_remove", (wish.dataflow, wish.mapping), False),
        "enable": switch,
        "disable": switch,
    }[wish.what]
    if any(one is None or one.vanished_at is not None for one in about):
        return ""
    ids = [one.platform_id for one in about if one is not None]
    last = [wish.what] if page in ("activation_switch", "audience_switch") else []
    address = reverse(f"audiences:{page}", args=[wish.workspace.slug, *ids, *last])
    return f"{address}?again={wish.pk}" if corrects else address
