"""The big screen: an activation, or a workspace, for a wall that people read from across the room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from activations import shelf, states
from activations.models import Delivery, seen_whole
from activations.now import Moving, now_in
from activations.outside import Glimpse, glimpse, unwatched_since
from activations.selection import numbers
from activations.views.activation import SLOWEST, pace, unchanged, without_version
from activations.views.rights import activation_for, viewer_of
from audiences.access import workspace_for

# What fits on a wall in letters that are read from across the room.
ACTIVATIONS, CARDS, COMING = 4, 2, 3
# Seconds between two questions of a workspace's board; it has no version to ask for.
EVERY = 10
# Seconds without an answer after which a wall says so: two questions that failed, and a little.
PATIENCE = 10


@require_safe
def screen(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    _workspace, found = activation_for(request, slug, pk)
    return render(request, "activations/screen/activation.html", _of_mine(glimpse(found, timezone.now())))


@require_safe
@login_not_required
def screen_status(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """As the activation's own poll: 204 at the price of one query while nothing changed."""
    seen = next(iter(numbers([request.GET.get("v", "")])), None)
    if seen is not None and unchanged(request, slug, pk, seen):
        return HttpResponse(status=204)
    if not viewer_of(request).is_authenticated:
        return redirect_to_login(request.get_full_path())
    _workspace, found = activation_for(request, slug, pk)
    without_version(request)
    context = _of_mine(glimpse(found, timezone.now()))
    return render(request, "activations/screen/activation_status.html", context)


@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "activations/screen/board.html", _board(request, slug))


@require_safe
def board_status(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "activations/screen/board_status.html", _board(request, slug))


def polls(seen: Glimpse) -> dict[str, Any]:
    """How often to ask, in seconds, and after how long without an answer to say that it is old.

    It goes on asking when all is over: a retry may begin, and a wall that stopped asking would not know.
    """
    every = SLOWEST if seen.summary.is_over else pace(seen.activation, seen.summary, seen.now)
    return {"pace": every, "stale_after": 2 * every + PATIENCE}


def of_activation(seen: Glimpse, status: str, back: str) -> dict[str, Any]:
    """What the wall of an activation says; `status` is the address that it asks, `back` that of the page."""
    return {
        "seen": seen,
        "summary": seen.summary,
        "activation": seen.activation,
        "cards": seen.cards[:CARDS],
        "more_cards": len(seen.cards[CARDS:]),
        "status": status,
        "back": back,
        **polls(seen),
    }


def _of_mine(seen: Glimpse) -> dict[str, Any]:
    key = [seen.activation.workspace.slug, seen.activation.pk]
    status, back = (reverse(f"activations:{name}", args=key) for name in ("screen_status", "activation"))
    return of_activation(seen, status, back)


def _board(request: HttpRequest, slug: str) -> dict[str, Any]:
    workspace, viewer, now = workspace_for(request, slug), viewer_of(request), timezone.now()
    found = now_in(workspace, viewer)
    cards = found.cards[: CARDS + 1]
    moving = Delivery.objects.filter(workspace=workspace, state__in=states.MOVING)
    return {
        "workspace": workspace,
        "now": found,
        "at": now,
        "rows": found.rows[:ACTIVATIONS],
        "more_rows": found.activations - len(found.rows[:ACTIVATIONS]),
        "cards": cards,
        "unshown": found.needs - sum(card.count for card in cards),
        "coming": shelf.coming(workspace, viewer, COMING),
        "armed": moving.filter(seen_whole(viewer, "activation"), state=states.ARMED).count(),
        "armed_next": _next(found.rows),
        "unwatched_since": unwatched_since(moving, now),
        "pace": EVERY,
        "stale_after": 2 * EVERY + PATIENCE,
    }


def _next(rows: list[Moving]) -> datetime | None:
    """When the next unsent delivery goes, as far as that is known."""
    return min((row.next_at for row in rows if row.next_at is not None), default=None)
