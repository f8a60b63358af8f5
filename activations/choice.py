"""What somebody chose: the mappings that a form or an address names, of workspaces that are open to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict

from activations.selection import AT_MOST, numbers, unfold
from audiences.models import Mapping, User, Workspace
from audiences.models.catalog import Kind

# What can be activated on demand: files in batches, and what a Segment connection carries.
PRESSABLE = (Kind.BATCH_FILE, Kind.CONNECTION)


def chosen_in(form: QueryDict) -> set[int]:
    """Ids of a form: those kept from other pages (`sel`) and the boxes ticked on this one (`m`).

    `shown` names the boxes this page had, so that an unticked one is taken out of what was kept.
    """
    kept = unfold(form.get("sel", "")) - unfold(form.get("shown", ""))
    return set(list(kept | numbers(form.getlist("m")))[:AT_MOST])


def mappings_of(viewer: User, pks: Iterable[int]) -> list[Mapping]:
    """These mappings, vanished ones too. Raises Http404 when one is of a workspace the person may not look at."""
    wanted = set(pks)
    rows = Mapping.objects.filter(workspace__in=Workspace.objects.visible_to(viewer), pk__in=wanted)
    found = list(
        rows.select_related("dataflow__destination", "audience").order_by("dataflow__name", "audience__name")
    )
    if len(found) != len(wanted):
        raise Http404
    return found


def still_there(viewer: User, pks: Iterable[int], known: Iterable[Mapping] = ()) -> list[Mapping]:
    """These mappings as far as they exist for this person: an old address may name some that do not. `known` are some
    that were read just now as theirs, and are not read again."""
    wanted = set(pks)
    found = [mapping for mapping in known if mapping.pk in wanted]
    unread = wanted.difference(mapping.pk for mapping in found)
    mine = Workspace.objects.visible_to(viewer)
    rows = Mapping.objects.filter(workspace__in=mine, pk__in=unread, vanished_at=None)
    return [*found, *rows.select_related("dataflow__destination", "audience")]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: words on both sides, in which workspaces (pks), and audiences and dataflows (platform ids)
    chosen on another page; with none of those, all are offered."""

    places: tuple[int, ...]
    q: str = ""
    to: str = ""
    audiences: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()

    def of_audiences(self, at: str = "") -> Q:
        """Condition on audiences; `at` leads to them: "audience__" from a mapping."""
        found = Q(**{f"{at}platform_id__in": self.audiences}) if self.audiences else Q()
        for word in self.q.split():
            found &= Q(**{f"{at}name__icontains": word}) | Q(**{f"{at}platform_id__iexact": word})
        return found

    def of_flows(self, at: str = "") -> Q:
        """Condition on dataflows that can be pressed; `at` leads to them."""
        found = Q(**{f"{at}workspace__in": self.places, f"{at}kind__in": PRESSABLE, f"{at}vanished_at": None})
        if self.flows:
            found &= Q(**{f"{at}platform_id__in": self.flows})
        for word in self.to.split():
            found &= (
                Q(**{f"{at}name__icontains": word})
                | Q(**{f"{at}platform_id__iexact": word})
                | Q(**{f"{at}destination__platform__icontains": word})
                | Q(**{f"{at}destination__account__icontains": word})
            )
        return found

    def mappings(self) -> QuerySet[Mapping]:
        """Present mappings that match, in no order."""
        rows: QuerySet[Mapping] = Mapping.objects.filter(
            self.of_flows("dataflow__"), self.of_audiences("audience__"), vanished_at=None
        )
        return rows.select_related("dataflow__destination", "audience")
