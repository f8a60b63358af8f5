"""Deterministic names and numbers: the same seed always gives the same ids."""

import hashlib


def digest(*parts: object) -> bytes:
    """Sixteen stable bytes for a label."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def uuid_for(*parts: object) -> str:
    """A version 4 looking UUID that depends only on the label."""
    raw = bytearray(digest(*parts))
    raw[6] = (raw[6] & 0x0F) | 0x40
    raw[8] = (raw[8] & 0x3F) | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def hex_for(length: int, *parts: object) -> str:
    """A stable opaque hash, at most 32 characters."""
    return digest(*parts).hex()[:length]


def number_for(below: int, *parts: object) -> int:
    """A stable number in 0..below-1."""
    return int.from_bytes(digest(*parts)[:6], "big") % below
