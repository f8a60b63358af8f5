"""What a form of Segment's shows: what was sent, what a refused wish asked for, or how things stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest

from audiences.models import Wish
from audiences.wishes.segment.forms import ActivationForm, ConnectionForm, blame

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
