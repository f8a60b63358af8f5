"""From the change that added an activation with a full resync to the delivery that follows it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from activations.models import Activation
from activations.views.rights import viewer_of
from audiences.access import workspace_for
from audiences.models import Wish


@require_safe
def begun(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Where the resync is followed that began with this change; Http404 while none has begun."""
    workspace = workspace_for(request, slug)
    wish = get_object_or_404(Wish.objects.filter(workspace=workspace, mapping__isnull=False), pk=pk)
    rows = Activation.objects.visible_to(viewer_of(request)).filter(deliveries__mapping=wish.mapping_id)
    first = rows.select_related("workspace").order_by("pk").first()
    if first is None:
        raise Http404
    return redirect(first)
