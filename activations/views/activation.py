"""An activation: where is it now. The page, and the fragment that its poll asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activations import states
from activations.afterwards import OFF
from activations.cards import cards_of
from activations.lines import delivery_rows
from activations.models import Activation, Delivery, Event, Job, Share, ShareLink
from activations.selection import numbers
from activations.story import story
from activations.summary import Summary, summarize
from activations.views import sheets as columns
from activations.views.choose import searched
from activations.views.rights import activation_for, viewer_of
from audiences import sheets
from audiences.access import may_press_in
from audiences.models import Membership, User, Workspace

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

PER_PAGE = 100
DATAFLOWS_NAMED = 3
SHOWS = {
    "needs": states.NEEDS_YOU,
    "running": states.MOVING,
    "delivered": states.DELIVERED,
    "finished": (states.FINISHED,),
}
UNUSUAL = "unusual"
UNUSUAL_NAMED = 5
# How often the page asks, by how long the activation has been going on; nobody watches a long run closely.
PACES = ((timedelta(minutes=2), 2), (timedelta(minutes=15), 5), (timedelta(hours=2), 15))
SLOWEST = 30
UNCHANGED = f"""
    SELECT 1
    FROM {Activation._meta.db_table} a JOIN {Workspace._meta.db_table} w ON w.id = a.workspace_id
    WHERE a.id = %s AND a.version = %s AND w.slug = %s AND EXISTS (
        SELECT 1 FROM {User._meta.db_table} u WHERE u.id = %s AND u.is_active AND (u.is_superuser OR EXISTS (
            SELECT 1 FROM {Membership._meta.db_table} m WHERE m.user_id = u.id AND m.workspace_id = w.id)
          AND NOT EXISTS (
            SELECT 1 FROM {Share._meta.db_table} s WHERE s.activation_id = a.id AND NOT EXISTS (
                SELECT 1 FROM {Membership._meta.db_table} m
                WHERE m.user_id = u.id AND m.workspace_id = s.workspace_id))))
"""  # noqa: S608  table names of our own, parameters for the rest


@require_safe
def activation(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    workspace, found = activation_for(request, slug, pk)
    if sheets.asked(request):
        q, show = searched(request.GET.get("q")), request.GET.get("show", "")
        rows = _deliveries(found, q, show).select_related(*columns.WITH)
        return sheets.answer(columns.deliveries(f"deliveries {found.pk} {found.name}"), rows, slug)
    return render(request, "activations/activation.html", whole(request, workspace, found))


@require_safe
@login_not_required
def status(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What changed since version `v`: 204 when nothing did, at the price of one query and no login's."""
    seen = next(iter(numbers([request.GET.get("v", "")])), None)
    if seen is not None and unchanged(request, slug, pk, seen):
        return HttpResponse(status=204)
    if not viewer_of(request).is_authenticated:
        return redirect_to_login(request.get_full_path())
    workspace, found = activation_for(request, slug, pk)
    without_version(request)
    context = whole(request, workspace, found)
    context["changed"] = seen is not None and seen != found.version
    return render(request, "activations/activation_status.html", context)


def without_version(request: HttpRequest) -> None:
    """The fragment's links are the page's own: they do not carry the version that was asked about."""
    own = request.GET.copy()
    own.pop("v", None)
    request.GET = own  # type: ignore[assignment]


def unchanged(request: HttpRequest, slug: str, pk: int, version: int) -> bool:
    """Whether this person may see the activation and its version is still the one they saw.

    The session alone names the person here; any answer with content goes through the whole login. Written
    as SQL because this is asked more often than everything else together, and building the same query
    through the models takes twice as long as asking it (docs/benchmarks.md).
    """
    person = request.session.get(SESSION_KEY, "")
    if not str(person).isdigit():
        return False
    with connection.cursor() as cursor:
        cursor.execute(UNCHANGED, [pk, version, slug, int(person)])
        return cursor.fetchone() is not None


def whole(request: HttpRequest, workspace: WorkspaceInHand, found: Activation) -> dict[str, Any]:
    """Everything the page says, in a number of queries that does not grow with the deliveries."""
    now, summary, places = timezone.now(), summarize(found), found.places
    q, show = searched(request.GET.get("q")), request.GET.get("show", "")
    page = Paginator(_deliveries(found, q, show), PER_PAGE).get_page(request.GET.get("page"))
    jobs = _jobs(found)
    numbered = {job.pk: place for place, job in enumerate(jobs, 1)}
    return {
        "workspace": workspace,
        "activation": found,
        "viewer": viewer_of(request),
        "places": places,
        "snapshots": _snapshots(found, places),
        "may_press": may_press_in(viewer_of(request), places),
        "links": ShareLink.objects.living(now).filter(activation=found).count(),
        "summary": summary,
        "ended_at": _ended_at(found) if summary.is_over else None,
        "pace": None if summary.is_over else pace(found, summary, now),
        "chips": _chips(summary, show),
        "q": q,
        "show": show,
        "page": page,
        "rows": delivery_rows(page.object_list, now),
        "where": _where(found),
        "cards": cards_of(found),
        "unusual": _unusual(found, summary),
        "jobs": jobs,
        "split": " + ".join(str(job.size) for job in jobs[:8]) if 1 < len(jobs) <= 8 else "",
        "story": story(found, viewer_of(request), numbered, whole=request.GET.get("story") == "all"),
    }


def pace(found: Activation, summary: Summary, now: datetime) -> int:
    """Seconds between two questions of the page."""
    age = now - found.requested_at
    if summary.moving == summary.of((states.ARMED,)):
        return SLOWEST if age > PACES[0][0] else PACES[1][1]
    return next((seconds for limit, seconds in PACES if age < limit), SLOWEST)


def _deliveries(found: Activation, q: str, show: str) -> QuerySet[Delivery]:
    rows = found.deliveries.filter(superseded=False).select_related(
        "dataflow", "audience", "mapping", "retry_of", "workspace"
    )
    if show in SHOWS:
        rows = rows.filter(state__in=SHOWS[show])
    elif show == UNUSUAL:
        rows = rows.exclude(unusual="")
    for word in q.split():
        rows = rows.filter(
            Q(audience__name__icontains=word) | Q(dataflow__name__icontains=word) | Q(run_id=word)
        )
    return rows.order_by("pk")


def _chips(summary: Summary, show: str) -> list[tuple[str, int, bool]]:
    counted = {"": summary.total, **{name: summary.of(values) for name, values in SHOWS.items()}}
    counted[UNUSUAL] = summary.unusual
    # Only Segment's deliveries can be called finished, and hardly any is unusual.
    counted = {name: n for name, n in counted.items() if n or name not in ("finished", UNUSUAL)}
    return [(name, count, name == (show if show in counted else "")) for name, count in counted.items()]


def _unusual(found: Activation, summary: Summary) -> list[Delivery]:
    """A few of those that arrived with far fewer or far more than usual; an empty file has a card of its own."""
    if not summary.unusual:
        return []
    rows = found.deliveries.filter(superseded=False, unusual__in=OFF)
    return list(rows.select_related("audience", "dataflow", "workspace").order_by("pk")[:UNUSUAL_NAMED])


def _where(found: Activation) -> dict[str, Any]:
    rows = found.deliveries.filter(superseded=False).values("dataflow__name").annotate(n=Count("pk"))
    names = [row["dataflow__name"] for row in rows.order_by("-n", "dataflow__name")]
    return {
        "named": ", ".join(names[:DATAFLOWS_NAMED]),
        "more": len(names[DATAFLOWS_NAMED:]),
        "count": len(names),
    }


def _snapshots(found: Activation, places: list[Workspace]) -> list[tuple[Workspace, datetime | None]]:
    """Per workspace the snapshot known when it was pressed; Segment has none, its profiles flow."""
    known = {found.workspace_id: found.snapshot_at}
    if len(places) > 1:
        known |= dict(found.shares.values_list("workspace", "snapshot_at"))
    return [(place, known.get(place.pk)) for place in places if not place.is_segment]


def _ended_at(found: Activation) -> datetime | None:
    last = found.deliveries.filter(superseded=False, finished_at__isnull=False).order_by("-finished_at")
    return last.values_list("finished_at", flat=True).first()


def _jobs(found: Activation) -> list[Job]:
    """The jobs that deliveries of this activation left in, oldest first, without their long bodies."""
    mine = Event.objects.filter(activation=found, job__isnull=False).values("job")
    return list(Job.objects.filter(pk__in=mine).defer("request", "answer").order_by("pk"))
