"""What a form of Segment's shows: what was sent, what a refused wish asked for, or how things stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from audiences.models import Wish
from audiences.wishes import states
from audiences.wishes.segment.activationform import ActivationForm
from audiences.wishes.segment.connectionform import ConnectionForm

Form = TypeVar("Form", ActivationForm, ConnectionForm)


def filled(
    request: HttpRequest, make: Callable[..., Form], again: Wish | None, plan: dict[str, Any]
) -> tuple[Form, int]:
    """The form and the status of its page. `plan` is how things stand, `again` the wish to be asked again."""
    if request.method == "POST":
        form = make(request.POST)
        return form, 200 if form.is_valid() else 422
    form = make()
    if again is None:
        form.initial = form.initial_of(plan)
        return form, 200
    form = make(form.initial_of(form.asked_again(plan, again.wanted)))
    form.is_valid()
    blame(form, again)
    return form, 200


def blame(form: ConnectionForm | ActivationForm, wish: Wish) -> None:
    """Put a refusal's words on the field that they are about, or above all fields where that is unknown."""
    if wish.state != states.REFUSED or not wish.verbatim:
        return
    field = form.named(wish.field) or ("name" if wish.reason == "exists" and "name" in form.fields else None)
    said = _("%(vendor)s said: %(words)s") % {"vendor": wish.workspace.vendor, "words": wish.verbatim}
    form.add_error(field, said)
