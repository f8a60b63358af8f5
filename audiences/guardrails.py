"""The limits a workspace keeps: each a value of its row, whose help text tells default, source and date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.db.models import Field

from audiences import speech
from audiences.models import Workspace

NAMES = (
    "max_per_job", "jobs_per_day", "over_budget", "mapping_wait", "merge_policy_wait", "count_max_age", "watch_limit", "send_limit",
)  # fmt: skip
SEGMENT_NAMES = ("watch_limit", "send_limit")


def names_for(workspace: Workspace) -> tuple[str, ...]:
    """The limits that mean something on its platform."""
    return SEGMENT_NAMES if workspace.is_segment else NAMES


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One limit in words: what it is called, how it is set here, where its default comes from."""

    label: str
    value: str
    source: str
    changed: bool


def guardrails(workspace: Workspace) -> list[Guardrail]:
    """All limits of a workspace, for those who may look and not change."""
    return [_shown(workspace, name) for name in names_for(workspace)]


def _shown(workspace: Workspace, name: str) -> Guardrail:
    field = cast("Field[Any, Any]", Workspace._meta.get_field(name))
    value = getattr(workspace, name)
    return Guardrail(
        str(field.verbose_name), _words(field, value), str(field.help_text), value != field.default
    )


def _words(field: Field[Any, Any], value: Any) -> str:
    if field.choices:
        return str(dict(field.flatchoices)[value])
    return speech.duration(value) if isinstance(value, timedelta) else speech.number(value)
