"""What was sent, by whom: the list of activations, and all their deliveries as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from activations.models import Delivery
from activations.past import OUTCOMES, Asked, page_of, past
from activations.sheet import sheet
from activations.summary import summaries
from activations.views.rights import viewer_of
from audiences.access import workspace_for
from audiences.models import User, Workspace

ROWS_AT_MOST = 100_000
CHUNK = 2000
COLUMNS = (
    "activation", "name", "pressed at (UTC)", "by", "why", "source", "dataflow", "dataflow id", "audience",
    "audience id", "state", "platform's word", "replaced by a retry", "expected", "received", "activated",
    "excluded", "failed", "files", "run id", "finished at (UTC)", "reason", "platform said", "workspace",
)  # fmt: skip


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    workspace = workspace_for(request, slug)
    asked = Asked.read(request.GET.dict())
    found, older = page_of(past(workspace, viewer_of(request), asked), asked)
    counted = summaries([activation.pk for activation in found])
    context = {
        "workspace": workspace,
        "asked": asked,
        "outcomes": [(value, word) for value, (word, _states) in OUTCOMES.items()],
        "people": _people(workspace),
        "rows": [(activation, counted[activation.pk]) for activation in found],
        "older": older,
    }
    return render(request, "activations/history.html", context)


@require_safe
def history_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One line per delivery of the activations that match."""
    workspace = workspace_for(request, slug)
    here, reaching_in = past(workspace, viewer_of(request), Asked.read(request.GET.dict()))
    either = Q(activation__in=here.order_by().values("pk")) | Q(
        activation__in=reaching_in.order_by().values("pk")
    )
    rows = (
        Delivery.objects.filter(either)
        .select_related("activation__requested_by", "workspace", "dataflow", "audience")
        .order_by("-activation_id", "pk")[:ROWS_AT_MOST]
    )
    return sheet(f"activations-{workspace.slug}", _lines(rows.iterator(CHUNK)))


def _lines(rows: Iterator[Delivery]) -> Iterator[Sequence[Any]]:
    yield COLUMNS
    count = 0
    for count, delivery in enumerate(rows, 1):  # noqa: B007
        yield _values(delivery)
    if count == ROWS_AT_MOST:
        yield [f"Only the newest {ROWS_AT_MOST} deliveries are listed; narrow the filters for more."]


def _values(delivery: Delivery) -> list[Any]:
    activation = delivery.activation
    by = activation.requested_by
    return [
        activation.pk, activation.name, activation.requested_at, by.get_username() if by else "",
        activation.reason, activation.source, delivery.dataflow.name, delivery.dataflow.platform_id,
        delivery.audience.name, delivery.audience.platform_id, delivery.state, delivery.run_word,
        "yes" if delivery.superseded else "no", delivery.expected, delivery.received, delivery.activated,
        delivery.excluded, delivery.failed, delivery.files, delivery.run_id, delivery.finished_at,
        delivery.reason, delivery.verbatim, delivery.workspace.slug,
    ]  # fmt: skip


def _people(workspace: Workspace) -> list[User]:
    return list(User.objects.filter(memberships__workspace=workspace).order_by("username"))
