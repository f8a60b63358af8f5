"""The part of a form that asks for settings: one field for each that is described, JSON for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.supported import hidden_keys
from audiences.wishes.segment import fields as described
from audiences.wishes.segment.fields import AGAIN, RAW, JsonField, holds_redacted, name_of
from platforms.segment.decoding import without_secrets
from platforms.segment.types import ActionField

Json = dict[str, Any]


class SettingsForm(forms.Form):
    """A form with settings. `told` are the fields that are described, `now` what is set, None where it is new.

    `whole` says that what is sent replaces all that is set; else it is merged field by field (contract §5.3,
    §5.7).
    """

    whole = False

    def __init__(
        self, *args: Any, told: Sequence[ActionField] = (), now: Json | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.told = [one for one in told if one.kind != "HIDDEN"]
        self.preset = {
            one.key: one.default for one in told if one.kind == "HIDDEN" and one.default is not None
        }
        self.now = now
        self.settings: Json = {}
        for one in self.told:
            self.fields[name_of(one.key)] = described.form_field(one, (now or {}).get(one.key))
        self.fields[RAW] = JsonField(
            dict,
            label=gettext_lazy("Further settings") if self.told else gettext_lazy("Settings"),
            help_text=gettext_lazy(
                "A JSON object, as Segment documents it for this destination. Empty: none."
            ),
        )

    @property
    def settings_fields(self) -> list[forms.BoundField]:
        """The described ones, then the rest."""
        return [*(self[name_of(one.key)] for one in self.told), self[RAW]]

    def initial_settings(self, settings: Json) -> dict[str, Any]:
        """What these fields show when this is set."""
        texts = {name_of(one.key): described.shown(one, settings.get(one.key)) for one in self.told}
        every = [*self.told, *(ActionField(key, key) for key in self.preset)]
        return {**texts, RAW: described.laid_out(described.rest_of(every, settings))}

    def asked_again(self, plan: Json, wanted: Json) -> Json:
        """The plan as a wish would have it: its settings merged with those that are set, or in their place."""
        merged = self.now is not None and not self.whole
        before = plan.get("settings") or {}
        settings = wanted.get("settings")
        return {
            **plan,
            **wanted,
            "settings": {**(before if merged or settings is None else {}), **(settings or {})},
        }

    def clean(self) -> Json:
        super().clean()
        asked = self._asked()
        if not self.errors:
            self.settings = self._new(asked) if self.now is None else self._changes(asked, self.now)
        return self.cleaned_data

    def _asked(self) -> dict[str, Any]:
        """What was entered, by key; None for what was left empty."""
        found: dict[str, Any] = {}
        for one in self.told:
            text = (self.cleaned_data.get(name_of(one.key)) or "").replace("\r\n", "\n")
            now = (self.now or {}).get(one.key)
            try:
                found[one.key] = (
                    now if text and text == described.shown(one, now) else described.parsed(one, text)
                )
            except forms.ValidationError as error:
                self.add_error(name_of(one.key), error)
        more = self.cleaned_data.get(RAW) or {}
        for key in more.keys() & found.keys():
            self.add_error(RAW, _("“%(key)s” has a field of its own above.") % {"key": key})
        return {**more, **found}

    def _new(self, asked: Json) -> Json:
        settings = self.preset | {key: value for key, value in asked.items() if value is not None}
        self._refuse_struck_out(settings)
        return settings

    def _changes(self, asked: Json, now: Json) -> Json:
        """What is to be sent; nothing when nothing is another."""
        secret = {one.key for one in self.told if described.hides(one)}
        wanted = {
            key: now[key] if key in secret and asked.get(key) is None and key in now else value
            for key, value in {**dict.fromkeys(now), **asked}.items()
        }
        wanted |= {key: now[key] for key in self.preset.keys() & now.keys()}
        if all(value == now.get(key) for key, value in wanted.items()):
            return {}
        return self._whole(wanted) if self.whole else self._merged(wanted, now)

    def _whole(self, wanted: Json) -> Json:
        settings = {key: value for key, value in wanted.items() if value is not None}
        if not settings:
            self.add_error(
                self._first, _("Segment takes no settings at all for no change: it cannot be emptied.")
            )
        self._refuse_struck_out(settings)
        return settings

    def _merged(self, wanted: Json, now: Json) -> Json:
        """Only what is another: what is left out stays as it is, so nothing can be taken away."""
        settings: Json = {}
        for key, value in wanted.items():
            if value == now.get(key):
                continue
            settings[key] = value
            if value is None and isinstance(now.get(key), str) and not self._required(key):
                settings[key] = ""
            elif value is None:
                self._blame(
                    key, _("Segment keeps what is left out, so it cannot be emptied: enter another value.")
                )
        self._refuse_struck_out(settings)
        return settings

    def _required(self, key: str) -> bool:
        return any(one.key == key and one.required for one in self.told)

    def _refuse_struck_out(self, settings: Json) -> None:
        for key, value in settings.items():
            if holds_redacted(value):
                self._blame(key, str(AGAIN))

    def _blame(self, key: str, said: str) -> None:
        name = name_of(key)
        if name in self.fields:
            self.add_error(name, said)
        else:
            self.add_error(RAW, f"{key}: {said}")

    @property
    def _first(self) -> str:
        return name_of(self.told[0].key) if self.told else RAW

    def kept(self) -> tuple[Json, Json]:
        """The settings with secrets struck out, and the same with them, nothing where there are none."""
        hidden = hidden_keys({"key": one.key, "kind": one.kind} for one in self.told)
        struck = without_secrets(self.settings, hidden)
        return struck, {} if struck == self.settings else self.settings

    def blamed(self, path: str) -> str:
        """The field for the key of a setting that Segment named."""
        key = path.partition(".")[0]
        return name_of(key) if name_of(key) in self.fields else RAW
