"""The columns of an external audience's file, as a form: named as in its first line, one of them says who it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from audiences.external.sample import MOST_COLUMNS

TYPES = [
    ("string", _l("text")),
    ("integer", _l("whole number")),
    ("long", _l("large whole number")),
    ("number", _l("number")),
    ("date", _l("date (2025-05-13)")),
    ("datetime", _l("moment (2025-05-23T20:19:00+00:00)")),
    ("boolean", _l("true or false")),
]
IDENTITIES = ("Email", "Email_LC_SHA256", "Phone", "Phone_E.164", "ECID", "CRMID", "GAID", "IDFA")
SPARE_ROWS = 4


def _listed(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.replace("\n", ",").split(",")) if part]


class ListField(forms.CharField):
    """Texts separated by commas."""

    def to_python(self, value: Any) -> Any:
        return _listed(super().to_python(value) or "")

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ColumnForm(forms.Form):
    """One column of the file. A row without a name is no column."""

    name = forms.CharField(label=_l("Column"), required=False, max_length=255)
    type = forms.ChoiceField(label=_l("Type"), choices=TYPES, initial="string", required=False)
    identity = forms.CharField(label=_l("Identity namespace"), required=False, max_length=100)
    labels = ListField(label=_l("Labels"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("name") and (given.get("identity") or given.get("labels")):
            self.add_error("name", _("A column needs its name, exactly as in the file's first line."))
        return given


class Columns(forms.BaseFormSet):  # type: ignore[type-arg]
    """The file's columns."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        number = (index or 0) + 1
        for bound in form:
            bound.field.widget.attrs["aria-label"] = f"{bound.label} {number}"
        form.fields["identity"].widget.attrs["list"] = "identities"

    def clean(self) -> None:
        found = [form for form in self.forms if form.cleaned_data.get("name")]
        if not found:
            raise forms.ValidationError(_("Name at least one column, exactly as in the file's first line."))
        if len(found) > MOST_COLUMNS:
            raise forms.ValidationError(_("Adobe takes %(n)s columns at most.") % {"n": MOST_COLUMNS})
        if not any(form.cleaned_data.get("identity") for form in found):
            raise forms.ValidationError(
                _(
                    "Adobe needs one column that says who the person is: give that column an identity namespace."
                ),
                code="no_identity",
            )
        seen: set[str] = set()
        twice = False
        for form in found:
            name = form.cleaned_data["name"]
            if name in seen:
                form.add_error("name", _("Another column has this name already."))
                twice = True
            seen.add(name)
        if twice:
            raise forms.ValidationError(_("Two columns cannot have the same name."), code="duplicate")

    @property
    def chosen(self) -> list[dict[str, Any]]:
        """The named columns, as `ExternalAudience.fields` keeps them."""
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data.get("name")]
        return [
            {
                "name": r["name"],
                "type": r["type"] or "string",
                "identity": r["identity"],
                "labels": r["labels"],
            }
            for r in rows
        ]


_ColumnSet = forms.formset_factory(
    ColumnForm, formset=Columns, extra=0, max_num=60, absolute_max=80, validate_max=True
)


def columns_form(data: Mapping[str, Any]) -> Columns:
    """The columns of a form that was sent, or of `columns_data`."""
    return cast(Columns, _ColumnSet(data, prefix="c"))


def columns_data(rows: Iterable[dict[str, Any]], *, spare: int = SPARE_ROWS) -> dict[str, str]:
    """The formset's data that shows these columns and some empty rows after them."""
    shown = [*rows, *({} for _row in range(spare))]
    data = {"c-TOTAL_FORMS": str(len(shown)), "c-INITIAL_FORMS": "0"}
    for number, row in enumerate(shown):
        for name in ("name", "type", "identity", "labels"):
            value = row.get(name) or ("string" if name == "type" else "")
            data[f"c-{number}-{name}"] = ", ".join(value) if isinstance(value, list) else str(value)
    return data
