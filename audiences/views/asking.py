"""From a form to a wish: what the person saw, the press that makes it one, and where to go afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import messages
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audiences.models import Wish
from audiences.views.rights import viewer_of
from audiences.wishes.actions import CannotAsk, ask

if TYPE_CHECKING:
    from audiences.access import WorkspaceInHand

SALT = "audiences.wishes.seen"
LONGEST_TOKEN = 64
FORM = require_http_methods(["GET", "HEAD", "POST"])


def sealed(seen: dict[str, str]) -> str:
    """What the person is shown, for a hidden field: nobody else can have written it."""
    return signing.dumps(seen, salt=SALT, compress=True)


def seen_in(request: HttpRequest) -> dict[str, str]:
    """What the person was shown; a page that is not ours saw nothing, and then the platform's word decides."""
    try:
        seen: dict[str, str] = signing.loads(request.POST.get("seen", ""), salt=SALT)
    except signing.BadSignature:
        return {}
    return seen


def again_in(request: HttpRequest, wishes: QuerySet[Wish]) -> Wish | None:
    """The wish, among these, that is to be asked again."""
    pk = request.GET.get("again", "")
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return None
    return wishes.select_related("workspace").filter(pk=int(pk)).first()


def ask_from(request: HttpRequest, workspace: WorkspaceInHand, what: str, **about: Any) -> Wish | None:
    """Write a wish down for the person; None when that cannot be, which the next page says."""
    press = request.POST.get("press", "")[:LONGEST_TOKEN] or uuid4().hex
    try:
        return ask(workspace, what, by=viewer_of(request), press=press, **about)
    except CannotAsk as why:
        messages.error(request, str(why))
        return None


def next_in(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours; else ""."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    # Anything else than a path would be looked up as the name of a view.
    return wanted if safe and wanted.startswith("/") else ""


def back_to(
    request: HttpRequest, workspace: WorkspaceInHand, address: str, *, nothing: bool = False
) -> HttpResponse:
    """Where the person came from, else to this page of ours; it says how the wish stands. `nothing`: there is
    no wish, because nothing is another than it was."""
    if nothing:
        messages.info(request, _("Nothing was changed, so nothing is asked for."))
    else:
        said = _("Written down. %(vendor)s is asked now, and this page says what it answers.")
        messages.success(request, said % {"vendor": workspace.vendor})
    return HttpResponseRedirect(next_in(request) or address)
