"""Channels: the list on the settings page, and the page of each with what became of its errands."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audiences.models import Workspace
from audiences.views.rights import viewer_of
from notices import actions, words
from notices.bell import reader_of
from notices.forms import ReaderForm
from notices.models import Channel, Errand

SHOWN = 20


def channel_for(request: HttpRequest, pk: int) -> Channel:
    """A channel that the viewer may see and change; Http404 for everybody else's."""
    rows = actions.channels_of(viewer_of(request)).select_related(
        "workspace", "owner", "of_set", "created_by"
    )
    return get_object_or_404(rows.distinct(), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def channels(request: HttpRequest) -> HttpResponse:
    """What I am told in the dashboard, and the channels: my own, and those of workspaces I look after."""
    viewer = viewer_of(request)
    form = ReaderForm(request.POST or None, instance=reader_of(viewer))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("notices:channels")
    looked_after = list(actions.administered(viewer).order_by("name"))
    theirs = Channel.objects.filter(workspace__in=looked_after).order_by("workspace__name", "name", "pk")
    context = {
        "form": form,
        "own": with_last(Channel.objects.of_a_person(viewer)),
        "places": grouped(looked_after, with_last(theirs)) if looked_after else [],
        "of_sets": with_last(
            Channel.objects.of_sets(actions.sets_of(viewer)).order_by("of_set__name", "name")
        ),
        "kinds": Channel.Kind.choices,
    }
    return render(request, "notices/channels.html", context)


def with_last(rows: QuerySet[Channel]) -> list[dict[str, Any]]:
    """Each channel with its last errand, in two queries."""
    last = Errand.objects.filter(channel=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    found = list(rows.select_related("workspace", "of_set").annotate(last=Subquery(last)))
    known = Errand.objects.in_bulk([one.last for one in found if one.last])
    return [{"channel": one, "last": known.get(one.last)} for one in found]


def grouped(workspaces: list[Workspace], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The workspaces, each with its channels."""
    return [
        {"workspace": one, "rows": [row for row in rows if row["channel"].workspace_id == one.pk]}
        for one in workspaces
    ]


@require_safe
def channel(request: HttpRequest, pk: int) -> HttpResponse:
    found = channel_for(request, pk)
    return render(request, "notices/channel.html", {"channel": found, **lately(found)})


@require_safe
def errands(request: HttpRequest, pk: int) -> HttpResponse:
    """The errands again, while a test is under way; 204 while nothing changed."""
    found = channel_for(request, pk)
    context = lately(found)
    if request.GET.get("v") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "notices/parts/errands.html", {"channel": found, **context})


def lately(found: Channel) -> dict[str, Any]:
    """The newest errands, each with what it told; `mark` changes whenever one of them does."""
    related = ("notice__workspace", "notice__activation__workspace")
    rows = list(found.errands.select_related(*related).order_by("-pk")[:SHOWN])
    return {
        "errands": [
            {"errand": row, "words": words.subject(row.notice) if row.notice else _("Test")} for row in rows
        ],
        "testing": any(row.is_test and row.is_open for row in rows),
        "mark": f"{crc32(str([(row.pk, row.state, row.attempts) for row in rows]).encode()):x}",
    }
