"""A choice of mappings as a short text for addresses and forms: thousands of row ids in a few kilobytes."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from itertools import pairwise

# More than anybody presses at once, and a bound on what a forged text may unfold to.
AT_MOST = 20_000
UNFOLDED_AT_MOST = 200_000
LARGEST = 2**63 - 1


def fold(pks: Iterable[int]) -> str:
    """Sorted ids as differences, compressed, in URL-safe letters; "" for none."""
    ordered = sorted(set(pks))
    if not ordered:
        return ""
    steps = [ordered[0], *(after - before for before, after in pairwise(ordered))]
    packed = zlib.compress(",".join(map(str, steps)).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unfold(text: str) -> set[int]:
    """The ids of `fold`'s text; what cannot be read is an empty choice, never an error."""
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        steps = zlib.decompressobj().decompress(packed, UNFOLDED_AT_MOST).decode("ascii").split(",")
        return _sum(int(step) for step in steps[:AT_MOST]) if text else set()
    except (ValueError, zlib.error, binascii.Error):
        return set()


def _sum(steps: Iterable[int]) -> set[int]:
    found, here = set(), 0
    for step in steps:
        here += step
        if 0 < here <= LARGEST:
            found.add(here)
    return found


def numbers(values: Iterable[str]) -> set[int]:
    """The whole numbers among form values; anything else is nobody's id."""
    return {int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19}
