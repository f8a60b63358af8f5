"""Encryption of stored secrets at rest, with key rotation: the first key writes, every key reads."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(f"Environment variable FIELD_KEYS is malformed: {error}") from error


def encrypt(plain: str) -> str:
    """Cipher text of `plain` under the first of FIELD_KEYS; "" stays ""."""
    return _fernet(tuple(settings.FIELD_KEYS)).encrypt(plain.encode()).decode() if plain else ""


def decrypt(cipher: str) -> str:
    """Plain text of `cipher`. Raises ValueError when none of FIELD_KEYS opens it."""
    if not cipher:
        return ""
    try:
        return _fernet(tuple(settings.FIELD_KEYS)).decrypt(cipher.encode()).decode()
    except InvalidToken as error:
        raise ValueError("The stored secret cannot be opened with any of FIELD_KEYS.") from error
