"""What a press may expect, for the activation's page. `{% load outlooks %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from activations.models import Activation
from activations.outlook import outlook

register = template.Library()


@register.inclusion_tag("activations/parts/outlook.html", name="outlook")
def show(activation: Activation) -> dict[str, Any]:
    """Nothing where nothing is on its way, at the price of two queries."""
    return {"outlook": outlook(activation, timezone.now())}
