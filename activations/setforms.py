"""The forms of sets and of schedules: every refusal stands on its field, as one sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activations.models import ActivationSet, Schedule
from activations.schedules import fields_of, wrong
from activations.sets import LONGEST_NAME
from audiences import clock
from audiences.zones import regions

Kind = Schedule.Kind
# What each kind of schedule asks for; what the others ask for is not looked at.
OWN_FIELDS = {
    Kind.ONCE: ("day", "at", "waits", "tolerance"),
    Kind.DAILY: ("at", "until", "waits", "tolerance"),
    Kind.WEEKLY: ("weekdays", "at", "until", "waits", "tolerance"),
    Kind.MONTHLY: ("month_day", "at", "until", "waits", "tolerance"),
    Kind.SOON: ("until",),
}
WEEKDAYS = (
    ("0", gettext_lazy("Monday")),
    ("1", gettext_lazy("Tuesday")),
    ("2", gettext_lazy("Wednesday")),
    ("3", gettext_lazy("Thursday")),
    ("4", gettext_lazy("Friday")),
    ("5", gettext_lazy("Saturday")),
    ("6", gettext_lazy("Sunday")),
)


def zones() -> list[tuple[str, Any]]:
    """Each by its whole name, which is what stays visible of a chosen one."""
    named = [(region, [(zone, zone) for zone, _city in cities]) for region, cities in regions()]
    return [("UTC", "UTC"), *named]


def _refuse_taken(name: str, among: QuerySet[ActivationSet]) -> None:
    """Two sets of one name cannot be told apart in a list."""
    if among.filter(name=" ".join(name.split())).exists():
        raise ValidationError(_("Another set has this name already. Choose a different one."))


class NameForm(forms.Form):
    """What a set is called; `among` are the others that the person sees."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "wide"}),
        error_messages={"required": gettext_lazy("Give the set a name.")},
    )

    def __init__(self, *args: Any, among: QuerySet[ActivationSet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = among

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        _refuse_taken(name, self.among)
        return name


class SaveForm(forms.Form):
    """A new set, or one that the choice is added to. `offered` may be added to, `among` are those that the person
    sees: of none of them a new one takes the name."""

    into = forms.ModelChoiceField(
        label=gettext_lazy("Where"),
        queryset=ActivationSet.objects.none(),
        required=False,
        empty_label=gettext_lazy("A new set"),
        error_messages={"invalid_choice": gettext_lazy("This set is gone, or not yours to change.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the new set"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "wide"}),
    )

    def __init__(self, *args: Any, offered: Any, among: QuerySet[ActivationSet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = among
        into = self.fields["into"]
        if isinstance(into, forms.ModelChoiceField):
            into.queryset = offered

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not given.get("into") and not given.get("name", "").strip():
            self.add_error("name", _("Give the set a name, or choose one to add to."))
        return given

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not self.cleaned_data.get("into"):
            _refuse_taken(name, self.among)
        return name


class ScheduleForm(forms.Form):
    """When a set goes by itself."""

    kind = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose when it goes."),
            "invalid_choice": gettext_lazy(
                "Choose one of these. More often than once a day is not offered: each time the whole set is sent."
            ),
        },
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("This day does not exist. Write it as 2026-11-27.")},
    )
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Days of the week"),
        required=False,
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
    )
    month_day = forms.IntegerField(
        label=gettext_lazy("Day of the month"),
        required=False,
        min_value=1,
        max_value=31,
        initial=1,
        help_text=gettext_lazy("29 to 31: in shorter months the last day."),
        error_messages=dict.fromkeys(
            ("min_value", "max_value"), gettext_lazy("A month has the days 1 to 31, so it would never fire.")
        ),
    )
    at = forms.TimeField(
        label=gettext_lazy("Time"),
        required=False,
        input_formats=["%H:%M"],
        # Not the browser's own field for times, which may speak of a.m. and p.m.
        widget=forms.TimeInput(
            format="%H:%M", attrs={"inputmode": "numeric", "placeholder": "18:05", "autocomplete": "off"}
        ),
        help_text=gettext_lazy("24 hours, such as 18:05."),
        error_messages={
            "invalid": gettext_lazy(
                "Write hours and minutes, such as 09:00. Seconds are not possible: it goes at most once a day."
            )
        },
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zones,
        help_text=gettext_lazy(
            "Clocks that change are minded: a time that a day skips moves to the first moment after it, one that "
            "comes twice fires once."
        ),
        error_messages={"invalid_choice": gettext_lazy("Choose a time zone from the list.")},
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: no end; with “as soon as allowed” it gives up after 7 days."),
        error_messages={"invalid": gettext_lazy("This day does not exist. Write it as 2026-11-27.")},
    )
    waits = forms.ChoiceField(
        label=gettext_lazy("What has to wait at that moment"),
        required=False,
        choices=Schedule.Waits.choices,
        widget=forms.RadioSelect,
        initial=Schedule.Waits.ARM,
    )
    tolerance = forms.IntegerField(
        label=gettext_lazy("Minutes it may be late"),
        required=False,
        min_value=1,
        max_value=720,
        initial=30,
        help_text=gettext_lazy(
            "If everything was down at its moment, it still goes so much later; after that it is recorded as missed."
        ),
        error_messages=dict.fromkeys(("min_value", "max_value"), gettext_lazy("Between 1 and 720 minutes.")),
    )

    def __init__(self, *args: Any, schedule: Schedule | None = None, **kwargs: Any) -> None:
        self.schedule = schedule or Schedule(
            kind=Kind.ONCE,
            zone=timezone.get_current_timezone_name(),
            day=timezone.localdate() + timedelta(days=1),
        )
        super().__init__(*args, **{"initial": fields_of(self.schedule), **kwargs})

    def clean(self) -> dict[str, Any]:
        given, kind = self.cleaned_data, self.cleaned_data.get("kind", "")
        if kind not in OWN_FIELDS:
            return given
        own = OWN_FIELDS[Kind(kind)]
        for name in set(self.errors) - {"kind", "zone", *own}:
            del self.errors[name]
        if "at" in own and given.get("at") is None and "at" not in self.errors:
            self.add_error("at", _("Choose the time, or it never fires."))
        if not self.errors:
            self._take(own)
            for field, sentence in wrong(self.schedule, clock.now()).items():
                self.add_error(field, sentence)
        return given

    def _take(self, own: tuple[str, ...]) -> None:
        """Put what was given into the schedule; what is not its kind's becomes what a new one has."""
        given, plain = self.cleaned_data, Schedule()
        self.schedule.kind, self.schedule.zone = given["kind"], given["zone"]
        taken = {name: given[name] for name in own if given.get(name) not in (None, "")}
        taken["weekdays"] = sorted(int(day) for day in taken.get("weekdays", []))
        if "tolerance" in taken:
            taken["tolerance"] = timedelta(minutes=taken["tolerance"])
        for name in ("day", "weekdays", "month_day", "at", "until", "waits", "tolerance"):
            setattr(self.schedule, name, taken.get(name, getattr(plain, name)))
