"""Carries a parcel out of the house and says how it went; nothing here knows the database.

The one place where a notice leaves. Whatever happens comes back as an `Answer` within the patience that was set,
and what it says was cleaned of the channel's secrets.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException
from urllib.parse import quote, unquote

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from audiences.told import Told
from audiences.told import said as _
from notices.models import Channel
from notices.parcels import Parcel

log = structlog.get_logger(__name__)
SAID = 300
# Shorter pieces of an address are words like "bot" or "hook", and no secrets.
SECRET_FROM = 6
# What a child needs to find its libraries, certificates and proxy; none of our keys.
PASSED_ON = re.compile(
    r"PATH|LANG|LC_\w+|TMPDIR|HOME|SYSTEMROOT|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(HTTPS?|ALL|NO)_PROXY"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try went. `said` is why it failed; `permanent`: no second try would go better; `wait` in seconds."""

    ok: bool
    said: str | Told = ""
    status: int | None = None
    permanent: bool = False
    wait: int | None = None


def carry(parcel: Parcel, now: datetime) -> Answer:
    """Try once."""
    return _mail(parcel) if parcel.kind == Channel.Kind.EMAIL else _by_courier(parcel, now)


def _by_courier(parcel: Parcel, now: datetime) -> Answer:
    child = [sys.executable, "-B", "-m", "notices.courier"]
    try:
        done = subprocess.run(  # noqa: S603  our own module
            child,
            input=json.dumps(parcel.for_courier(now)),
            capture_output=True,
            text=True,
            timeout=settings.NOTIFY_TIMEOUT,
            cwd=settings.BASE_DIR,
            env={name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name.upper())},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(False, _("No answer within %(n)s s: cut off.") % {"n": settings.NOTIFY_TIMEOUT})
    if done.returncode:
        # Its last line names the exception; the rest may hold anything.
        last = (done.stderr.strip().splitlines() or [""])[-1]
        log.error("A courier failed.", code=done.returncode, kind=parcel.kind)
        return Answer(False, _("The courier failed: %(why)s") % {"why": clean(last, parcel)})
    return _heard(json.loads(done.stdout), parcel)


def _heard(answer: dict[str, object], parcel: Parcel) -> Answer:
    heard, status, wait = (
        clean(str(answer.get("said") or ""), parcel),
        answer.get("status"),
        answer.get("wait"),
    )
    said: str | Told = heard or _("It failed without saying why.")
    if answer.get("no_service"):
        said = _("No service is known by such an address.")
    elif where := answer.get("kept_from"):
        said = _(
            "It leads to %(where)s, a network that notices may not reach. An administrator can name it in "
            "NOTIFY_NETWORKS."
        ) % {"where": where}
    elif isinstance(status, int) and not answer["ok"]:
        said = _("It answered %(status)s. %(said)s") % {"status": status, "said": heard}
    return Answer(
        bool(answer["ok"]),
        "" if answer["ok"] else said,
        status if isinstance(status, int) else None,
        bool(answer.get("permanent")),
        wait if isinstance(wait, int) else None,
    )


def _mail(parcel: Parcel) -> Answer:
    if not settings.EMAIL_URL:
        return Answer(
            False, _("No mail server is set: an administrator can name one in EMAIL_URL."), permanent=True
        )
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    mail = EmailMessage(
        " ".join(parcel.subject.split()),
        parcel.text,
        to=[parcel.address],
        # The same for every try: a mail server that sees it twice can tell.
        headers={"Message-ID": f"<{parcel.key}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        return Answer(False, f"{type(error).__name__}: {clean(str(error), parcel)}")
    return Answer(True)


def clean(text: str, parcel: Parcel) -> str:
    """Short, on one line, and without anything of the channel's address or secret."""
    pieces = re.split(r"[/:@?&=#\s]+", f"{parcel.address} {parcel.secret}")
    words = {parcel.address, parcel.secret, *pieces}
    if parcel.kind == Channel.Kind.EMAIL:
        words = {parcel.address}
    for word in sorted(
        words | {quote(w, safe="") for w in words} | {unquote(w) for w in words}, key=len, reverse=True
    ):
        if len(word) >= SECRET_FROM:
            text = text.replace(word, "…")
    return re.sub(r"\s+", " ", text).strip()[:SAID]
