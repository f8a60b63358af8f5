"""The forms of the first steps: a workspace without its guardrails, and a member. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.forms import SegmentWorkspaceForm, WorkspaceForm
from audiences.models import Role, User
from audiences.models.workspaces import Platform
from audiences.setting_up import short_name

ADOBE_FIELDS = (
    "name", "slug", "production", "org", "sandbox", "client_id", "scopes", "platform_url", "ims_url", "adhoc_version",
)  # fmt: skip
SEGMENT_FIELDS = ("name", "slug", "production", "sandbox", "platform_url")


class OnThePage:
    """What both forms have in common; stands before the form it goes with."""

    def fit(self: Any, secret: str) -> None:
        """New ones need a secret and may leave the short name to us."""
        new = self.instance.pk is None
        fields = self.fields
        fields["name"].help_text = _("As people call it, such as “Northwind production”.")
        fields["slug"].label = _("Short name")
        fields["slug"].required = not new
        fields["production"].label = _("This is production")
        if new:
            fields["slug"].help_text = _(
                "In addresses and on the command line. Empty: it is made from the name."
            )
            fields["client_secret"].required = True
            fields["client_secret"].error_messages["required"] = secret
        if settings.DEMO and new:
            simulator = f"http://127.0.0.1:{settings.SIM_PORT}"
            self.initial.update(dict.fromkeys(("platform_url", "ims_url"), simulator))
            fields["platform_url"].help_text = _("Demo mode: the simulator's address.")

    def clean_slug(self: Any) -> str:
        given = str(self.cleaned_data.get("slug") or "")
        return given or short_name(str(self.cleaned_data.get("name") or ""))


class AdobeForm(OnThePage, WorkspaceForm):
    """An Adobe organisation and sandbox with its credential."""

    class Meta(WorkspaceForm.Meta):
        fields = ADOBE_FIELDS  # type: ignore[assignment]  # Django: a tuple as well as "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sandbox"].help_text = _(
            "Its name, such as prod. “Check connection” lists those that the credential may choose."
        )
        self.fit(_("Copy the client secret from the Adobe Developer Console; it is asked for again."))


class SegmentForm(OnThePage, SegmentWorkspaceForm):
    """A Segment workspace with its token."""

    class Meta(SegmentWorkspaceForm.Meta):
        fields = SEGMENT_FIELDS  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fit(_("Enter the Public API token; it is asked for again."))


FORMS: dict[str, type[AdobeForm] | type[SegmentForm]] = {
    Platform.ADOBE.value: AdobeForm,
    Platform.SEGMENT.value: SegmentForm,
}


class MemberForm(forms.Form):
    """Who belongs to a workspace, and as what."""

    login = forms.CharField(
        label=gettext_lazy("Login"),
        max_length=150,
        help_text=gettext_lazy("The name the person signs in with."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "list": "people"}),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("May"), choices=Role.choices, initial=Role.ACTIVATOR, widget=forms.RadioSelect
    )

    def clean_login(self) -> User:
        found = User.objects.filter(username=self.cleaned_data["login"].strip(), is_active=True).first()
        if found is None:
            raise forms.ValidationError(
                _("Nobody signs in with this name. An administrator can make a login for them.")
            )
        return found
