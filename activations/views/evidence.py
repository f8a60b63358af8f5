"""For IT: a job's call as sent and answered, and the support bundle."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from activations.evidence import bundle_of, call_as_sent, pretty
from activations.models import Job
from activations.views.rights import activation_for


@require_safe
def job(request: HttpRequest, slug: str, pk: int, job: int) -> HttpResponse:
    workspace, activation = activation_for(request, slug, pk)
    jobs = Job.objects.filter(events__activation=activation).distinct()
    found = get_object_or_404(jobs.select_related("workspace"), pk=job)
    context = {
        "workspace": workspace,
        "activation": activation,
        "job": found,
        "number": jobs.filter(pk__lte=job).count(),
        "sent": call_as_sent(found.workspace, found),
        "answered": pretty(found.answer),
    }
    return render(request, "activations/job.html", context)


@require_safe
def bundle(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    workspace, activation = activation_for(request, slug, pk)
    answer = JsonResponse(bundle_of(activation), json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="activation-{workspace.slug}-{activation.pk}.json"'
    answer["Cache-Control"] = "no-store"
    return answer
