"""Notices in the dashboard: what changed, what of it is new, and marking it as read."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from activations.selection import numbers
from audiences import sheets
from audiences.sheets import Sheet, of
from audiences.views.rights import viewer_of
from notices import actions, words
from notices.bell import reader_of, unread
from notices.models import Notice

PER_PAGE = 50
SHEET = Sheet(
    "notices",
    (
        (_lazy("When"), of("at")),
        (_lazy("Workspace"), of("workspace.slug")),
        (_lazy("Activation"), of("activation_id")),
        (_lazy("Name"), words.title),
        (_lazy("What changed"), lambda notice: notice.shown.word),
        (_lazy("How it stands"), words.outcome),
    ),
)


@require_safe
def notices(request: HttpRequest) -> HttpResponseBase:
    viewer = viewer_of(request)
    reader = reader_of(viewer)
    rows = Notice.objects.for_reader(viewer, reader.about).select_related(
        "workspace", "activation__workspace"
    )
    if sheets.asked(request):
        return sheets.answer(SHEET, rows, viewer.get_username())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines = [
        {
            "notice": notice,
            "title": words.title(notice),
            "outcome": words.outcome(notice),
            "is_new": actions.is_new(notice, reader, viewer),
        }
        for notice in page.object_list
    ]
    newest = next((notice.pk for notice in page.object_list), 0) if page.number == 1 else 0
    context = {"page": page, "lines": lines, "newest": newest, "unread": unread(viewer) if newest else 0}
    return render(request, "notices/notices.html", context)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Up to the newest notice that the page showed: what came since is still new."""
    up_to = next(iter(numbers([request.POST.get("up_to", "")])), 0)
    actions.read_up_to(viewer_of(request), up_to)
    messages.success(request, _("Marked as read."))
    return redirect("notices:notices")
