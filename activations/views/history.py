"""What was sent, by whom: the list of activations, and all their deliveries as a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from activations.models import Activation, Delivery
from activations.past import OUTCOMES, Asked, page_of, past
from activations.summary import summaries
from activations.views import sheets as columns
from activations.views.rights import viewer_of
from audiences import sheets
from audiences.access import workspace_for
from audiences.models import User, Workspace


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponseBase:
    workspace = workspace_for(request, slug)
    asked = Asked.read(request.GET.dict())
    matching = past(workspace, viewer_of(request), asked)
    if which := sheets.asked(request):
        return _sheet(which, matching, slug)
    found, older = page_of(matching, asked)
    counted = summaries([activation.pk for activation in found])
    context = {
        "workspace": workspace,
        "asked": asked,
        "outcomes": [(value, word) for value, (word, _which) in OUTCOMES.items()],
        "people": _people(workspace),
        "rows": [(activation, counted[activation.pk]) for activation in found],
        "older": older,
    }
    return render(request, "activations/history.html", context)


def _sheet(which: str, matching: Sequence[QuerySet[Activation]], slug: str) -> HttpResponseBase:
    """One line per activation that matches; of `deliveries`, one per delivery of theirs."""
    if which != "deliveries":
        return sheets.answer(columns.ACTIVATIONS, columns.newest_first(matching), slug)
    theirs = Q()
    for rows in matching:
        theirs |= Q(activation__in=rows.order_by().values("pk"))
    found = Delivery.objects.filter(theirs).select_related(*columns.WITH)
    return sheets.answer(columns.deliveries("deliveries"), found.order_by("-activation_id", "pk"), slug)


def _people(workspace: Workspace) -> list[User]:
    return list(User.objects.filter(memberships__workspace=workspace).order_by("username"))
