"""The forms about external audiences: what the platform documents to refuse is refused here, on its field."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from audiences.external.actions import why_name_taken
from audiences.external.sample import MOST_COLUMNS
from audiences.models import ExternalAudience, Workspace

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
NEED_CONNECTION = ("S3", "GCS", "SFTP")
SPARE_ROWS = 4


def _listed(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.replace("\n", ",").split(",")) if part]


class ListField(forms.CharField):
    """Texts separated by commas."""

    def to_python(self, value: Any) -> Any:
        return _listed(super().to_python(value) or "")

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ExternalForm(forms.Form):
    """Everything but the columns. `press` is the token of this form: a double click asks once."""

    press = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_l("Name"),
        max_length=255,
        help_text=_l(
            "As marketers will find it. Adobe refuses a name that an uploaded audience has already."
        ),
    )
    description = forms.CharField(
        label=_l("Description"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_l("What is in it and where it comes from (optional)."),
    )
    cloud = forms.ChoiceField(
        label=_l("Where the file lies"),
        choices=ExternalAudience.Cloud.choices,
        initial="DLZ",
        help_text=_l("The kind of cloud storage that is connected to Experience Platform as a source."),
    )
    connection = forms.CharField(
        label=_l("Base connection id"),
        required=False,
        max_length=255,
        help_text=_l(
            "Required for Amazon S3, Google Cloud Storage and SFTP; leave it empty for the Data Landing Zone. "
            "Adobe shows it under Sources, Accounts."
        ),
    )
    path = forms.CharField(
        label=_l("Path"),
        max_length=500,
        help_text=_l(
            "Such as activation/newsletter.csv, without any space. In the Data Landing Zone it begins with "
            "dlz-user-container/."
        ),
    )
    kind = forms.ChoiceField(
        label=_l("What is there"),
        choices=ExternalAudience.Kind.choices,
        initial="file",
        help_text=_l("A folder is read as a whole: all its files need the same columns."),
    )
    public_key = forms.CharField(
        label=_l("Encryption: public key id"),
        required=False,
        max_length=255,
        help_text=_l("Only for encrypted files: the id Adobe gave when the key pair was made."),
    )
    signing_key = forms.CharField(
        label=_l("Encryption: sign verification key id"),
        required=False,
        max_length=255,
        help_text=_l("Only for signed files (optional)."),
    )
    ttl_days = forms.IntegerField(
        label=_l("Days its data is kept"),
        min_value=1,
        max_value=90,
        initial=30,
        help_text=_l("1 to 90. After that the data lapses, unless it is extended or ingested again."),
    )
    namespace = forms.CharField(
        label=_l("Audience namespace"),
        required=False,
        max_length=64,
        help_text=_l("Empty: CustomerAudienceUpload, Adobe's default."),
    )
    labels = ListField(
        label=_l("Access labels"),
        required=False,
        help_text=_l("Separated by commas, such as core/C1: who may use the audience (optional)."),
    )
    tags = ListField(
        label=_l("Tag ids"), required=False,
        help_text=_l("Separated by commas: ids of tags from Adobe's tag management, not their names (optional)."),
    )  # fmt: skip

    def __init__(self, workspace: Workspace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        self.fields["press"].initial = secrets.token_urlsafe(16)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        taken = why_name_taken(self.workspace, name)
        pressed = ExternalAudience.objects.filter(workspace=self.workspace, press=self.data.get("press", ""))
        if taken and not pressed.exists():
            raise forms.ValidationError(taken, code="name_taken")
        return name

    def clean_path(self) -> str:
        path = str(self.cleaned_data["path"])
        if any(letter.isspace() for letter in path):
            raise forms.ValidationError(
                _("Adobe refuses a path with a space in it: rename the file or folder."), code="space"
            )
        return path

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("cloud") in NEED_CONNECTION and not given.get("connection"):
            self.add_error("connection", _("This kind of storage needs its base connection's id."))
        if given.get("signing_key") and not given.get("public_key"):
            self.add_error("public_key", _("A sign verification key needs the public key's id too."))
        return given


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


class MomentField(forms.DateTimeField):
    """A moment in the viewer's zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class IngestForm(forms.Form):
    """Which files are brought in: those that came after the start (and before the end)."""

    data_from = MomentField(
        label=_l("Files newer than"),
    )
    data_until = MomentField(
        label=_l("and older than (optional)"), required=False, help_text=_l("Empty: no end.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_from"].help_text = _(
            "Adobe takes the files that came after this moment, in the zone %(zone)s."
        ) % {"zone": timezone.get_current_timezone()}
        self.fields["data_from"].initial = timezone.now().replace(second=0, microsecond=0) - timedelta(days=1)

    def clean_data_from(self) -> datetime:
        since: datetime = self.cleaned_data["data_from"]
        if since < datetime(1970, 1, 2, tzinfo=UTC):
            raise forms.ValidationError(_("Adobe counts from 1970 on."))
        return since

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        since, until = given.get("data_from"), given.get("data_until")
        if since and until and until <= since:
            self.add_error("data_until", _("The end must be after the start."))
        return given


class ChangeForm(forms.Form):
    """What Adobe lets be changed: description, days kept, labels of the audience and of its columns."""

    description = forms.CharField(
        label=_l("Description"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    ttl_days = forms.IntegerField(
        label=_l("Days its data is kept"),
        min_value=1,
        max_value=90,
        help_text=_l(
            "1 to 90. Adobe does not say whether data ingested before is kept for the new time too."
        ),
    )
    labels = ListField(
        label=_l("Access labels"), required=False, help_text=_l("Separated by commas, such as core/C1.")
    )  # fmt: skip

    def __init__(self, external: ExternalAudience, data: Mapping[str, Any] | None = None) -> None:
        known = {
            "description": external.description,
            "ttl_days": external.ttl_days,
            "labels": external.labels,
        }
        super().__init__(data, initial=known)
        self.external = external
        for number, column in enumerate(external.fields):
            self.fields[f"column{number}"] = ListField(
                label=_("Labels of the column %(name)s") % {"name": column["name"]},
                required=False, initial=column.get("labels", []),
            )  # fmt: skip

    @property
    def change(self) -> dict[str, Any]:
        """What differs from what is there."""
        given, external = self.cleaned_data, self.external
        found = {
            n: given[n] for n in ("description", "ttl_days", "labels") if given[n] != getattr(external, n)
        }
        labels = {
            column["name"]: given[f"column{number}"]
            for number, column in enumerate(external.fields)
            if given[f"column{number}"] != column.get("labels", [])
        }
        return {**found, "field_labels": labels} if labels else found
