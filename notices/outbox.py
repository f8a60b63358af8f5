"""Finds the activations that changed, writes down what is news, and leaves an errand for every channel.

An activation whose `version` is ahead of `told` has changed since it was looked at here. Notice, errands and the
new `told` are one transaction under the activation's lock: two workers write one notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from activations import states
from activations.afterwards import OFF, told
from activations.cards import Card, cards
from activations.models import Activation, Delivery
from activations.summary import summarize
from audiences import clock
from audiences.models import User
from audiences.told import kept
from notices.change import About, Change
from notices.models import Channel, Errand, Listener, Notice
from notices.standing import Before, News, kinds, news, standing

log = structlog.get_logger(__name__)
AT_ONCE = 200
# Of a press's troubles, so many are told in words.
PROBLEMS, QUOTED = 5, 300
NEVER_SENT = "never_sent"


def collect(now: datetime | None = None) -> int:
    """Look at every activation that changed; what fails for one must not keep the others from being told.
    Returns how many notices were written."""
    changed = Activation.objects.filter(version__gt=F("told")).order_by().values_list("pk", flat=True)
    written, errors = 0, []
    for pk in list(changed[:AT_ONCE]):
        try:
            written += look_at(pk, now or clock.now()) is not None
        except Exception as error:
            log.exception("What an activation has to tell could not be found out.", activation=pk)
            errors.append(error)
    if errors:
        raise errors[0]
    return written


def look_at(pk: int, now: datetime) -> Notice | None:
    """Write down what is news about one activation; None when nothing is."""
    with transaction.atomic():
        changed = Activation.objects.filter(pk=pk, version__gt=F("told"))
        found = changed.select_for_update(no_key=True, of=("self",)).select_related("workspace").first()
        if found is None:
            return None
        written = _write(found, now)
        Activation.objects.filter(pk=pk).update(told=found.version)
        return written


def _write(found: Activation, now: datetime) -> Notice | None:
    summary = summarize(found)
    ran_out = found.deliveries.filter(superseded=False, state=states.CANCELED, reason=NEVER_SENT).count()
    what = news(before(found), standing(summary, ran_out), kinds(summary.counts, ran_out))
    if what is None:
        return None
    notice = Notice.objects.create(
        workspace=found.workspace, activation=found, version=found.version, change=what.change,
        told=what.told, at=now, data=_data(found, dict(summary.counts), ran_out, what),
    )  # fmt: skip
    if what.told:
        leave_errands(notice, now)
    log.info("An activation changed.", activation=found.pk, change=what.change.value, told=what.told)
    return notice


def before(found: Activation) -> Before:
    """What was written down and told before about this activation, in one query."""
    rows = list(found.notices.order_by("-pk").values_list("change", "told", "data__counts", "data__ran_out"))
    if not rows:
        return Before()
    said = [row for row in rows if row[1]]
    troubled = bool(said) and said[0][0] in (Change.NEEDS, Change.FAILURES)
    known = (kinds(counts or {}, ran_out or 0) for _change, _told, counts, ran_out in said)
    return Before(rows[0][0], troubled, frozenset().union(*known))


def _data(found: Activation, counts: dict[str, int], ran_out: int, what: News) -> dict[str, Any]:
    rows = found.deliveries.filter(superseded=False)
    flows = sorted(set(rows.order_by().values_list("dataflow__name", flat=True)))
    data: dict[str, Any] = {"counts": counts, "ran_out": ran_out, "where": flows[:1], "flows": len(flows)}
    if what.change in (Change.NEEDS, Change.FAILURES):
        bad = rows.filter(state__in=states.NEEDS_YOU).select_related(
            "audience", "dataflow", "mapping", "workspace"
        )
        found_cards = cards(bad.order_by("pk"))
        data["fixable"] = (
            sum(card.count for card in found_cards if card.may_retry or card.may_check) + ran_out
        )
        data["problems"] = [_problem(card) for card in found_cards[:PROBLEMS]]
    if unusual := _unusual(rows):
        data["unusual"] = unusual
    return data


def _unusual(rows: QuerySet[Delivery]) -> dict[str, Any]:
    """How many arrived with far fewer or far more than usual, and a few of them; an empty file is told as a problem."""
    off = rows.filter(unusual__in=OFF)
    some = list(off.select_related("audience", "dataflow").order_by("pk")[: PROBLEMS + 1])
    if not some:
        return {}
    count = len(some) if len(some) <= PROBLEMS else off.count()
    return {"count": count, "named": told(some[:PROBLEMS])}


def _problem(card: Card) -> dict[str, Any]:
    message = card.explained.message
    return {
        "count": card.count,
        "title": kept(message.title),
        "do": kept(message.do),
        "said": [quote[:QUOTED] for quote in card.quotes[:1]],
    }


def leave_errands(notice: Notice, now: datetime) -> None:
    """One errand per channel that wants to hear of it; the same channel never gets a second one."""
    Errand.objects.bulk_create(
        (Errand(notice=notice, channel=channel, created_at=now, next_at=now) for channel in wanting(notice)),
        ignore_conflicts=True,
    )


def wanting(notice: Notice) -> Iterable[Channel]:
    """The channels that tell this change: the workspace's, those of people who may look at it, and those of its set
    whose adders may. Of people who asked to hear only of their own, its set's listeners hear as well."""
    of_set = notice.activation.of_set_id
    named = Listener.objects.filter(of_set=of_set).values("person")
    mine = Q(about=About.ALL) | Q(owner=notice.activation.requested_by_id) | Q(owner__in=named)
    seen_by = who_may_look(notice)
    here = Q(workspace=notice.workspace_id) | (Q(owner__in=seen_by) & mine)
    if of_set is not None:
        here |= Q(of_set=of_set, created_by__in=seen_by)
    rows = Channel.objects.standing().filter(here)
    return [channel for channel in rows if notice.change in channel.tells]


def who_may_look(notice: Notice) -> list[int]:
    """People for whom channels may stand, and who may look at every workspace that the activation reaches into."""
    shares = notice.activation.shares.values_list("workspace", flat=True)
    places = {notice.workspace_id, *shares}
    here = Count("memberships", filter=Q(memberships__workspace__in=places), distinct=True)
    adders = Channel.objects.filter(of_set=notice.activation.of_set_id, of_set__isnull=False)
    concerned = Q(channels__isnull=False) | Q(pk__in=adders.values("created_by"))
    people = User.objects.filter(concerned, is_active=True).annotate(here=here)
    may = people.filter(Q(is_superuser=True) | Q(here=len(places)))
    return list(may.distinct().values_list("pk", flat=True))
