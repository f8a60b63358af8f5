"""Who is told of a set's activations: its own channels, and the people it names."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activations.views.rights import refused, set_for, viewer_of
from notices import actions
from notices.forms import ListenerForm
from notices.models import Channel
from notices.views.channels import with_last


@require_http_methods(["GET", "HEAD", "POST"])
def of_set(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The page; its form names one more person."""
    workspace, found = set_for(request, slug, pk)
    may_change = actions.sets_of(viewer_of(request)).filter(pk=pk).exists()
    if request.method == "POST" and not may_change:
        return refused(request, workspace)
    form = ListenerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["login"]
        if actions.listen(found, person):
            messages.success(request, _("%(who)s is told of this set's activations.") % {"who": person})
            return redirect("notices:of_set", slug, pk)
        form.add_error(
            "login", _("They may not look at every workspace of this set, so they may not be told.")
        )
    context = {
        "workspace": workspace,
        "set": found,
        "form": form,
        "may_change": may_change,
        "rows": with_last(Channel.objects.filter(of_set=found)),
        "listeners": found.listeners.select_related("person").order_by("person__username"),
        "kinds": Channel.Kind.choices,
    }
    return render(request, "notices/set.html", context, status=422 if form.errors else 200)


@require_POST
def deafen(request: HttpRequest, slug: str, pk: int, person: int) -> HttpResponse:
    """Name a person no more; anybody may take themselves off."""
    workspace, found = set_for(request, slug, pk)
    viewer = viewer_of(request)
    if viewer.pk != person and not actions.sets_of(viewer).filter(pk=pk).exists():
        return refused(request, workspace)
    found.listeners.filter(person=person).delete()
    messages.success(request, _("Saved."))
    return redirect("notices:of_set", slug, pk)
