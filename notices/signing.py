"""The signature of a webhook, as the Standard Webhooks specification (standardwebhooks.com, v1) has it.

HMAC-SHA256 over "id.timestamp.body". The id is the notice's own and stays the same however often it is tried; the
timestamp (Unix seconds) is the try's. A receiver refuses old timestamps and ids that it has seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
BYTES = (24, 64)


def new_secret() -> str:
    """A fresh signing secret: "whsec_" and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key in a secret. Raises ValueError unless it is "whsec_" and 24 to 64 bytes in base64."""
    if not secret.startswith(PREFIX):
        raise ValueError("The signing secret must begin with whsec_.")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("The signing secret is not base64.") from error
    if not BYTES[0] <= len(key) <= BYTES[1]:
        raise ValueError("The signing secret must hold 24 to 64 bytes.")
    return key


def signature(secret: str, key: str, timestamp: int, body: str) -> str:
    """ "v1,…": the signature of this body, under this id, at this moment."""
    signed = hmac.new(key_of(secret), f"{key}.{timestamp}.{body}".encode(), hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def headers(secret: str, key: str, timestamp: int, body: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Activate-on-demand",
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, key, timestamp, body),
    }
