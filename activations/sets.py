"""The verbs of sets: save, add, remove, rename, delete. Each is one transaction and one line of the set's story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations.models import ActivationSet, Chosen, SetChange
from activations.selection import AT_MOST
from audiences import clock, speech
from audiences.models import Mapping, User

log = structlog.get_logger(__name__)
LONGEST_NAME = 200
BATCH = 500


class CannotChange(Exception):
    """A change that is not made. `str()` is one plain sentence; `field` is what it is about, if one thing."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


def save(mappings: Iterable[Mapping], *, name: str, by: User | None) -> ActivationSet:
    """Save a choice under a name. Raises `CannotChange` without a name or a mapping."""
    chosen = _distinct(mappings)
    if not chosen:
        raise CannotChange(_("No audience is selected, so there is nothing to save."))
    now, name = clock.now(), _named(name)
    with transaction.atomic():
        made = ActivationSet.objects.create(name=name, created_at=now, created_by=by, changed_at=now)
        _put(made, chosen)
        tell(made, "saved", by, mappings=chosen)
    return made


def add(of_set: ActivationSet, mappings: Iterable[Mapping], *, by: User | None) -> int:
    """Take these into the set as well; returns how many were not in it. Raises `CannotChange` beyond what a
    set may hold."""
    with transaction.atomic():
        held = set(_locked(of_set).chosen.values_list("mapping_id", flat=True))
        new = [mapping for mapping in _distinct(mappings) if mapping.pk not in held]
        if len(held) + len(new) > AT_MOST:
            raise CannotChange(_("A set holds at most %(n)s mappings.") % {"n": speech.number(AT_MOST)})
        if new:
            _put(of_set, new)
            _next_version(of_set, "added", by, mappings=new)
    return len(new)


def remove(of_set: ActivationSet, mappings: Iterable[int], *, by: User | None) -> int:
    """Take these mappings (pks) out of the set; returns how many were in it. Raises `CannotChange` when none
    would be left: a set without mappings belongs to no workspace, so nobody could see it."""
    wanted = list(mappings)
    with transaction.atomic():
        inside = _locked(of_set).chosen.filter(mapping__in=wanted)
        gone = [one.mapping for one in inside.select_related("mapping")]
        if gone and of_set.chosen.count() == len(gone):
            raise CannotChange(_("A set holds at least one mapping. Delete the set instead."))
        if gone:
            inside.delete()
            _next_version(of_set, "removed", by, mappings=gone)
    return len(gone)


def rename(of_set: ActivationSet, name: str, *, by: User | None) -> None:
    """Call it so. Raises `CannotChange` without a name."""
    name = _named(name)
    with transaction.atomic():
        before = _locked(of_set).name
        if before != name:
            of_set.name = name
            of_set.save(update_fields=["name"])
            _next_version(of_set, "renamed", by, before=before, after=name)


def delete(of_set: ActivationSet, *, by: User | None) -> None:
    """The set and its schedules, for good. What was activated from it stays as it is."""
    log.info("A set was deleted.", set=of_set.pk, by=by.pk if by else None)
    of_set.delete()


def mappings_in(of_set: ActivationSet) -> list[Mapping]:
    """The set's mappings, those that vanished too: they are blocked, and so named and not dropped."""
    rows = Mapping.objects.filter(sets=of_set)
    return list(rows.select_related("workspace", "dataflow__destination", "audience").order_by("pk"))


def may_change(user: User, of_set: ActivationSet) -> bool:
    """Whether the person may press in every workspace of the set, and so may change and schedule it."""
    return ActivationSet.objects.changeable_by(user).filter(pk=of_set.pk).exists()


def tell(
    of_set: ActivationSet, what: str, by: User | None, *, mappings: Iterable[Mapping] = (), **data: Any
) -> None:
    """Add a line to the set's story."""
    if named := [mapping.pk for mapping in mappings]:
        data["mappings"] = named
    SetChange.objects.create(
        of_set=of_set, version=of_set.version, at=clock.now(), by=by, what=what, data=data
    )
    log.info("A set was changed.", set=of_set.pk, what=what, by=by.pk if by else None)


def _locked(of_set: ActivationSet) -> ActivationSet:
    """The row, held until the end of the transaction: changes of a set come one after the other."""
    now = ActivationSet.objects.select_for_update(no_key=True).get(pk=of_set.pk)
    of_set.name, of_set.version = now.name, now.version
    return of_set


def _next_version(of_set: ActivationSet, what: str, by: User | None, **data: Any) -> None:
    of_set.version += 1
    of_set.changed_at = clock.now()
    of_set.save(update_fields=["version", "changed_at"])
    tell(of_set, what, by, **data)


def _put(of_set: ActivationSet, mappings: Iterable[Mapping]) -> None:
    rows = [Chosen(of_set=of_set, mapping=mapping) for mapping in mappings]
    Chosen.objects.bulk_create(rows, batch_size=BATCH)


def _distinct(mappings: Iterable[Mapping]) -> list[Mapping]:
    return list({mapping.pk: mapping for mapping in mappings}.values())


def _named(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise CannotChange(_("Give the set a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise CannotChange(
            ngettext("A name has at most %(n)s letter.", "A name has at most %(n)s letters.", LONGEST_NAME)
            % {"n": LONGEST_NAME},
            field="name",
        )
    return name
