"""Carries one notice to a webhook or a service and says how it went: a process of its own, `python -m notices.courier`.

Of its own, so that what hangs can be killed to the second, what Apprise needs (40 MB) is gone afterwards, and the
guard over its connections is about nothing else. The parcel comes as JSON on stdin, never as an argument; the
answer goes to stdout. Plain Python: neither Django nor the database is here.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from notices.guard import Guard

# Of what the other side says, enough to understand a refusal.
HEARD = 600


def main() -> int:
    parcel = json.load(sys.stdin)
    carry = webhook if parcel["kind"] == "webhook" else chat
    answer = carry(parcel, Guard(parcel["networks"]))
    json.dump(answer, sys.stdout)
    return 0


def webhook(parcel: dict[str, Any], guard: Guard) -> dict[str, Any]:
    """POST the signed body. Redirects are not followed: the signature was meant for this address."""
    import httpx

    client = httpx.Client(timeout=parcel["timeout"], follow_redirects=False)
    guard.stand()
    try:
        with client.stream(
            "POST", parcel["url"], content=parcel["body"], headers=parcel["headers"]
        ) as answer:
            return _answered(answer.status_code, answer.headers, _beginning(answer))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        return {"ok": False, "permanent": True, "said": str(error)}
    except httpx.HTTPError as error:
        return _kept(guard) or {"ok": False, "said": f"{_words(error)}: {error}"}


def _words(error: Exception) -> str:
    """ReadTimeout → "Read timeout"."""
    name = type(error).__name__
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip().capitalize()


def _beginning(answer: Any) -> str:
    said = b""
    for piece in answer.iter_bytes():
        said += piece
        if len(said) >= HEARD:
            break
    return said[:HEARD].decode("utf-8", "replace")


def _answered(status: int, headers: Any, said: str) -> dict[str, Any]:
    wait = headers.get("Retry-After", "")
    return {
        "ok": 200 <= status < 300,
        "status": status,
        "said": said,
        # Gone: the receiver says that it will never be there again.
        "permanent": status == 410,
        "wait": int(wait) if wait.isascii() and wait.isdigit() else None,
    }


def chat(parcel: dict[str, Any], guard: Guard) -> dict[str, Any]:
    """Hand the notice to the service that Apprise knows by the address."""
    import apprise

    heard = _Heard()
    logging.getLogger("apprise").addHandler(heard)
    # Nothing is kept between two notices, and nobody's logo is fetched from somewhere else.
    asset = apprise.AppriseAsset(
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        app_id="Activate on-demand",
        app_desc="Activate on-demand",
        app_url="",
        image_url_mask="",
        image_url_logo="",
    )
    service = apprise.Apprise.instantiate(parcel["address"], asset=asset, suppress_exceptions=True)
    if service is None:
        return {"ok": False, "permanent": True, "no_service": True}
    guard.stand()
    sent = service.notify(
        title=parcel["title"],
        body=parcel["body"],
        notify_type=parcel["type"],
        body_format=apprise.NotifyFormat.TEXT,
    )
    if sent:
        return {"ok": True}
    return _kept(guard) or {"ok": False, "said": " ".join(heard.lines)[-HEARD:]}


def _kept(guard: Guard) -> dict[str, Any] | None:
    """What is said when the guard was in the way: nothing changes by trying again."""
    if not guard.refused:
        return None
    return {"ok": False, "permanent": True, "kept_from": guard.refused[-1]}


class _Heard(logging.Handler):
    """What Apprise says about a failure; its debug lines hold whole addresses and are not listened to."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    sys.exit(main())
