"""Form fields for what Segment describes, raw JSON for what it does not: texts people type, values it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.supported import PASSWORD
from platforms.answer import REDACTED
from platforms.segment.decoding import is_secret
from platforms.segment.types import ActionField

LONGEST = 20_000
PLAIN = {"spellcheck": "false", "autocomplete": "off"}
PREFIX, RAW = "set-", "raw"
TEXTS = ("STRING", "TEXT", "DATETIME", PASSWORD, "")
YES_NO = [("true", gettext_lazy("yes")), ("false", gettext_lazy("no"))]
NOTHING = [("", "—")]
DIRECTIVE = gettext_lazy('A fixed value, or a directive such as {"@path": "$.userId"}.')
AGAIN = gettext_lazy("It is not kept here: enter it again.")


class JsonField(forms.CharField):
    """JSON of one kind, an object or a list, of a bounded size; nothing is None."""

    def __init__(self, kind: type, **kwargs: Any) -> None:
        self.kind = kind
        area = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono wide"})
        super().__init__(**{"max_length": LONGEST, "required": False, "widget": area, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return laid_out(value) if isinstance(value, dict | list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text or not text.strip():
            return None
        found = read(text)
        if not isinstance(found, self.kind):
            said = (
                _("This must be a JSON object, such as {…}.")
                if self.kind is dict
                else _("This must be a JSON list, such as […].")
            )
            raise forms.ValidationError(said)
        return found

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise forms.ValidationError(self.error_messages["required"])

    def run_validators(self, value: Any) -> None:
        if value is not None:
            super().run_validators(laid_out(value))


def read(text: str) -> Any:
    """What JSON says. Raises ValidationError with the place where it stops being JSON."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        said = _("This is not JSON: line %(line)s, column %(column)s.")
        raise forms.ValidationError(said % {"line": error.lineno, "column": error.colno}) from error
    except (ValueError, RecursionError) as error:
        raise forms.ValidationError(_("This is not JSON that can be sent.")) from error


def _no_number(word: str) -> Any:
    raise ValueError(word)


def laid_out(value: Any) -> str:
    """JSON as people edit it; nothing is ""."""
    return "" if value in (None, {}, []) else json.dumps(value, ensure_ascii=False, indent=2)


def name_of(key: str) -> str:
    return PREFIX + key


def hides(one: ActionField) -> bool:
    """Whether what it holds is a secret."""
    return one.kind == PASSWORD or is_secret(one.key)


def shown(one: ActionField, value: Any) -> str:
    """A value as a person edits it; a secret never."""
    if value is None or hides(one):
        return ""
    if isinstance(value, str):
        return value
    if one.multiple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False)


def form_field(one: ActionField, now: Any) -> forms.Field:
    """The field of a form for it. What it holds `now` is always among what can be chosen."""
    known = hides(one) and now not in (None, "")
    help_text: list[str] = [escape(one.description)] if one.description else []
    common: dict[str, Any] = {"label": one.label, "required": one.required and not known}
    choices = list(one.choices) or (YES_NO if one.kind == "BOOLEAN" else [])
    if choices and not one.multiple:
        text = shown(one, now)
        here = [] if not text or text in dict(choices) else [(text, text)]
        return forms.ChoiceField(choices=[*NOTHING, *choices, *here], help_text=" ".join(help_text), **common)
    if hides(one):
        widget: forms.Widget = forms.PasswordInput(attrs={"autocomplete": "off"})
        help_text += [_("Kept by Segment and never shown. Empty: it stays.")] if known else []
    elif one.kind in ("OBJECT", "TEXT") or one.multiple:
        widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono wide"})
        help_text += [_("One a line, or JSON.")] if one.multiple else []
    else:
        widget = forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})
    help_text += [] if hides(one) or one.kind == "OBJECT" else [escape(str(DIRECTIVE))]
    return forms.CharField(max_length=LONGEST, widget=widget, help_text=" ".join(help_text), **common)


def parsed(one: ActionField, text: str) -> Any:
    """What is sent for what a person typed; None for nothing. Raises ValidationError."""
    text = text.strip()
    if not text:
        return None
    if hides(one):
        return text
    directive = _directive(text)
    if directive is not None:
        return directive
    if one.multiple and not text.startswith(("[", "{")):
        return [line.strip() for line in text.splitlines() if line.strip()]
    return text if one.kind in TEXTS and not one.multiple else _typed(one, text)


def _directive(text: str) -> dict[str, Any] | None:
    """The mapping directive that a text is, an object with a key such as @path; None when it is none."""
    try:
        found = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and any(key.startswith("@") for key in found) else None


def _typed(one: ActionField, text: str) -> Any:
    if one.kind == "BOOLEAN":
        return text == "true"
    if one.kind in ("INTEGER", "NUMBER"):
        try:
            return int(text) if one.kind == "INTEGER" else float(text)
        except ValueError:
            raise forms.ValidationError(_("Enter a number, or a directive.")) from None
    found = read(text)
    if one.kind == "OBJECT" and not isinstance(found, list if one.multiple else dict):
        raise forms.ValidationError(_("This must be a JSON object, such as {…}."))
    return found


def holds_redacted(value: Any) -> bool:
    """Whether something in it was struck out, so that it cannot be sent."""
    if isinstance(value, dict):
        return any(holds_redacted(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_redacted(item) for item in value)
    return isinstance(value, str) and REDACTED in value


def rest_of(fields: Iterable[ActionField], now: dict[str, Any]) -> dict[str, Any]:
    """What is set and not described."""
    known = {one.key for one in fields}
    return {key: value for key, value in now.items() if key not in known}


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
