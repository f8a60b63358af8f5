"""The world behind the port: one organisation with its sandboxes and tokens, one Segment workspace, the clock
and the ledger."""

import threading
import time
from dataclasses import dataclass

from simulator.clock import SimClock
from simulator.cycle import advance
from simulator.faults import FaultBoard
from simulator.ids import uuid_for
from simulator.ledger import Ledger
from simulator.sandbox import Sandbox
from simulator.seed import seed_sandbox
from simulator.segment.seed import seed_segment
from simulator.tokens import Tokens

ORG = "DEMO@AdobeOrg"
CLIENT_ID = "demo-client"
CLIENT_SECRET = "demo-secret"  # noqa: S105 - the published credentials of a stand-in, not a secret
PLACES = (
    ("prod", "Production", "production", "active", True),
    ("dev", "Development", "development", "active", False),
    ("old", "Closed last year", "development", "deleted", False),
)
DEV_AUDIENCES, DEV_FLOWS = 12, 3


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a world is seeded with."""

    seed: int = 7
    audiences: int = 120
    dataflows: int = 12


class World:
    """Everything the simulator knows. Handlers hold `lock` while they read or change it."""

    def __init__(self, sizes: Sizes, speed: float = 1.0) -> None:
        self.lock = threading.RLock()
        self.clock = SimClock(speed)
        self.faults = FaultBoard()
        self.ledger = Ledger()
        self._speed = speed
        self._fill(sizes)

    def _fill(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.tokens = Tokens(sizes.seed)
        self.word: str | None = None
        self.refusals = 0
        self.jobs = 0
        self.extra_runs = 0
        self.began = self.clock.now()
        self.sandboxes = {place[0]: self._sandbox(*place) for place in PLACES}
        seed_sandbox(self.sandboxes["prod"], sizes.audiences, sizes.dataflows)
        small = min(DEV_AUDIENCES, sizes.audiences), min(DEV_FLOWS, sizes.dataflows)
        seed_sandbox(self.sandboxes["dev"], *small)
        self.segment = seed_segment(sizes.seed, sizes.audiences, self.began)

    def _sandbox(self, name: str, title: str, kind: str, state: str, default: bool) -> Sandbox:
        seed = f"{self.sizes.seed}/{name}"
        return Sandbox(name, title, uuid_for(seed, "sandbox"), kind, state, default, ORG, seed, self.began)

    def now(self) -> float:
        """The simulated moment."""
        return self.clock.now()

    def at_now(self, place: Sandbox) -> float:
        """Bring a sandbox up to the moment and return it."""
        now = self.now()
        advance(place, now)
        return now

    def header_time(self) -> float:
        """What the Date header says: real time until somebody sets the clock."""
        return self.now() if self.clock.was_set else time.time()

    def reset(self, sizes: Sizes) -> None:
        """Begin again: catalogue, tokens, faults, ledger and clock."""
        with self.lock:
            self.clock = SimClock(self._speed)
            self.faults.replace({"rules": []})
            self.ledger.clear()
            self._fill(sizes)
