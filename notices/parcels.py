"""An errand packed for its way: what exactly goes out, for each kind of channel."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from audiences.languages import to_tell
from notices import signing, words
from notices.change import Change
from notices.models import Channel, Errand, Notice

TYPES = {
    Change.WELL: "success",
    Change.RECOVERED: "success",
    Change.FAILURES: "failure",
    Change.NEEDS: "warning",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes out. `address` and `secret` are the channel's secrets: neither is ever shown."""

    kind: str
    key: str
    subject: str
    text: str
    payload: dict[str, Any]
    type: str
    address: str = field(repr=False)
    secret: str = field(repr=False)

    def for_courier(self, now: datetime) -> dict[str, Any]:
        """What the courier reads. A webhook is signed at the moment of the try."""
        common = {"networks": settings.NOTIFY_NETWORKS, "timeout": settings.NOTIFY_TIMEOUT}
        if self.kind == Channel.Kind.CHAT:
            return common | {
                "kind": "chat", "address": self.address, "title": self.subject, "body": self.text, "type": self.type,
            }  # fmt: skip
        body = json.dumps(self.payload, ensure_ascii=False, separators=(",", ":"))
        signed = signing.headers(self.secret, self.key, int(now.timestamp()), body)
        return common | {"kind": "webhook", "url": self.address, "body": body, "headers": signed}


def pack(errand: Errand) -> Parcel:
    """Everything that its channel needs. Raises ValueError when a stored secret cannot be opened."""
    channel, notice = errand.channel, errand.notice
    # A person's own channel speaks their language, a workspace's the site's.
    with override(to_tell(channel.owner.language if channel.owner else "")):
        said = of_a_test(errand) if notice is None else of_a_notice(notice)
    return Parcel(channel.kind, str(errand.key), **said, address=channel.address, secret=channel.secret)


def of_a_notice(notice: Notice) -> dict[str, Any]:
    subject, text = words.subject(notice), words.text(notice)
    workspace, activation = notice.workspace, notice.activation
    payload = {
        "type": f"activation.{notice.change}",
        "timestamp": stamp(notice.at),
        "data": {
            "subject": subject,
            "text": text,
            "workspace": {
                "slug": workspace.slug, "name": workspace.name, "place": workspace.place,
                "platform": workspace.platform, "production": workspace.production,
            },
            "activation": {
                "id": activation.pk, "name": activation.name, "version": notice.version,
                "requested_at": stamp(activation.requested_at), "url": "".join(words.link(notice)),
            },
            "deliveries": {"total": sum(notice.data["counts"].values()), **notice.data["counts"]},
            "unusual": notice.data.get("unusual", {}).get("count", 0),
        },
    }  # fmt: skip
    return {"subject": subject, "text": text, "payload": payload, "type": TYPES[Change(notice.change)]}


def of_a_test(errand: Errand) -> dict[str, Any]:
    """What the test button sends: by the real path, and saying what it is."""
    channel = errand.channel
    scope = channel.workspace.place if channel.workspace else channel.of_set or _("you")
    said = _("Test from Activate on-demand: this channel works")
    subject = f"[{scope}] {said}"
    text = _("Somebody pressed “Send a test”. Nothing was activated.")
    payload = {
        "type": "test",
        "timestamp": stamp(errand.created_at),
        "data": {"subject": subject, "text": text},
    }
    return {"subject": subject, "text": text, "payload": payload, "type": "info"}


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
