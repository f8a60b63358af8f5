"""The form of a mapping's terms: every documented refusal is caught before anything is sent, on its field."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.models import Dataflow, Mapping, Wish
from audiences.shown import EXPORTS
from audiences.wishes import states
from audiences.wishes.terms import AFTER_EVALUATION, SCHEDULED, terms_of

FULL, INCREMENTAL = "DAILY_FULL_EXPORT", "FIRST_FULL_THEN_INCREMENTAL"
# Which rhythm goes with which mode (UPD; WEEKLY and MONTHLY: BATCH-NEW). A word that is in neither is let
# through: the vendor's words are an open set.
RHYTHMS = {
    FULL: ("ONCE", "DAILY", "WEEKLY", "MONTHLY"),
    INCREMENTAL: ("DAILY", "EVERY_3_HOURS", "EVERY_6_HOURS", "EVERY_8_HOURS", "EVERY_12_HOURS"),
}
HOURS = [("", "—"), *((f"{hour:02}:00", f"{hour:02}:00 UTC") for hour in range(24))]
CHOICES: dict[str, list[tuple[str, Any]]] = {
    "export_mode": [
        (FULL, gettext_lazy("Full: everybody")),
        (INCREMENTAL, gettext_lazy("First full, then what changed")),
    ],
    "frequency": list(EXPORTS.items()),
    "trigger": [
        (AFTER_EVALUATION, gettext_lazy("After the daily evaluation")),
        (SCHEDULED, gettext_lazy("At a full hour")),
    ],
    "start_time": list(HOURS),
}
USUAL_TEMPLATE = "%DESTINATION_NAME%_%SEGMENT_ID%_%DATETIME(YYYYMMdd_HHmmss)%"
EXTENDED_BY = timedelta(days=30)
# The vendor's word for a field, in the order in which its sentence is searched for them.
FIELDS = (
    ("filenameTemplate", "file_name_template"),
    ("endDate", "end_date"),
    ("startDate", "start_date"),
    ("startTime", "start_time"),
    ("triggerType", "trigger"),
    ("frequency", "frequency"),
    ("exportMode", "export_mode"),
)


def today() -> date:
    """The platform's days are UTC days."""
    return datetime.now(UTC).date()


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class TermsForm(forms.Form):
    """How an audience is exported on a dataflow."""

    export_mode = forms.ChoiceField(
        label=gettext_lazy("What a file holds"),
        help_text=gettext_lazy("On-demand exports are always full; this is for the scheduled ones."),
    )
    frequency = forms.ChoiceField(label=gettext_lazy("How often"))
    trigger = forms.ChoiceField(label=gettext_lazy("When"))
    start_time = forms.ChoiceField(
        label=gettext_lazy("Hour"),
        required=False,
        help_text=gettext_lazy("Only with “At a full hour”. For every n hours: the first one."),
    )
    start_date = forms.DateField(label=gettext_lazy("First day"), widget=day_input())
    end_date = forms.DateField(
        label=gettext_lazy("End"),
        required=False,
        widget=day_input(),
        help_text=gettext_lazy("On this day nothing is exported any more. Empty: no end."),
    )
    file_name_template = forms.CharField(
        label=gettext_lazy("File name"),
        max_length=255,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "class": "mono wide"}),
        help_text=gettext_lazy("Without %DATETIME(…)% or %TIMESTAMP% every file overwrites the one before."),
    )

    def __init__(self, *args: Any, known: dict[str, str] | None = None, **kwargs: Any) -> None:
        """`known` are the present terms: words of the vendor that we do not know stay choosable."""
        super().__init__(*args, **kwargs)
        for name, choices in CHOICES.items():
            field, word = self.fields[name], (known or {}).get(name, "")
            listed = choices if not word or word in dict(choices) else [*choices, (word, word)]
            if isinstance(field, forms.ChoiceField):
                field.choices = listed

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        mode, frequency, trigger = (given.get(name, "") for name in ("export_mode", "frequency", "trigger"))
        if frequency in EXPORTS and frequency not in RHYTHMS.get(mode, EXPORTS):
            self.add_error("frequency", _("This does not go with what a file holds."))
        if trigger == AFTER_EVALUATION and (mode == INCREMENTAL or frequency not in ("ONCE", "DAILY", "")):
            self.add_error("trigger", _("Only a full export, once or daily, can follow the evaluation."))
        if trigger == SCHEDULED and not given.get("start_time"):
            self.add_error("start_time", _("Choose an hour, or “After the daily evaluation”."))
        self._clean_days(frequency, given.get("start_date"), given.get("end_date"))
        return given

    def _clean_days(self, frequency: str, start: date | None, end: date | None) -> None:
        if end and frequency == "ONCE":
            self.add_error("end_date", _("An export that runs once has no end. Leave it empty."))
        elif start and end and end <= start:
            self.add_error("end_date", _("The end must be after the first day."))

    @property
    def terms(self) -> dict[str, str]:
        """The terms as a wish keeps them; only after `is_valid`."""
        given = self.cleaned_data
        days = {name: given[name].isoformat() if given[name] else "" for name in ("start_date", "end_date")}
        hour = "" if given["trigger"] == AFTER_EVALUATION else given["start_time"]
        words = {name: given[name] for name in ("export_mode", "frequency", "trigger", "file_name_template")}
        return {**words, **days, "start_time": hour}


def proposed(dataflow: Dataflow, mapping: Mapping | None) -> dict[str, str]:
    """What the form is filled with: a mapping's own terms, moved so that they include today; for a new one
    those of the dataflow's newest mapping, from today on."""
    now = today()
    if mapping is not None:
        terms = terms_of(mapping)
        if terms["end_date"] and terms["end_date"] <= now.isoformat():
            terms["end_date"] = (now + EXTENDED_BY).isoformat()
        terms["start_date"] = min(terms["start_date"], now.isoformat())
        return terms
    known = {
        "export_mode": FULL,
        "frequency": "DAILY",
        "trigger": AFTER_EVALUATION,
        "start_time": "",
        "file_name_template": USUAL_TEMPLATE,
    }
    like = dataflow.mappings.filter(vanished_at=None).order_by("-mapped_at", "-pk").first()
    if like is not None and like.export_mode:
        known |= terms_of(like)
    return {**known, "start_date": now.isoformat(), "end_date": ""}


def corrected(wish: Wish) -> TermsForm:
    """The form of a wish that is to be asked again, a refusal's words on the field that they are about."""
    form = TermsForm(wish.wanted, known=wish.wanted)
    form.full_clean()
    if wish.state == states.REFUSED and wish.verbatim:
        field = next((name for word, name in FIELDS if re.search(word, wish.verbatim, re.I)), None)
        form.add_error(field, _("Adobe said: %(words)s") % {"words": wish.verbatim})
    return form
