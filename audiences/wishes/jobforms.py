"""The forms of an evaluation and of an export: which audiences, and to which dataset."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.models import Audience, Workspace

LONGEST = 100_000
NAMED = 3


class EvaluationForm(forms.Form):
    """Which audiences shall be evaluated; none named: all."""

    audiences = forms.CharField(
        label=gettext_lazy("Audiences"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono wide"}),
        help_text=gettext_lazy("System ids, one a line. Empty: all audiences; so are more than 1,500."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace

    def clean_audiences(self) -> list[str]:
        asked = list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", self.cleaned_data["audiences"]))))
        rows = Audience.objects.present().filter(workspace=self.workspace, platform_id__in=asked)
        known = dict(rows.values_list("platform_id", "external"))
        unknown = [one for one in asked if one not in known]
        external = [one for one in asked if known.get(one)]
        if unknown:
            raise forms.ValidationError(_("Not known here: %(ids)s") % {"ids": _named(unknown)})
        if external:
            said = _("External audiences are not evaluated by a job: %(ids)s") % {"ids": _named(external)}
            raise forms.ValidationError(said)
        return asked


class ExportForm(EvaluationForm):
    """Whose profiles shall be exported, and to which dataset."""

    dataset = forms.CharField(
        label=gettext_lazy("Dataset id"),
        max_length=255,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "class": "mono wide"}),
        help_text=gettext_lazy(
            "A dataset of the profile schema (XDM Individual Profile), from Datasets in Adobe Experience Platform."
        ),
    )
    field_order = ("dataset", "audiences")

    def clean_dataset(self) -> str:
        given: str = self.cleaned_data["dataset"].strip()
        if not re.fullmatch(r"[\w.:-]{1,255}", given):
            raise forms.ValidationError(_("A dataset id has letters, digits and hyphens only."))
        return given


def _named(ids: list[str]) -> str:
    more = _(" and %(n)s more") % {"n": len(ids) - NAMED} if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more
