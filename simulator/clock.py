"""The simulated clock: real time, unless somebody set it or sped it up."""

import threading
import time
from datetime import UTC, datetime

DAY = 86_400


class SimClock:
    """Seconds since the epoch, moving `speed` times as fast as the wall clock."""

    def __init__(self, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._real = time.monotonic()
        self._sim = time.time()
        self.speed = speed
        self.was_set = False

    def now(self) -> float:
        """The simulated moment in epoch seconds."""
        with self._lock:
            return self._read()

    def set(self, now: float | None = None, speed: float | None = None) -> None:
        """Move the hand, change the pace, or both."""
        with self._lock:
            self._sim = self._read() if now is None else now
            self._real = time.monotonic()
            self.speed = self.speed if speed is None else speed
            self.was_set = self.was_set or now is not None

    def _read(self) -> float:
        return self._sim + (time.monotonic() - self._real) * self.speed


def iso(moment: float) -> str:
    """ISO 8601 in UTC with milliseconds, as the control plane speaks."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def day_of(moment: float) -> str:
    """The UTC date of a moment, as schedules write it."""
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def millis(moment: float) -> int:
    """Epoch milliseconds, the unit of the Flow Service."""
    return int(moment * 1000)
