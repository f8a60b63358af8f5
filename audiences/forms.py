"""The workspace's form: the secret goes in and never comes out, addresses and guardrails make sense."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.db.models import DurationField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.connection import why_not_move
from audiences.models import Workspace
from audiences.models.workspaces import LOOPBACK, Platform
from audiences.speech import duration
from platforms.segment.config import API_URL

# Generic for the type checker only; Django's own class is not.
if TYPE_CHECKING:
    BaseForm = forms.ModelForm[Workspace]
else:
    BaseForm = forms.ModelForm

PLACE = ("org", "sandbox")
DOCUMENTED_PER_JOB = 80
# What a guardrail may be at all: below, nothing could ever go; above, it is a slip of the finger.
BOUNDS: dict[str, tuple[Any, Any]] = {
    "max_per_job": (1, 1_000),
    "jobs_per_day": (1, 10_000),
    "mapping_wait": (timedelta(0), timedelta(days=7)),
    "merge_policy_wait": (timedelta(0), timedelta(days=7)),
    "count_max_age": (timedelta(minutes=1), timedelta(days=90)),
    "watch_limit": (timedelta(minutes=1), timedelta(days=7)),
    "send_limit": (timedelta(minutes=1), timedelta(days=30)),
}
URLS = ("platform_url", "ims_url")


class SecretField(forms.CharField):
    """Never filled in when it is shown: left empty, it keeps what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        shown = {"autocomplete": "new-password", "class": "vTextField"}
        widget = forms.PasswordInput(render_value=False, attrs=shown)
        super().__init__(required=False, max_length=500, widget=widget, **kwargs)


class WorkspaceForm(BaseForm):
    """A workspace as an administrator fills it in."""

    client_secret = SecretField(label=gettext_lazy("Client secret"))
    platform_url = forms.URLField(
        label=gettext_lazy("Platform address"),
        assume_scheme="https",
        widget=forms.URLInput(attrs={"size": 60}),
    )
    ims_url = forms.URLField(
        label=gettext_lazy("Identity service address"),
        assume_scheme="https",
        widget=forms.URLInput(attrs={"size": 60}),
    )

    class Meta:
        model = Workspace
        fields = "__all__"
        widgets = {"scopes": forms.Textarea(attrs={"rows": 3, "cols": 60})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place_before = {name: getattr(self.instance, name) for name in PLACE}
        if "client_secret" in self.fields:
            self.fields["client_secret"].help_text = secret_in_words(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in URLS:
            if name in cleaned:
                self._clean_address(name, cleaned[name])
        for name, (least, most) in BOUNDS.items():
            value = cleaned.get(name)
            if value is not None and not least <= value <= most:
                self.add_error(name, _("Must be between %(least)s and %(most)s.") % _said(least, most))
        if self.moves:
            why = why_not_move(self.instance)
            if why:
                self.add_error(None, why)
        return cleaned

    @property
    def moves(self) -> dict[str, str]:
        """Organisation and sandbox as far as they become others; {} for a new workspace."""
        if self.instance.pk is None:
            return {}
        given = {name: self.cleaned_data.get(name) for name in PLACE}
        return {name: value for name, value in given.items() if value and value != self.place_before[name]}

    def _clean_address(self, name: str, url: str) -> None:
        for complaint in complaints(url):
            self.add_error(name, str(complaint))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        secret = self.cleaned_data.get("client_secret")
        if secret and not self.errors:
            self.instance.client_secret = secret


class SegmentWorkspaceForm(WorkspaceForm):
    """A Segment workspace: a space, a token and an address; what is Adobe's is not asked for."""

    client_secret = SecretField(label=gettext_lazy("Public API token"))
    platform_url = forms.URLField(
        label=gettext_lazy("API address"),
        assume_scheme="https",
        initial=API_URL,
        help_text=gettext_lazy("In the EU: https://eu1.api.segmentapis.com."),
        widget=forms.URLInput(attrs={"size": 60}),
    )
    ims_url = None  # type: ignore[assignment]  # Django: this form has no such field

    class Meta(WorkspaceForm.Meta):
        exclude = ["ims_url"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.instance.platform = Platform.SEGMENT
            self.instance.platform_url = API_URL
            self.initial["platform_url"] = API_URL
            self.initial["sandbox"] = ""
        if "sandbox" in self.fields:
            self.fields["sandbox"].required = False
            self.fields["sandbox"].label = _("Space ID")
            self.fields["sandbox"].help_text = _(
                "Such as spa_9aQ1…; leave it empty and “Check connection” lists the spaces to choose from."
            )
        if "client_secret" in self.fields:
            self.fields["client_secret"].help_text = secret_in_words(self.instance)


def _said(least: Any, most: Any) -> dict[str, Any]:
    if isinstance(least, timedelta):
        return {"least": duration(least), "most": duration(most)}
    return {"least": least, "most": most}


def secret_in_words(workspace: Workspace) -> str:
    """Whether a secret is stored and can be opened; never the secret."""
    if not workspace.client_secret_encrypted and workspace.is_segment:
        return _("No token is stored yet. Make one in Segment: Settings, Access Management, Tokens.")
    if not workspace.client_secret_encrypted:
        return _("No secret is stored yet. Copy it from the Adobe Developer Console.")
    try:
        stored = bool(workspace.client_secret)
    except ValueError:
        stored = False
    if not stored:
        return _("A secret is stored, but none of FIELD_KEYS opens it: enter it again.")
    return _("A secret is stored. It is never shown; leave this empty to keep it, or enter a new one.")


def complaints(url: str) -> Iterator[str]:
    """What is wrong with a platform's address; nothing for a good one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.username or parts.password:
        yield _("Credentials do not belong in an address.")
    if parts.query or parts.fragment:
        yield _("Give the address alone, without “?” and “#”.")
    if is_this_machine(host):
        if not settings.DEMO:
            yield _("A platform on this very machine or network segment is only allowed in demo mode.")
    elif parts.scheme != "https":
        yield _("The client secret travels to this address, so it must begin with https://.")


def is_this_machine(host: str) -> bool:
    """Loopback by any spelling, and addresses that are no public platform's: unspecified and link-local."""
    if host.rstrip(".") in LOOPBACK or host.rstrip(".").endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified or mapped.is_link_local)


def cautions(workspace: Workspace) -> Iterator[str]:
    """Guardrails that are allowed but go beyond what the platform documents."""
    if workspace.is_segment:
        return
    if workspace.max_per_job > DOCUMENTED_PER_JOB:
        yield _(
            "Deliveries per job is %(n)s: Adobe documents a hard limit of 80, and refuses a larger job as a "
            "whole. Keep it only if Adobe has told you otherwise."
        ) % {"n": workspace.max_per_job}
    fields = (Workspace._meta.get_field(name) for name in ("mapping_wait", "merge_policy_wait"))
    for field in fields:
        if isinstance(field, DurationField) and getattr(workspace, field.name) < field.default:
            yield _(
                "“%(field)s” is shorter than Adobe documents (%(documented)s): it may answer “not ready”."
            ) % {
                "field": field.verbose_name,
                "documented": duration(field.default),
            }
