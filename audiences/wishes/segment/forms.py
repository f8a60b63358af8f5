"""The forms of a destination of an audience and of an activation: refused here is what is documented to be."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.models import Wish
from audiences.wishes import states
from audiences.wishes.segment.fields import LONGEST, JsonField, laid_out
from audiences.wishes.segment.settings import Json, SettingsForm

MOST_IDS, MOST_ALL = 5, 3
LINKED = "LINKED"
STRATEGIES = [
    ("last", gettext_lazy("the latest")),
    ("first", gettext_lazy("the oldest")),
    ("all", gettext_lazy("every one")),
]
MEMBERSHIP = "Audience Membership Changed"
# What is documented; the list is open, so others may be typed.
TYPES = ("Audience Entered", "Audience Exited", MEMBERSHIP, "All Events")
ENTITY_TYPES = ("Entity Added", "Entity Removed", "Entity Values Changed")
IDENTIFIERS = ("user_id", "email", "anonymous_id")
PLAIN = {"spellcheck": "false", "autocomplete": "off"}


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


class TraitsField(forms.CharField):
    """Traits, one a line, each with another name on the way out where "trait = name" says so."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        names = value.get("mapping") or {}
        lines = [f"{key} = {names[key]}" if key in names else key for key in value.get("properties") or []]
        return "\n".join(lines)

    def to_python(self, value: Any) -> Any:
        pairs = [
            line.partition("=") for line in (super().to_python(value) or "").splitlines() if line.strip()
        ]
        found: dict[str, str] = {}
        for trait, sign, name in pairs:
            if not trait.strip() or (sign and not name.strip()):
                raise forms.ValidationError(_("One trait a line, such as “plan” or “plan = tariff”."))
            if trait.strip() in found:
                raise forms.ValidationError(_("“%(trait)s” is named twice.") % {"trait": trait.strip()})
            found[trait.strip()] = name.strip()
        return {"properties": list(found), "mapping": {key: name for key, name in found.items() if name}}

    def validate(self, value: Any) -> None:
        """Nothing is fine."""

    def run_validators(self, value: Any) -> None:
        super().run_validators(self.prepare_value(value))


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
        **kwargs: Any,
    ) -> None:
        """`now` is the plan of an existing activation (`plan_of_activation`), None for a new one; `asks_action`
        where the destination's actions are not known."""
        self.plan = now
        self.linked = audience_type == LINKED
        super().__init__(*args, now=now["settings"] if now else None, **kwargs)
        gone = [] if asks_action and now is None else ["action"]
        gone += ["type", "resync", "enabled"] if now else []
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
        return super().clean()

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


def blame(form: ConnectionForm | ActivationForm, wish: Wish) -> None:
    """Put a refusal's words on the field that they are about, or above all fields where that is unknown."""
    if wish.state != states.REFUSED or not wish.verbatim:
        return
    field = form.named(wish.field) or ("name" if wish.reason == "exists" and "name" in form.fields else None)
    said = _("%(vendor)s said: %(words)s") % {"vendor": wish.workspace.vendor, "words": wish.verbatim}
    form.add_error(field, said)
