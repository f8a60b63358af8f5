"""The forms about an external audience that there is: what is ingested, and what is another about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from audiences.external.columns import ListField
from audiences.models import ExternalAudience


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
