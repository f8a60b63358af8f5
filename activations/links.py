"""Making, finding, revoking and forgetting share links."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activations.models import Activation, Event, ShareLink
from audiences.models import User

log = structlog.get_logger(__name__)

# How long a link may last: what the form says, and the words for it.
SPANS: dict[str, tuple[timedelta, str | Promise]] = {
    "hour": (timedelta(hours=1), _("1 hour")),
    "day": (timedelta(days=1), _("1 day")),
    "week": (timedelta(days=7), _("7 days")),
}
# 256 bits: no number of guesses finds one, so guesses need no counting.
BYTES = 32
# A link that is over is kept so long for those who ask who had one, then its row goes; the story stays.
KEPT = timedelta(days=30)
# Opening it is noted once in so long: a page that many look at must not write at every look.
NOTED_EVERY = timedelta(minutes=1)


def digest(token: str) -> str:
    """What is kept of a token. A plain hash will do: nobody can try out 256 random bits."""
    return sha256(token.encode()).hexdigest()


def make(
    activation: Activation, span: str, *, by: User, now: datetime, form: str = ""
) -> tuple[ShareLink, str]:
    """A new link and its token, which nobody can be told again. `span` is a key of SPANS.

    The same `form` sent twice by the same person, as a page that is loaded again does, finds the link it made.
    """
    token = _token(activation, by, form) if form else secrets.token_urlsafe(BYTES)
    with transaction.atomic():
        link, is_new = ShareLink.objects.get_or_create(
            digest=digest(token),
            defaults={
                "activation": activation, "workspace_id": activation.workspace_id,
                "made_by": by, "made_at": now, "ends_at": now + SPANS[span][0],
            },
        )  # fmt: skip
        if not is_new:
            return link, token
        _tell(link, "shared", by, now)
    log.info("A share link was made.", activation=activation.pk, link=link.pk, span=span)
    return link, token


def new_form() -> str:
    """What one form that makes a link is told from another by."""
    return secrets.token_urlsafe(BYTES)


def _token(activation: Activation, by: User, form: str) -> str:
    """As hard to guess as a random one, for whoever does not have our key, also with the form at hand."""
    mixed = salted_hmac("share link", f"{activation.pk}:{by.pk}:{form}", algorithm="sha256").digest()
    return urlsafe_b64encode(mixed).decode().rstrip("=")


def revoke(link: ShareLink, *, by: User, now: datetime) -> bool:
    """End it at once; False when it was over before."""
    with transaction.atomic():
        mine = ShareLink.objects.filter(pk=link.pk, revoked_at=None, ends_at__gt=now)
        if not mine.update(revoked_at=now, revoked_by=by):
            return False
        _tell(link, "unshared", by, now)
    log.info("A share link was revoked.", activation=link.activation_id, link=link.pk)
    return True


def _tell(link: ShareLink, what: str, by: User, now: datetime) -> None:
    """A line of the story, and a new version for the pages that are open."""
    Event.objects.create(
        workspace_id=link.workspace_id, activation_id=link.activation_id, at=now, actor=by, what=what,
        data={"link": link.pk, "ends_at": link.ends_at.isoformat()},
    )  # fmt: skip
    Activation.objects.filter(pk=link.activation_id).update(version=F("version") + 1)


def find(token: str, now: datetime) -> ShareLink | None:
    """The living link with this token. Ended, revoked and unknown ones are one and the same: None, for one
    question to the database that is the same for all; it compares hashes, of which no guesser chooses the beginning."""
    rows = ShareLink.objects.living(now).select_related("activation__workspace")
    return rows.filter(digest=digest(token)).first()


def unchanged(token: str, version: int, now: datetime) -> bool:
    """Whether the link lives and its activation is still as it was; one query."""
    return ShareLink.objects.living(now).filter(digest=digest(token), activation__version=version).exists()


def note_opening(link: ShareLink, now: datetime) -> None:
    """Remember that somebody opened it."""
    if link.opened_at is None or link.opened_at <= now - NOTED_EVERY:
        ShareLink.objects.filter(pk=link.pk).update(opened_at=now)


def forget(now: datetime) -> int:
    """Delete links that have been over for KEPT; returns how many."""
    over = ShareLink.objects.filter(Q(ends_at__lt=now - KEPT) | Q(revoked_at__lt=now - KEPT))
    return over.delete()[0]
