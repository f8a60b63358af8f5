"""Vendor timestamps, told apart by magnitude, as aware UTC datetimes (contract §1.7)."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_FROM = 1e15
_MILLISECONDS_FROM = 1e12


def moment(value: object) -> datetime | None:
    """Seconds, milliseconds or microseconds since 1970, as number or text, or an ISO date-time.

    Zero and below mean "no value" (activities carry `updatedAtUTC: 0`); nonsense is None.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _since_epoch(value)
    if not isinstance(value, str) or len(value) > 64:
        return None
    written = value.strip()
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,9})?", written):
        return _since_epoch(float(written) if "." in written else int(written))
    return _iso(written)


def _since_epoch(number: float) -> datetime | None:
    if not math.isfinite(number) or number <= 0:
        return None
    try:
        if number >= _MICROSECONDS_FROM:
            return EPOCH + timedelta(microseconds=int(number))
        if number >= _MILLISECONDS_FROM:
            return EPOCH + timedelta(milliseconds=number)
        return EPOCH + timedelta(seconds=number)
    except OverflowError:
        return None


def _iso(written: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(written)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def day(value: object) -> date | None:
    """`YYYY-MM-DD` (the first ten characters of anything longer), in UTC."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
