"""One external audience: where it is on its way, stage by stage. The page, and the fragment its poll asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.access import may_press
from audiences.external import actions
from audiences.external.columns import TYPES
from audiences.external.laterforms import IngestForm
from audiences.external.standing import OPERATION, Standing, evaluations, lapses_soon, newest_of, stand, steps
from audiences.external.words import adobe_said, problems, told
from audiences.models import ExternalAudience, ExternalOperation
from audiences.views.external.rights import external_for, viewer_of

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

OPERATIONS_SHOWN, EVENTS_SHOWN = 40, 60
# How often the page asks: often while the platform works, seldom while a day's evaluation is waited for.
PACE, SLOW = 2, 30
YOUNG = timedelta(minutes=10)
INGESTABLE = ("empty", "broken", "evaluating", "usable", "lapsing", "lapsed")


@require_safe
def external(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, found = external_for(request, slug, pk)
    return show(request, workspace, found)


@require_safe
def status(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What changed since the mark `v`: 204 when nothing did."""
    workspace, found = external_for(request, slug, pk)
    context = whole(request, workspace, found)
    seen = request.GET.get("v", "")
    if seen == context["mark"]:
        return HttpResponse(status=204)
    context["changed"] = bool(seen)
    return render(request, "audiences/external/status.html", context)


def show(
    request: HttpRequest,
    workspace: WorkspaceInHand,
    found: ExternalAudience,
    form: IngestForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page; `form` is an ingestion's that was not good."""
    context = whole(request, workspace, found)
    words = dict(TYPES)
    context["columns"] = [(one, words.get(one["type"], one["type"])) for one in found.fields]
    context["form"] = form or _ingest_form(context["newest"].get("ingest"))
    return render(request, "audiences/external/external.html", context, status=status)


def _ingest_form(last: ExternalOperation | None) -> IngestForm:
    """The form of the next ingestion; what Adobe refused of the last one stands on the field that it names."""
    if (
        last is None
        or last.state != ExternalOperation.State.REFUSED
        or last.field not in IngestForm.base_fields
    ):
        return IngestForm()
    moments = {name: getattr(last, name) for name in ("data_from", "data_until")}
    data = {n: timezone.localtime(m).strftime("%Y-%m-%dT%H:%M") for n, m in moments.items() if m is not None}
    form = IngestForm(data)
    form.is_valid()
    form.add_error(last.field, adobe_said(last))
    return form


def whole(request: HttpRequest, workspace: WorkspaceInHand, found: ExternalAudience) -> dict[str, Any]:
    """Everything the page says."""
    now = timezone.now()
    operations = list(found.operations.select_related("requested_by").order_by("-pk")[:OPERATIONS_SHOWN])
    for operation in operations:
        operation.external = found
        operation.shown = OPERATION[operation.state]  # type: ignore[attr-defined]
    jobs = evaluations(workspace)
    standing = stand(found, operations, jobs, now)
    newest = newest_of(operations)
    events = list(found.events.select_related("actor", "operation").order_by("-pk")[:EVENTS_SHOWN])
    return {
        "workspace": workspace,
        "external": found,
        "may_press": may_press(workspace),
        "standing": standing,
        "steps": steps(found, operations, jobs),
        "mark": f"{found.version}.{standing.shown.value}",
        "pace": _pace(standing, newest, now),
        "operations": operations,
        "newest": newest,
        "problems": problems(newest.values()),
        "audience": found.mirrored().filter(vanished_at=None).first(),
        "lapses_soon": found.live and lapses_soon(found, now),
        "ingestable": found.live and standing.shown.value in INGESTABLE,
        "extendable": found.live and found.ingested_at is not None and standing.shown.value in INGESTABLE,
        "changeable": found.live and found.external_id is not None and standing.shown.value != "deleting",
        "used": actions.ingestions_used(found),
        "used_up": actions.used_up(found, now),
        "most": actions.INGESTIONS_OF_AN_AUDIENCE,
        "story": [(event.at, told(event, viewer_of(request))) for event in reversed(events)],
    }


def _pace(standing: Standing, newest: dict[str, ExternalOperation], now: datetime) -> int | None:
    """Seconds between two questions of the page; None when nothing can change by itself."""
    open_ones = [operation for operation in newest.values() if operation.is_open]
    if any(now - operation.state_since < YOUNG for operation in open_ones):
        return PACE
    return SLOW if open_ones or standing.moving else None
