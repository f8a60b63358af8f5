"""A channel's form: its address and secret go in and never come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.models import User
from notices import places, signing
from notices.change import TELLABLE_CHOICES, About
from notices.models import Channel, Reader

# Generic for the type checker only; Django's own class is not.
if TYPE_CHECKING:
    ChannelBase = forms.ModelForm[Channel]
    ReaderBase = forms.ModelForm[Reader]
else:
    ChannelBase = ReaderBase = forms.ModelForm

LONGEST = 2000
HIDDEN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
ADDRESSES = {
    Channel.Kind.EMAIL: (gettext_lazy("Send to"), gettext_lazy("One address; a list's is fine.")),
    Channel.Kind.CHAT: (
        gettext_lazy("Address"),
        gettext_lazy(
            "The incoming webhook that Slack, Teams (Workflows), Discord or Google Chat shows you, or any address "
            "Apprise knows, such as tgram://… It is a secret: kept encrypted, never shown again."
        ),
    ),
    Channel.Kind.WEBHOOK: (
        gettext_lazy("Address"),
        gettext_lazy(
            "Begins with https://. Loopback, link-local and private networks are refused, unless an administrator "
            "names them in NOTIFY_NETWORKS. Kept encrypted; only its host is shown again."
        ),
    ),
}
SECRET_HELP = gettext_lazy(
    "Every call is signed with it; give it to the receiver now, for it is never shown again. This one is fresh; "
    "your own must be whsec_ and 24 to 64 bytes in base64."
)


class ChannelForm(ChannelBase):
    """A new channel, or one that is changed: then an empty address or secret keeps the present one."""

    address = forms.CharField(max_length=LONGEST, strip=True)
    secret = forms.CharField(label=gettext_lazy("Signing secret"), max_length=200, help_text=SECRET_HELP)
    tells = forms.MultipleChoiceField(
        label=gettext_lazy("Tell when an activation"), choices=TELLABLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one, or switch the channel off.")},
    )  # fmt: skip
    about = forms.ChoiceField(
        label=gettext_lazy("About"), choices=About.choices, widget=forms.RadioSelect, initial=About.ALL
    )

    class Meta:
        model = Channel
        fields = ("name", "address", "secret", "tells", "about")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance.pk is None
        self.kind = Channel.Kind(self.instance.kind)
        self._prepare_address()
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        if self.kind == Channel.Kind.WEBHOOK:
            self._prepare_secret()
        else:
            del self.fields["secret"]
        if self.instance.owner_id is None:
            del self.fields["about"]

    def _prepare_address(self) -> None:
        field = self.fields["address"]
        field.label, field.help_text = ADDRESSES[self.kind]
        if self.kind == Channel.Kind.EMAIL:
            field.widget = forms.EmailInput(attrs={"autocomplete": "email", "maxlength": LONGEST})
            self.initial.setdefault(
                "address", self.instance.place or getattr(self.instance.owner, "email", "")
            )
            return
        field.widget.attrs |= HIDDEN
        if not self.is_new:
            self._may_stay(
                "address", _("Empty: it stays as it is (%(place)s).") % {"place": self.instance.place}
            )

    def _prepare_secret(self) -> None:
        self.fields["secret"].widget.attrs |= HIDDEN
        if self.is_new:
            self.initial.setdefault("secret", signing.new_secret())
        else:
            self._may_stay("secret", _("Empty: it stays as it is."))

    def _may_stay(self, name: str, words: str) -> None:
        field = self.fields[name]
        field.required = False
        field.help_text = f"{words} {ADDRESSES[self.kind][1] if name == 'address' else ''}".strip()

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"])
        if not address:
            return ""
        if self.kind == Channel.Kind.EMAIL:
            validate_email(address)
            self.instance.place = address[:120]
        elif self.kind == Channel.Kind.CHAT:
            self.instance.place = places.chat_place(address)[:120]
        else:
            self.instance.place = places.webhook_place(address, settings.NOTIFY_NETWORKS)[:120]
        return address

    def clean_secret(self) -> str:
        secret = str(self.cleaned_data["secret"])
        try:
            if secret:
                signing.key_of(secret)
        except ValueError as error:
            raise ValidationError(_("It must be whsec_ and 24 to 64 bytes in base64.")) from error
        return secret

    def save(self, commit: bool = True) -> Channel:
        for name in ("address", "secret"):
            if self.cleaned_data.get(name):
                setattr(self.instance, name, self.cleaned_data[name])
        if self.cleaned_data["address"]:
            # Whatever was wrong with the former address says nothing about this one.
            self.instance.failures, self.instance.next_at = 0, None
        return super().save(commit)


class ListenerForm(forms.Form):
    """Who else is told of a set's activations."""

    login = forms.CharField(
        label=gettext_lazy("Login"),
        max_length=150,
        help_text=gettext_lazy(
            "The name the person signs in with. They must be allowed to look at the whole set."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def clean_login(self) -> User:
        found = User.objects.filter(username=self.cleaned_data["login"].strip(), is_active=True).first()
        if found is None:
            raise ValidationError(_("Nobody signs in with this name."))
        return found


class ReaderForm(ReaderBase):
    """What a person is told in the dashboard."""

    about = forms.ChoiceField(
        label=gettext_lazy("Notices are about"), choices=About.choices, widget=forms.RadioSelect
    )

    class Meta:
        model = Reader
        fields = ("about",)
