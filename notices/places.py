"""What of a channel's address may be shown, and what is no address at all: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from notices.guard import is_allowed, plain

# Services that show people a web address to paste; Apprise knows them by it.
PASTED = (
    ("hooks.slack.com", "Slack"),
    ("discord.com", "Discord"),
    ("discordapp.com", "Discord"),
    (".logic.azure.com", "Microsoft Teams"),
    (".api.powerplatform.com", "Microsoft Teams"),
    ("chat.googleapis.com", "Google Chat"),
)
SCHEMES = {
    "slack": "Slack", "workflow": "Microsoft Teams", "workflows": "Microsoft Teams", "discord": "Discord",
    "gchat": "Google Chat", "tgram": "Telegram", "mmost": "Mattermost", "mmosts": "Mattermost",
    "rocket": "Rocket.Chat", "rockets": "Rocket.Chat", "matrix": "Matrix", "matrixs": "Matrix", "ntfy": "ntfy",
    "ntfys": "ntfy", "pagerduty": "PagerDuty", "opsgenie": "Opsgenie", "pover": "Pushover", "webex": "Webex",
    "wxteams": "Webex", "zulip": "Zulip", "twilio": "Twilio", "signal": "Signal", "signals": "Signal",
}  # fmt: skip
# Services of Apprise that act on the machine they run on.
LOCAL = frozenset(
    {"syslog", "dbus", "kde", "glib", "qt", "gnome", "macosx", "windows", "blink1", "vapid", "file", "exec"}
)
SCHEME = re.compile(r"([a-z][a-z0-9]+)://\S+", re.IGNORECASE)


def chat_place(address: str) -> str:
    """The service's name. Raises ValidationError for what cannot be one's address; never repeats the address."""
    found = SCHEME.fullmatch(address)
    if found is None:
        raise ValidationError(
            _("An address has no spaces and looks like https://hooks.slack.com/… or tgram://…")
        )
    scheme = found[1].lower()
    if scheme in LOCAL:
        raise ValidationError(
            _("“%(scheme)s” acts on the server itself; notices do not.") % {"scheme": scheme}
        )
    if scheme not in ("http", "https"):
        return SCHEMES.get(scheme, scheme)
    host = (_split(address).hostname or "").lower()
    for known, name in PASTED:
        if scheme == "https" and (host == known or (known.startswith(".") and host.endswith(known))):
            return name
    raise ValidationError(
        _(
            "This is a plain web address, of no service that we know by it. Add it as a webhook instead, or write it "
            "as Apprise does."
        )
    )


def webhook_place(address: str, networks: Iterable[str]) -> str:
    """The host. Raises ValidationError for what can be no webhook: what a name leads to is seen when it is sent."""
    networks = list(networks)
    parts = _split(address)
    host = parts.hostname or ""
    if (
        parts.scheme not in (("https", "http") if networks else ("https",))
        or not host
        or re.search(r"\s", address)
    ):
        raise ValidationError(_("A webhook's address begins with https:// and names a host."))
    if host == "localhost" or (_is_address(host) and not is_allowed(host, networks)):
        raise ValidationError(
            _(
                "%(host)s is this machine or a network of the house. An administrator can name it in NOTIFY_NETWORKS."
            )
            % {"host": host}
        )
    return f"{host}:{parts.port}" if parts.port else host


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _port = parts.port
    except ValueError as error:
        raise ValidationError(_("This is no web address.")) from error
    return parts


def _is_address(host: str) -> bool:
    try:
        return bool(plain(host))
    except ValueError:
        return False
