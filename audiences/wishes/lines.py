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

from audiences.models import Wish
from audiences.wishes import states
from audiences.wishes.terms import differences
from audiences.wishes.words import Meaning, meaning_of

SHOWN_FOR = timedelta(days=3)
AT_MOST = 8
PAGES = {"map": "mapping", "alter": "mapping", "unmap": "unmap", "enable": "switch", "disable": "switch"}


@dataclass(frozen=True, slots=True)
class Line:
    """One wish. `changes` are what is another than the person saw, as (label, seen, found); `again` is where
    it can be asked once more, "" where that makes no sense."""

    wish: Wish
    what: str
    meaning: Meaning | None
    changes: list[tuple[str | Promise, str, str]]
    again: str


def lines_of(wishes: QuerySet[Wish]) -> list[Line]:
    """The newest ones of the last days."""
    rows = wishes.filter(state_since__gt=timezone.now() - SHOWN_FOR).order_by("-pk")
    return [
        line_of(wish)
        for wish in rows.select_related("workspace", "dataflow", "audience", "by", "job")[:AT_MOST]
    ]


def line_of(wish: Wish) -> Line:
    """Comes with workspace, dataflow, audience and person selected."""
    changes = differences(_seen(wish), wish.found) if wish.state == states.CHANGED else []
    again = _again(wish) if wish.state in states.NEEDS_YOU else ""
    return Line(wish, _what(wish), meaning_of(wish), changes, again)


def _seen(wish: Wish) -> dict[str, str]:
    if wish.audience_id is None:
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
    return words[wish.what] % {
        "audience": wish.audience,
        "dataflow": wish.dataflow,
        "which": which_words(wish.wanted.get("audiences", [])),
        "dataset": wish.wanted.get("dataset", ""),
        "job": wish.job.platform_id if wish.job else "",
    }


def which_words(audiences: Sequence[str]) -> str:
    """How many audiences a job is about; none named, or a star: all."""
    if not audiences or list(audiences) == ["*"]:
        return _("all audiences")
    return ngettext("%(n)s audience", "%(n)s audiences", len(audiences)) % {"n": len(audiences)}


def _again(wish: Wish) -> str:
    if wish.dataflow is None:
        return ""
    page = PAGES[wish.what]
    last = wish.audience.platform_id if wish.audience is not None else wish.what
    address = reverse(f"audiences:{page}", args=[wish.workspace.slug, wish.dataflow.platform_id, last])
    return f"{address}?again={wish.pk}" if page == "mapping" else address
