"""What somebody chose: the mappings that a form or an address names, of workspaces that are open to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict

from activations.selection import AT_MOST, numbers, unfold
from audiences.models import Mapping, User, Workspace
from audiences.models.catalog import Kind


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


def still_there(viewer: User, pks: Iterable[int]) -> list[Mapping]:
    """These mappings as far as they exist for this person: an old address may name some that do not."""
    mine = Workspace.objects.visible_to(viewer)
    rows = Mapping.objects.filter(workspace__in=mine, pk__in=set(pks), vanished_at=None)
    return list(rows.select_related("dataflow__destination", "audience"))


def offered(
    workspace: Workspace, audience: str = "", destination: str = "", only: Sequence[str] = ()
) -> QuerySet[Mapping]:
    """Mappings that could be chosen: present, on batch file-based dataflows, found by words on both sides.

    `only` are platform ids of audiences; with none, all are offered.
    """
    rows: QuerySet[Mapping] = Mapping.objects.filter(
        vanished_at=None,
        dataflow__workspace=workspace,
        dataflow__kind=Kind.BATCH_FILE,
        dataflow__vanished_at=None,
    )
    if only:
        rows = rows.filter(audience__platform_id__in=only)
    for word in audience.split():
        rows = rows.filter(Q(audience__name__icontains=word) | Q(audience__platform_id__iexact=word))
    for word in destination.split():
        rows = rows.filter(
            Q(dataflow__name__icontains=word)
            | Q(dataflow__platform_id__iexact=word)
            | Q(dataflow__destination__platform__icontains=word)
            | Q(dataflow__destination__account__icontains=word)
        )
    return rows.select_related("dataflow__destination", "audience")
