"""Requests a minute, per operation: counted, told in headers, and refused beyond."""

from email.utils import formatdate

from simulator.ids import number_for
from simulator.segment.refusals import throttled
from simulator.segment.shelf import Shelf
from simulator.wire import Answer, Refusal, dumps

WINDOW = 60.0
# The vendor names no default; this one is only here so that there is an end.
DEFAULT = 200


class TooMany(Refusal):
    """429, with the header on some and only the body on others."""

    def __init__(self, wait: float, consumed: int, *, header: bool) -> None:
        super().__init__(429, throttled(max(1, round(wait * 1000)), consumed))
        self.headers = {"Retry-After": str(max(1, -(-int(wait * 1000) // 1000)))} if header else {}


def count(shelf: Shelf, group: str, limit: int, now: float) -> None:
    """Take one of this group's requests in the present window, or refuse."""
    begun = now // WINDOW * WINDOW
    used = [moment for moment in shelf.used.get(group, []) if moment >= begun]
    if len(used) >= limit:
        header = not number_for(2, shelf.seed, group, len(used), int(now * 10))
        raise TooMany(begun + WINDOW - now, len(used) + 1, header=header)
    shelf.used[group] = [*used, now]


def tell(found: Answer, shelf: Shelf, group: str, limit: int, *, now: float, header_time: float) -> Answer:
    """The three headers of every successful answer. Reset is a date, neither seconds nor an epoch."""
    used = len(shelf.used.get(group, []))
    ends = header_time + (now // WINDOW * WINDOW + WINDOW - now)
    found.headers |= {
        "X-RateLimit-Consumed": str(used),
        "X-RateLimit-Remaining": str(limit - used),
        "X-RateLimit-Reset": formatdate(ends, usegmt=True),
    }
    return found


def refused(refusal: Refusal) -> Answer:
    """The answer of a refusal, with the headers it may carry."""
    return Answer(refusal.status, dumps(refusal.body), dict(getattr(refusal, "headers", {})))
