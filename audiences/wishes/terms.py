"""The terms of a mapping as a wish keeps them: plain texts, spelled one way, so that two can be compared."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from platforms.changes import Terms

SCHEDULED, AFTER_EVALUATION = "SCHEDULED", "AFTER_SEGMENT_EVAL"

LABELS: dict[str, str | Promise] = {
    "mapped": _("Mapped"),
    "export_mode": _("Export"),
    "frequency": _("How often"),
    "trigger": _("When"),
    "start_time": _("At"),
    "start_date": _("First day"),
    "end_date": _("End"),
    "file_name_template": _("File name"),
    "state": _("State"),
    "connected": _("Destination added"),
    "id_sync": _("Identifiers sent"),
    "connection_settings": _("Connection settings"),
    "activation": _("Activation added"),
    "name": _("Name"),
    "display_name": _("Display name"),
    "enabled": _("Enabled"),
    "traits": _("Traits sent"),
    "trait_names": _("Traits renamed"),
    "entities": _("Entities sent"),
    "sync_entity_changes": _("Entity changes sent"),
    "settings": _("Fields of the action"),
}


class Mapped(Protocol):
    """A mapping of the mirror, or one just read from the platform: both have these."""

    @property
    def export_mode(self) -> str | None: ...
    @property
    def frequency(self) -> str | None: ...
    @property
    def trigger(self) -> str | None: ...
    @property
    def start_date(self) -> date | None: ...
    @property
    def end_date(self) -> date | None: ...
    @property
    def start_time(self) -> str | None: ...
    @property
    def file_name_template(self) -> str | None: ...


def terms_of(mapping: Mapped) -> dict[str, str]:
    """Older mappings name no trigger, which then is the clock; after the evaluation there is no hour."""
    start_time = mapping.start_time or ""
    trigger = mapping.trigger or (SCHEDULED if start_time else "")
    return {
        "export_mode": mapping.export_mode or "",
        "frequency": mapping.frequency or "",
        "trigger": trigger,
        "start_date": mapping.start_date.isoformat() if mapping.start_date else "",
        "end_date": mapping.end_date.isoformat() if mapping.end_date else "",
        "start_time": "" if trigger == AFTER_EVALUATION else start_time,
        "file_name_template": mapping.file_name_template or "",
    }


def as_terms(kept: dict[str, Any]) -> Terms:
    """What the platform is asked for. Raises ValueError for days that are none."""
    return Terms(
        export_mode=kept["export_mode"],
        frequency=kept["frequency"],
        trigger=kept["trigger"],
        start_date=date.fromisoformat(kept["start_date"]),
        end_date=date.fromisoformat(kept["end_date"]) if kept["end_date"] else None,
        start_time=kept["start_time"],
        file_name_template=kept["file_name_template"],
    )


def differences(seen: dict[str, Any], found: dict[str, Any]) -> list[tuple[str | Promise, str, str]]:
    """What is another: (label, as seen, as found), each "" where there was nothing."""
    names = [name for name in LABELS if seen.get(name, "") != found.get(name, "")]
    return [(LABELS[name], str(seen.get(name, "")), str(found.get(name, ""))) for name in names]
