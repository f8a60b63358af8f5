"""The form that asks for an external audience, also with columns read from a CSV sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audiences.access import adobe_workspace_for, may_press
from audiences.external import actions
from audiences.external.columns import IDENTITIES, Columns, columns_data, columns_form
from audiences.external.createform import ExternalForm
from audiences.external.sample import Unreadable, columns_of
from audiences.external.words import adobe_said
from audiences.models import ExternalAudience, ExternalOperation
from audiences.views.external.rights import refused, viewer_of

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

SPEC = (
    "name", "description", "cloud", "connection", "path", "kind", "public_key", "signing_key", "ttl_days",
    "namespace", "labels", "tags",
)  # fmt: skip
ROWS_AT_MOST = 60


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    workspace = adobe_workspace_for(request, slug)
    if not may_press(workspace):
        return refused(request, workspace)
    if request.method != "POST":
        blank = columns_form(columns_data([]))
        return _again(request, workspace) or _show(request, workspace, ExternalForm(workspace), blank)
    if "read" in request.POST:
        return _read(request, workspace)
    if "more" in request.POST:
        return _show(request, workspace, _unjudged(request, workspace), _widened(request.POST))
    return _create(request, workspace)


def _create(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse:
    form, columns = ExternalForm(workspace, request.POST), columns_form(request.POST)
    if form.is_valid() & columns.is_valid():
        spec = {name: form.cleaned_data[name] for name in SPEC}
        press = form.cleaned_data["press"]
        try:
            return redirect(
                actions.create(workspace, by=viewer_of(request), press=press, fields=columns.chosen, **spec)
            )
        except actions.CannotAsk as why:
            form.add_error(why.field or None, str(why))
    return _show(request, workspace, form, columns, judged=True, status=422)


def _again(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse | None:
    """The form of an audience that was not made, with what Adobe said on the field that it names."""
    asked = request.GET.get("from", "")
    rows = ExternalAudience.objects.filter(
        workspace=workspace, live=False, pk=asked if asked.isdecimal() else 0
    )
    before = rows.first()
    if before is None:
        return None
    fresh = ExternalForm(workspace)
    data = {name: getattr(before, name) for name in SPEC} | {"press": fresh.fields["press"].initial}
    data = {name: ", ".join(value) if isinstance(value, list) else value for name, value in data.items()}
    form, columns = ExternalForm(workspace, data), columns_form(columns_data(before.fields))
    form.is_valid()
    created = before.operations.filter(kind="create", state=ExternalOperation.State.REFUSED).first()
    if created is not None and created.field == "columns":
        return _show(request, workspace, form, columns, judged=True, said=adobe_said(created))
    if created is not None:
        form.add_error(created.field if created.field in form.fields else None, adobe_said(created))
    return _show(request, workspace, form, columns, judged=True)


def _read(request: HttpRequest, workspace: WorkspaceInHand) -> HttpResponse:
    """The same form with the columns of the sample; the sample itself is forgotten with this answer."""
    sample = request.FILES.get("sample")
    if sample is None:
        return _told(request, workspace, _("Choose a CSV file first."))
    try:
        rows = columns_of(sample.read())
    except Unreadable as why:
        return _told(request, workspace, str(why))
    messages.info(
        request,
        _("%(n)s columns were read from the sample. Check types and identity; nothing was sent.")
        % {"n": len(rows)},
    )
    return _show(request, workspace, _unjudged(request, workspace), columns_form(columns_data(rows, spare=1)))


def _told(request: HttpRequest, workspace: WorkspaceInHand, why: str) -> HttpResponse:
    columns = columns_form(_kept(request.POST))
    return _show(request, workspace, _unjudged(request, workspace), columns, sample_error=why)


def _unjudged(request: HttpRequest, workspace: WorkspaceInHand) -> ExternalForm:
    """What was typed so far, not judged yet."""
    form = ExternalForm(workspace, initial={name: request.POST.get(name, "") for name in SPEC})
    form.fields["press"].initial = request.POST.get("press") or form.fields["press"].initial
    return form


def _kept(data: QueryDict) -> dict[str, str]:
    """The columns typed so far."""
    kept = {name: str(value) for name, value in data.items() if name.startswith("c-")}
    return kept if kept.get("c-TOTAL_FORMS", "").isdecimal() else columns_data([])


def _widened(data: QueryDict) -> Columns:
    """The columns typed so far and some empty rows more."""
    kept = _kept(data)
    number = int(kept["c-TOTAL_FORMS"])
    kept["c-TOTAL_FORMS"] = str(min(number + 6, ROWS_AT_MOST))
    return columns_form(kept)


def _show(
    request: HttpRequest,
    workspace: WorkspaceInHand,
    form: ExternalForm,
    columns: Columns,
    *,
    judged: bool = False,
    said: str = "",
    sample_error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form. Columns are always bound, so that rows read or typed are shown; errors only where judged."""
    context = {
        "workspace": workspace,
        "form": form,
        "columns": columns,
        "column_errors": [*([said] if said else []), *(columns.non_form_errors() if judged else [])],
        "judged": judged,
        "identities": IDENTITIES,
        "sample_error": sample_error,
    }
    return render(request, "audiences/external/new.html", context, status=status)
