"""The form of a destination of an audience: refused here is what is documented to be."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.wishes.segment.fields import PLAIN
from audiences.wishes.segment.settings import Json, SettingsForm

MOST_IDS, MOST_ALL = 5, 3
IDENTIFIERS = ("user_id", "email", "anonymous_id")
STRATEGIES = [
    ("last", gettext_lazy("the latest")),
    ("first", gettext_lazy("the oldest")),
    ("all", gettext_lazy("every one")),
]


class ConnectionForm(SettingsForm):
    """How an audience is connected to a destination: which identifiers go, and what the connection is told."""

    whole = True
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=[("destination", gettext_lazy("a destination")), ("warehouse", gettext_lazy("a warehouse"))],
        help_text=gettext_lazy("Segment does not say in its list; it refuses the wrong one."),
    )

    def __init__(self, *args: Any, now: Json | None = None, **kwargs: Any) -> None:
        """`now` are the plan of an existing connection (`plan_of_connection`), None for a new one."""
        self.plan = now
        super().__init__(*args, now=now["settings"] if now else None, **kwargs)
        if now is not None:
            del self.fields["kind"]
        for index in range(MOST_IDS):
            self.fields[f"id-{index}"] = forms.CharField(
                label=_("Identifier"), required=False, max_length=255,
                widget=forms.TextInput(attrs={**PLAIN, "list": "identifiers"}),
            )  # fmt: skip
            self.fields[f"strategy-{index}"] = forms.ChoiceField(
                label=_("Which of several"), choices=STRATEGIES, required=False, initial="last"
            )
            self.fields[f"to-{index}"] = forms.CharField(
                label=_("Its name there"), required=False, max_length=255, widget=forms.TextInput(attrs=PLAIN)
            )
        self.ids: list[Json] = []

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [(self[f"id-{n}"], self[f"strategy-{n}"], self[f"to-{n}"]) for n in range(MOST_IDS)]

    def initial_of(self, plan: Json) -> dict[str, Any]:
        """What the form shows for a plan."""
        shown = {"kind": plan.get("kind", "destination"), **self.initial_settings(plan.get("settings") or {})}
        for index, one in enumerate(plan.get("id_sync") or []):
            shown |= {
                f"id-{index}": one["id"], f"strategy-{index}": one["strategy"], f"to-{index}": one.get("to") or "",
            }  # fmt: skip
        return shown

    def clean(self) -> Json:
        rows = [self._row(index) for index in range(MOST_IDS)]
        asked = [row for row in rows if row is not None]
        before = (self.plan or {}).get("id_sync") or []
        if before and not asked:
            self.add_error("id-0", _("Segment takes an empty list for no change: name at least one."))
        self.ids = asked if asked != before else []
        return super().clean()

    def _row(self, index: int) -> Json | None:
        key, strategy, to = (
            self.cleaned_data.get(f"{part}-{index}", "") for part in ("id", "strategy", "to")
        )
        if not key:
            if to:
                self.add_error(f"id-{index}", _("Name the identifier, too."))
            return None
        earlier = [
            (self.cleaned_data.get(f"id-{n}"), self.cleaned_data.get(f"strategy-{n}")) for n in range(index)
        ]
        if any(one == key for one, _strategy in earlier):
            self.add_error(f"id-{index}", _("This identifier is named twice."))
        if strategy == "all" and sum(how == "all" and bool(one) for one, how in earlier) >= MOST_ALL:
            self.add_error(f"strategy-{index}", _("At most three identifiers may send every value."))
        return {"id": key, "strategy": strategy or "last", **({"to": to} if to else {})}

    def wanted(self) -> tuple[Json, Json]:
        """What is asked for, secrets struck out, and the parts that have them; only after `is_valid`."""
        struck, sealed = self.kept()
        kind = {"kind": self.cleaned_data["kind"]} if "kind" in self.fields else {}
        found = kind | ({"id_sync": self.ids} if self.ids else {}) | ({"settings": struck} if struck else {})
        return found, {"settings": sealed} if sealed else {}

    def named(self, path: str) -> str | None:
        """The field for the vendor's name of an input."""
        found = re.match(r"idSyncConfiguration\[(\d)\]\.(\w+)", path)
        if found and int(found[1]) < MOST_IDS:
            part = {"externalId": "id", "strategy": "strategy", "mapTo": "to"}.get(found[2], "id")
            return f"{part}-{found[1]}"
        if path.startswith("idSyncConfiguration"):
            return "id-0"
        if path.startswith("connectionSettings"):
            return self.blamed(path.removeprefix("connectionSettings").lstrip("."))
        return "kind" if path.startswith("destination") and "kind" in self.fields else None


def plan_of_connection(details: Json) -> Json:
    """How a connection is set up, in the words of a wish."""
    items = details.get("idSyncConfiguration") or []
    ids = [
        {
            "id": one["externalId"],
            "strategy": one["strategy"],
            **({"to": one["mapTo"]} if one.get("mapTo") else {}),
        }
        for one in items
    ]
    return {"id_sync": ids, "settings": details.get("connectionSettings") or {}}
