"""The workspace's evaluations, exports and chains: what the schedule did, what people asked for, how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activations import chain as chaining
from activations.models import Chain
from activations.views import sheets as columns
from activations.views.rights import refused, viewer_of
from audiences import sheets
from audiences.access import adobe_workspace_for, may_press
from audiences.evaluation import next_evaluation
from audiences.models import PlatformJob, Wish
from audiences.models.catalog import MirroredQuerySet
from audiences.sheets import Sheet
from audiences.wishes.actions import CannotAsk, ask
from audiences.wishes.jobforms import EvaluationForm, ExportForm
from audiences.wishes.jobs import WHATS
from audiences.wishes.lines import Line, lines_of, which_words

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

JOBS, CHAINS = 12, 5
What = Wish.What


@require_safe
def evaluation(request: HttpRequest, slug: str) -> HttpResponseBase:
    workspace = adobe_workspace_for(request, slug)
    if sheets.asked(request):
        return sheets.answer(
            Sheet("evaluations and exports", columns.JOB_COLUMNS, _asked_for), _jobs(workspace), slug
        )
    return render(request, "activations/evaluation.html", {**_forms(workspace), **_standing(workspace)})


@require_safe
def evaluation_status(request: HttpRequest, slug: str) -> HttpResponse:
    """How everything stands; 204 while it stands as the page knows."""
    workspace = adobe_workspace_for(request, slug)
    context = _standing(workspace)
    if request.GET.get("seen") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "activations/parts/evaluation.html", context)


@require_POST
def evaluate(request: HttpRequest, slug: str) -> HttpResponse:
    return _asked(request, slug, What.EVALUATE)


@require_POST
def export(request: HttpRequest, slug: str) -> HttpResponse:
    return _asked(request, slug, What.EXPORT)


@require_POST
def cancel_job(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace = adobe_workspace_for(request, slug)
    if not may_press(workspace):
        return refused(request, workspace)
    job = get_object_or_404(PlatformJob, workspace=workspace, pk=pk)
    if job.is_open:
        _ask(request, workspace, What.CANCEL, job=job)
    else:
        messages.warning(request, _("The job is over already, so there is nothing to cancel."))
    return redirect("activations:evaluation", slug)


@require_POST
def stop_chain(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace = adobe_workspace_for(request, slug)
    if not may_press(workspace):
        return refused(request, workspace)
    found = get_object_or_404(Chain, workspace=workspace, pk=pk)
    if chaining.stop(found, by=viewer_of(request)):
        messages.success(request, _("The chain takes no further step. Nothing was activated by it."))
    else:
        messages.warning(request, _("The chain was over already."))
    return redirect("activations:evaluation", slug)


def _asked(request: HttpRequest, slug: str, what: str) -> HttpResponse:
    workspace = adobe_workspace_for(request, slug)
    if not may_press(workspace):
        return refused(request, workspace)
    made = (EvaluationForm if what == What.EVALUATE else ExportForm)(
        request.POST, workspace=workspace, prefix=what
    )
    if made.is_valid():
        _ask(request, workspace, what, wanted=made.cleaned_data)
        return redirect("activations:evaluation", slug)
    context = {**_forms(workspace), **_standing(workspace), what: made}
    return render(request, "activations/evaluation.html", context, status=422)


def _ask(request: HttpRequest, workspace: WorkspaceInHand, what: str, **about: Any) -> None:
    try:
        ask(
            workspace,
            what,
            by=viewer_of(request),
            press=request.POST.get("press", "")[:64] or uuid4().hex,
            **about,
        )
    except CannotAsk as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("Written down. Adobe is asked now, and this page says what it answers."))


def _forms(workspace: WorkspaceInHand) -> dict[str, Any]:
    return {
        "evaluate": EvaluationForm(workspace=workspace, prefix=What.EVALUATE),
        "export": ExportForm(
            workspace=workspace, prefix=What.EXPORT, initial={"dataset": usual_dataset(workspace)}
        ),
        "press": uuid4().hex,
    }


def usual_dataset(workspace: WorkspaceInHand) -> str:
    """Where somebody's last export went; "" when nobody asked for one here."""
    wishes = Wish.objects.filter(workspace=workspace, what=What.EXPORT, state="done").order_by("-pk")
    wanted = wishes.values_list("wanted", flat=True).first()
    return str((wanted or {}).get("dataset", ""))


def _standing(workspace: WorkspaceInHand) -> dict[str, Any]:
    jobs = list(_jobs(workspace)[:JOBS])
    wishes = Wish.objects.filter(workspace=workspace, what__in=WHATS)
    lines = [line for line in lines_of(wishes) if line.wish.is_open or line.meaning]
    chains = list(
        Chain.objects.filter(workspace=workspace).select_related(
            "by", "activation", "evaluation__job", "export__job"
        )[:CHAINS]
    )
    moving = any(one.is_open for one in [*jobs, *chains]) or any(line.wish.is_open for line in lines)
    return {
        "workspace": workspace,
        "may_press": may_press(workspace),
        "is_v1": workspace.adhoc_version == "v1",
        "source": chaining.SOURCE,
        "next_evaluation": next_evaluation(workspace, timezone.now()),
        "last": _last(workspace),
        "jobs": [(job, which_words(job.segments)) for job in jobs],
        "by": _by(jobs),
        "lines": lines,
        "chains": chains,
        "mark": _mark(jobs, lines, chains),
        "moving": moving,
    }


def _jobs(workspace: WorkspaceInHand) -> MirroredQuerySet:
    rows = PlatformJob.objects.filter(workspace=workspace, vanished_at=None)
    return rows.order_by("-created_at", "-pk")


def _asked_for(jobs: list[PlatformJob]) -> list[columns.Asked]:
    by = _by(jobs)
    return [columns.Asked(job, by.get(job.pk, "")) for job in jobs]


def _last(workspace: WorkspaceInHand) -> PlatformJob | None:
    """The newest evaluation that the schedule began."""
    rows = PlatformJob.objects.filter(workspace=workspace, kind="segment", scheduled=True, vanished_at=None)
    return rows.order_by("-created_at").first()


def _by(jobs: list[PlatformJob]) -> dict[int, str]:
    """Who asked for which job."""
    wishes = Wish.objects.filter(job__in=jobs, what__in=(What.EVALUATE, What.EXPORT)).select_related("by")
    return {wish.job_id: str(wish.by or "") for wish in wishes if wish.job_id}


def _mark(jobs: list[PlatformJob], lines: list[Line], chains: list[Chain]) -> str:
    """Changes whenever what the page says changes."""
    said = [(job.pk, job.status) for job in jobs] + [(line.wish.pk, line.wish.state) for line in lines]
    return f"{crc32(repr(said + [(one.pk, one.state) for one in chains]).encode()):x}"
