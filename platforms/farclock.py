"""The platform's own clock, as far as its answers tell it: ours may be wrong, and runs are dated by theirs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class FarClock:
    """Goes on by itself between two answers, by a clock that nobody sets: a host whose time is corrected in
    between is none the wiser. Never ahead of the platform, because `Date` leaves out the begun second."""

    def __init__(self) -> None:
        self._heard: tuple[datetime, float] | None = None

    def hear(self, date: str | None) -> None:
        """Take the time from an answer's `Date`; one that cannot be read changes nothing."""
        try:
            moment = parsedate_to_datetime(date or "")
        except (ValueError, TypeError, OverflowError, IndexError):
            return
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._heard = (aware, time.monotonic())

    def now(self) -> datetime | None:
        """The platform's present moment; None while nothing has been heard of it."""
        if self._heard is None:
            return None
        moment, heard = self._heard
        return moment + timedelta(seconds=time.monotonic() - heard)
