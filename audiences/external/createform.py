"""The form of a new external audience: what the platform documents to refuse is refused here, on its field."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from audiences.external.actions import why_name_taken
from audiences.external.columns import ListField
from audiences.models import ExternalAudience, Workspace

NEED_CONNECTION = ("S3", "GCS", "SFTP")


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
