"""The form of an activation: refused here is what is documented to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.wishes.segment.fields import LONGEST, PLAIN, JsonField, TraitsField, laid_out
from audiences.wishes.segment.settings import Json, SettingsForm

LINKED = "LINKED"
MEMBERSHIP = "Audience Membership Changed"
# What is documented; the list is open, so others may be typed.
TYPES = ("Audience Entered", "Audience Exited", MEMBERSHIP, "All Events")
ENTITY_TYPES = ("Entity Added", "Entity Removed", "Entity Values Changed")


class ActivationForm(SettingsForm):
    """What an audience sends over a connection, and when."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=255,
        help_text=gettext_lazy("For a warehouse it is the table's name."),
    )  # fmt: skip
    display_name = forms.CharField(
        label=gettext_lazy("Display name"), max_length=255, required=False,
        help_text=gettext_lazy("Warehouses only; empty: the name."),
    )  # fmt: skip
    type = forms.CharField(
        label=gettext_lazy("Sends when"), max_length=255,
        widget=forms.TextInput(attrs={**PLAIN, "list": "types"}),
        help_text=gettext_lazy("It cannot be changed later. Choose one, or enter a new one of Segment's."),
    )  # fmt: skip
    action = forms.CharField(
        label=gettext_lazy("Action id"), max_length=255, required=False, widget=forms.TextInput(attrs=PLAIN),
        help_text=gettext_lazy("Segment does not list the actions of this destination; empty: it has none."),
    )  # fmt: skip
    enabled = forms.BooleanField(
        label=gettext_lazy("Enabled: it sends what changes from now on"), required=False
    )
    resync = forms.BooleanField(
        label=gettext_lazy("Full resync: send the whole audience once, at once"), required=False
    )
    workspace = forms.CharField(
        label=gettext_lazy("For a full resync: the workspace's name"), required=False, max_length=200,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=gettext_lazy("It is production, so sending everybody asks for its name."),
    )  # fmt: skip
    traits = TraitsField(
        label=gettext_lazy("Traits that go along"), required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono wide"}),
        help_text=gettext_lazy(
            "One a line; “plan = tariff” sends plan as tariff. With an action, map each in its fields, too: "
            "else it reaches none."
        ),
    )  # fmt: skip
    entities = JsonField(
        list, label=gettext_lazy("Entities that go along"),
        help_text=gettext_lazy(
            'A JSON list such as [{"relationshipSlug": "orders", "properties": ["total"]}]. Linked audiences only.'
        ),
    )  # fmt: skip
    sync_entity_changes = forms.ChoiceField(
        label=gettext_lazy("Send when such an entity changes"), required=False,
        choices=[("", "—"), ("true", gettext_lazy("yes")), ("false", gettext_lazy("no"))],
        help_text=gettext_lazy("Only with “Audience Membership Changed”."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        now: Json | None = None,
        audience_type: str = "",
        asks_action: bool = False,
        production: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        """`now` is the plan of an existing activation (`plan_of_activation`), None for a new one; `asks_action`
        where the destination's actions are not known; `production` what the workspace is called, where a full resync
        asks for its name as every press there does."""
        self.plan = now
        self.production = production
        self.linked = audience_type == LINKED
        super().__init__(*args, now=now["settings"] if now else None, **kwargs)
        gone = [] if asks_action and now is None else ["action"]
        gone += ["type", "resync", "enabled"] if now else []
        gone += [] if production and now is None else ["workspace"]
        gone += [] if self.linked else ["entities", "sync_entity_changes"]
        for name in gone:
            del self.fields[name]

    @property
    def types(self) -> tuple[str, ...]:
        return TYPES + (ENTITY_TYPES if self.linked else ())

    @property
    def main_fields(self) -> list[forms.BoundField]:
        names = ("name", "display_name", "type", "action", "sync_entity_changes")
        return [self[name] for name in names if name in self.fields]

    @property
    def long_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("traits", "entities") if name in self.fields]

    @property
    def switches(self) -> list[forms.BoundField]:
        return [self[name] for name in ("enabled", "resync") if name in self.fields]

    @property
    def naming(self) -> forms.BoundField | None:
        """Where the workspace's name is asked for, if it is."""
        return self["workspace"] if "workspace" in self.fields else None

    def initial_of(self, plan: Json) -> dict[str, Any]:
        """What the form shows for a plan."""
        changes = plan.get("sync_entity_changes")
        named = {
            name: plan.get(name) for name in ("name", "display_name", "type", "action", "enabled", "resync")
        }
        return {
            **self.initial_settings(plan.get("settings") or {}), **named,
            "traits": self.fields["traits"].prepare_value(plan.get("profile") or {}),
            "entities": laid_out(plan.get("entities")),
            "sync_entity_changes": {True: "true", False: "false"}.get(changes, "") if changes is not None else "",
        }  # fmt: skip

    def clean(self) -> Json:
        given = self.cleaned_data
        kind = given.get("type") or (self.plan or {}).get("type", "")
        if given.get("sync_entity_changes") and kind != MEMBERSHIP:
            self.add_error("sync_entity_changes", _("This goes only with “Audience Membership Changed”."))
        if not self.linked and kind in ENTITY_TYPES:
            self.add_error("type", _("Only a Linked Audience has entities."))
        for one in given.get("entities") or []:
            if not self._is_entity(one):
                self.add_error("entities", _("Each needs a relationshipSlug and a list of properties."))
                break
        if given.get("resync") and not given.get("enabled"):
            self.add_error("resync", _("Only an activation that is enabled can send."))
        if given.get("resync") and self.production and not self._is_named(given.get("workspace", "")):
            self.add_error(
                "workspace", _("Write %(name)s here to send everybody.") % {"name": self.production[0]}
            )
        return super().clean()

    def _is_named(self, written: str) -> bool:
        """Case does not matter, as when a press is confirmed."""
        return written.strip().casefold() in {name.casefold() for name in self.production}

    @staticmethod
    def _is_entity(one: Any) -> bool:
        if not isinstance(one, dict) or set(one) != {"relationshipSlug", "properties"}:
            return False
        names = one["properties"]
        return isinstance(one["relationshipSlug"], str) and isinstance(names, list) and all(
            isinstance(name, str) for name in names
        )  # fmt: skip

    def wanted(self) -> tuple[Json, Json]:
        """What is asked for, secrets struck out, and the parts that have them; of an existing one only what is
        another. Only after `is_valid`."""
        struck, sealed = self.kept()
        asked = {name: value for name, value in self._asked_for().items() if self._is_new(name, value)}
        asked |= {"settings": struck} if struck else {}
        return asked, {"settings": sealed} if sealed else {}

    def _asked_for(self) -> Json:
        given = self.cleaned_data
        asked: Json = {
            name: given[name]
            for name in ("name", "type", "enabled", "resync", "display_name")
            if name in given
        }
        asked["profile"] = given["traits"]
        if self.linked:
            asked["entities"] = given["entities"] or []
            chosen = given["sync_entity_changes"]
            asked |= {"sync_entity_changes": chosen == "true"} if chosen else {}
        return asked | ({"action": given["action"]} if given.get("action") else {})

    def _is_new(self, name: str, value: Any) -> bool:
        if self.plan is None:
            return value not in ("", []) or name in ("enabled", "resync")
        return bool(value != (self.plan.get(name) or type(value)()))

    def named(self, path: str) -> str | None:
        """The field for the vendor's name of an input."""
        if path.startswith("destinationMapping.settings"):
            return self.blamed(path.removeprefix("destinationMapping.settings").lstrip("."))
        found = next((name for begin, name in BLAMED if path.startswith(begin)), None)
        return found if found in self.fields else None


BLAMED = (
    ("activationName", "name"),
    ("activationType", "type"),
    ("displayName", "display_name"),
    ("personalization.entities", "entities"),
    ("personalization.syncEntityPropertyChanges", "sync_entity_changes"),
    ("personalization", "traits"),
    ("destinationMapping", "action"),
    ("performResync", "resync"),
    ("enabled", "enabled"),
)


def plan_of_activation(details: Json, kind: str) -> Json:
    """What an activation sends, in the words of a wish."""
    people, mapped = details.get("personalization") or {}, details.get("destinationMapping") or {}
    profile = people.get("profile") or {}
    return {
        "name": details.get("activationName") or "",
        "display_name": details.get("displayName") or "",
        "type": kind,
        "profile": {"properties": profile.get("properties") or [], "mapping": profile.get("mapping") or {}},
        "entities": people.get("entities") or [],
        "sync_entity_changes": people.get("syncEntityPropertyChanges"),
        "action": mapped.get("actionId"),
        "settings": mapped.get("settings") or {},
    }
