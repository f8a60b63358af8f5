"""The press: first the question with its numbers, then the one POST that makes an activation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from activations import actions, question
from activations import chain as chaining
from activations.choice import chosen_in, mappings_of
from activations.going import WAITS, rows_of
from activations.places import split
from activations.selection import fold, unfold
from activations.views.choose import searched
from activations.views.evaluation import usual_dataset
from activations.views.rights import refused, set_in, viewer_of
from audiences.access import closed_to, workspace_for
from audiences.evaluation import next_evaluation
from audiences.models import Mapping, Workspace
from audiences.wishes.jobforms import ExportForm

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

LONGEST_NAME = 200
LONGEST_REASON = 500


def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """What would go, how fresh, in how many jobs. Asking sends nothing."""
    workspace = workspace_for(request, slug)
    if request.method != "POST":
        return _choosing(request, slug)
    mappings = mappings_of(viewer_of(request), chosen_in(request.POST))
    if request.POST.get("only") == WAITS:
        mappings = [row.mapping for row in rows_of(workspace, mappings) if row.kind == WAITS]
    if said_no := _refused(request, workspace, mappings):
        return said_no
    if not mappings:
        return _nothing_chosen(request, workspace)
    return _ask(request, _home(request, workspace, mappings), mappings)


def press(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the activation that the question's paper describes, once."""
    workspace = workspace_for(request, slug)
    if request.method != "POST":
        return _choosing(request, slug)
    try:
        paper = question.unseal(workspace, viewer_of(request), request.POST.get("paper", ""))
    except question.TooOld as old:
        said = _("This page is too old, look again: what you see now is fresh. Nothing was sent.")
        mappings = mappings_of(viewer_of(request), old.mappings)
        answer = _refused(request, workspace, mappings)
        return answer or _ask(request, workspace, mappings, said=said, status=409)
    except question.NotOurs:
        return _refused(request, workspace, []) or _not_readable(request, workspace)
    mappings = mappings_of(viewer_of(request), paper.mappings)
    return _refused(request, workspace, mappings) or _answer(request, workspace, mappings, paper)


def _choosing(request: HttpRequest, slug: str) -> HttpResponse:
    """The page to choose on; what was chosen before a sign-in is in the address."""
    kept = fold(unfold(request.GET.get("sel", "")))
    address = reverse("activations:activate", args=[slug])
    return redirect(f"{address}?{urlencode({'sel': kept})}" if kept else address)


def _answer(
    request: HttpRequest, workspace: WorkspaceInHand, mappings: Sequence[Mapping], paper: question.Paper
) -> HttpResponse:
    """Whoever asked may press; where a name is to be written, they wrote it."""
    places = [place for place, _part in split(workspace, mappings)]
    wrong = question.unnamed(question.to_name(places, len(mappings)), _typed(request))
    if wrong:
        said = _("Write the workspace's name to confirm: %(name)s. Nothing was sent.") % {
            "name": ", ".join(place.name for place in wrong)
        }
        return _ask(
            request, workspace, mappings, said=said, status=422, paper=request.POST["paper"], wrong=wrong
        )
    act = _chain if request.POST.get("go") == "chain" and len(places) == 1 else _press
    return act(request, workspace, mappings, paper)


def _refused(
    request: HttpRequest, workspace: WorkspaceInHand, mappings: Sequence[Mapping]
) -> HttpResponse | None:
    """The page that says where the viewer may not press, if it is so in any of the workspaces concerned."""
    places = [place for place, _part in split(workspace, mappings)] or [workspace]
    closed = closed_to(viewer_of(request), places)
    return refused(request, workspace_for(request, closed[0].slug)) if closed else None


def _home(request: HttpRequest, workspace: WorkspaceInHand, mappings: Sequence[Mapping]) -> WorkspaceInHand:
    """Where a press of these is at home: here if anything of it is, else the first workspace concerned."""
    first = split(workspace, mappings)[0][0]
    return workspace if first.pk == workspace.pk else workspace_for(request, first.slug)


def _chain(
    request: HttpRequest, workspace: WorkspaceInHand, mappings: Sequence[Mapping], paper: question.Paper
) -> HttpResponse:
    """Evaluate and export first (v1 only), then press with that export."""
    form = ExportForm({"dataset": request.POST.get("dataset", "")}, workspace=workspace)
    if not form.is_valid():
        said = str(form.errors["dataset"][0])
        return _ask(
            request, workspace, mappings, said=said, status=422, paper=request.POST["paper"], no_dataset=said
        )
    try:
        chaining.start(
            workspace, mappings, by=viewer_of(request), press=paper.press,
            dataset=form.cleaned_data["dataset"], on_export=question.on_export(request.POST),
            **_named(request),
        )  # fmt: skip
    except chaining.CannotStart as why:
        return _ask(request, workspace, mappings, said=str(why), status=409)
    messages.success(request, _("The chain has begun: evaluate, export, activate. This page follows it."))
    return redirect("activations:evaluation", workspace.slug)


def _named(request: HttpRequest) -> dict[str, str]:
    return {
        "name": searched(request.POST.get("name"))[:LONGEST_NAME],
        "reason": request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON],
    }


def _press(
    request: HttpRequest, workspace: WorkspaceInHand, mappings: Sequence[Mapping], paper: question.Paper
) -> HttpResponse:
    try:
        made = actions.request(
            workspace,
            mappings,
            by=viewer_of(request),
            press=paper.press,
            seen_at=paper.seen_at,
            on_export=question.on_export(request.POST),
            of_set=set_in(request),
            **_named(request),
        )
    except actions.CannotRequest as why:
        context = {"workspace": workspace, "why": why, "refusals": list(why.verdicts.items())}
        return render(request, "activations/cannot.html", context, status=409)
    answer = HttpResponseRedirect(made.get_absolute_url())
    answer.status_code = 303
    return answer


def _ask(
    request: HttpRequest,
    workspace: WorkspaceInHand,
    mappings: Sequence[Mapping],
    *,
    said: str = "",
    status: int = 200,
    paper: str = "",
    wrong: Sequence[Workspace] = (),
    no_dataset: str = "",
) -> HttpResponse:
    """The question. `paper` is handed on where it is still good; else a new one is sealed."""
    # Sealed before the facts are read: what changes in between then counts as unseen.
    sealed = paper or question.seal(workspace, viewer_of(request), mappings)
    plan, now, of_set = question.ask(workspace, mappings), timezone.now(), set_in(request)
    places = [part.workspace for part in plan.parts]
    context: dict[str, Any] = {
        "workspace": workspace,
        "plan": plan,
        "paper": sealed,
        "said": said,
        "to_name": _to_name(request, question.to_name(places, len(mappings)), wrong),
        "misnamed": bool(wrong),
        "vendors": _(" or ").join(sorted({place.vendor for place in places})),
        "stamps": [(part, next_evaluation(part.workspace, now)) for part in plan.leaving],
        "of_set": of_set,
        "name": request.POST.get("name", of_set.name if of_set else ""),
        "reason": request.POST.get("reason", ""),
        "on_export": question.on_export(request.POST),
        "is_v1": workspace.adhoc_version == "v1" and places == [workspace],
        "dataset": request.POST.get("dataset") or usual_dataset(workspace),
        "no_dataset": no_dataset,
        "source": chaining.SOURCE,
        "back": fold(mapping.pk for mapping in mappings),
    }
    return render(request, "activations/confirm.html", context, status=status)


def _typed(request: HttpRequest) -> list[str]:
    return request.POST.getlist("workspace_name")


def _to_name(
    request: HttpRequest, asked: Sequence[Workspace], wrong: Sequence[Workspace]
) -> list[tuple[Workspace, bool, str]]:
    """Each workspace to be named, whether it was named wrongly, and what was written for it, which stays there."""
    written = zip_longest(asked, _typed(request)[: len(asked)], fillvalue="")
    return [(place, place in wrong, text) for place, text in written if isinstance(place, Workspace)]


def _nothing_chosen(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse:
    messages.warning(request, _("No audience is selected, so there is nothing to activate."))
    return redirect("activations:activate", workspace.slug)


def _not_readable(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse:
    why = actions.CannotRequest(
        _("This page was not made by this dashboard for you, so it cannot be used. Nothing was sent."),
        code="not_ours",
    )
    return render(request, "activations/cannot.html", {"workspace": workspace, "why": why}, status=400)
