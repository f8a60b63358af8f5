"""Cancel, retry and check again on chosen rows: who may, which activations, one verb each, one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from activations import actions
from activations.actions import CannotRequest
from activations.admin.rights import refused
from activations.models import Activation
from activations.selection import AT_MOST
from audiences.admin.rooms import viewer_of
from audiences.models import Workspace

if TYPE_CHECKING:
    from activations.admin.presses import Changeable


@dataclass(frozen=True, slots=True)
class Change:
    """One verb with its words. `asks`: it sends something, so it is confirmed first."""

    name: str
    verb: Callable[..., int]
    done: Any
    nothing: Any
    asks: bool = False


CANCEL = Change(
    "cancel",
    actions.cancel,
    ngettext_lazy(
        "%(n)s delivery canceled before it was sent.", "%(n)s deliveries canceled before they were sent.", "n"
    ),
    gettext_lazy("Nothing to cancel: what is chosen was sent, or canceled, before."),
)
RETRY = Change(
    "retry",
    actions.retry,
    ngettext_lazy("%(n)s delivery asked for again.", "%(n)s deliveries asked for again.", "n"),
    gettext_lazy("Nothing to retry: what is chosen arrived, is on its way, or was retried before."),
    asks=True,
)
CHECK_AGAIN = Change(
    "check_again",
    actions.check_again,
    ngettext_lazy(
        "Asking the platform about %(n)s delivery again.",
        "Asking the platform about %(n)s deliveries again.",
        "n",
    ),
    gettext_lazy("Nothing to check again: every chosen outcome is known, or still watched."),
)


def carry_out(
    admin: Changeable, request: HttpRequest, rows: QuerySet[Any], change: Change
) -> HttpResponse | None:
    """Do it to the chosen rows, after a question where something would be sent."""
    asked, count = admin.asked_for(rows[: AT_MOST + 1])
    if count > AT_MOST:
        said = _("That is more than %(n)s rows: narrow the choice. Nothing was done.") % {"n": AT_MOST}
        admin.message_user(request, said, messages.ERROR)
        return None
    if refused(admin, request, workspaces_of(asked)):
        return None
    if change.asks and request.POST.get("confirmed") != "yes":
        return _question(admin, request, change, [str(row) for row in rows[:SHOWN]], count)
    by, done, troubles = viewer_of(request), 0, set()
    for activation, only in asked.items():
        try:
            done += change.verb(activation, by=by, only=only)
        except CannotRequest as why:
            troubles.add(str(why))
    for trouble in sorted(troubles):
        admin.message_user(request, trouble, messages.ERROR)
    if done:
        admin.message_user(request, change.done % {"n": done}, messages.SUCCESS)
    elif not troubles:
        admin.message_user(request, change.nothing, messages.WARNING)
    return None


def workspaces_of(activations: Iterable[Activation]) -> list[Workspace]:
    """Every workspace that one of these activations reaches into."""
    asked = list(activations)
    either = Q(pk__in={one.workspace_id for one in asked}) | Q(shares__activation__in=asked)
    return list(Workspace.objects.filter(either).distinct())


SHOWN = 20


def _question(
    admin: Changeable, request: HttpRequest, change: Change, names: list[str], count: int
) -> HttpResponse:
    """Are you sure? The form is the list's own choice once more, confirmed."""
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Ask again for what did not arrive?"),
        "opts": admin.opts,
        "names": names,
        "unnamed": count - len(names),
        "count": count,
        "change": change,
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox": ACTION_CHECKBOX_NAME,
        "across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/activations/sure.html", context)
