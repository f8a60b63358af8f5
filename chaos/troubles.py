"""Everything that can go wrong, by name: how it begins, how it ends, how long it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from bench.vendor import ADHOCRUN
from chaos.platform import RUNS, Platform

HOUR = timedelta(hours=1)
LEASE_AND_MORE = 11.0
TOKENS = "/ims/token/v3"
EVERYTHING = "*"
Pair = tuple[str, str]


class Stack(Protocol):
    """What the two stacks have in common."""

    name: str
    parts: tuple[str, ...]
    env: dict[str, str]

    def kill(self, part: str) -> None: ...
    def freeze(self, part: str) -> None: ...
    def thaw(self, part: str) -> None: ...
    def double(self, part: str) -> None: ...
    def revive(self) -> None: ...
    def flush(self) -> None: ...
    def restart_database(self) -> None: ...
    def cut_off(self) -> bool: ...
    def mend(self) -> None: ...


@dataclass
class Scene:
    """What a trouble acts on."""

    stack: Stack
    platform: Platform
    pairs: list[Pair]
    cancel: Callable[[Random], None] = lambda _dice: None


Act = Callable[[Scene, Random], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """`length` in seconds; 0 is over at once, and `end` is then never called."""

    begin: Act
    end: Act
    length: float = 0.0


def nothing(_scene: Scene, _dice: Random) -> None:
    """No end needed."""


def fault(name: str, method: str, path: str, fault_name: str, **fields: Any) -> tuple[str, Trouble]:
    """A fault of the simulator on one path, with a likelihood drawn from the plan's dice."""

    def begin(scene: Scene, dice: Random) -> None:
        likely = dice.choice([0.3, 0.6, 1.0])
        rule = {"method": method, "path": path, "fault": fault_name, "seed": dice.randrange(2**31)}
        scene.platform.strike(name, [{**rule, "probability": likely, **fields}])

    return name, Trouble(begin, lambda scene, _dice: scene.platform.heal(name), 8.0)


def outage(name: str, *rules: dict[str, Any], length: float) -> tuple[str, Trouble]:
    """The whole platform is away: a compressed quarter of an hour."""

    def begin(scene: Scene, _dice: Random) -> None:
        scene.platform.strike(name, [{"method": "*", "path": EVERYTHING, **rule} for rule in rules])

    return name, Trouble(begin, lambda scene, _dice: scene.platform.heal(name), length)


def kill(kind: str) -> Act:
    """kill -9 one process of a kind; on services it stays away until the end, as a dead host does."""

    def begin(scene: Scene, dice: Random) -> None:
        scene.stack.kill(
            dice.choice([part for part in scene.stack.parts if part.startswith(kind)] or ["worker"])
        )

    return begin


def kill_all(kind: str) -> Act:
    def begin(scene: Scene, _dice: Random) -> None:
        for part in scene.stack.parts:
            if part.startswith(kind):
                scene.stack.kill(part)

    return begin


def revive(scene: Scene, _dice: Random) -> None:
    scene.stack.revive()


def kill_mid_send(scene: Scene, dice: Random) -> None:
    """Hold an ad-hoc call for a moment, and kill every worker while it is in the air."""
    slow = {"method": "POST", "path": ADHOCRUN, "fault": "delay", "delay_ms": dice.choice([300, 1500])}
    scene.platform.strike("mid_send", [slow])
    before, end = scene.platform.posts(), time.monotonic() + 5
    while scene.platform.posts() == before and time.monotonic() < end:
        time.sleep(0.02)
    kill_all("worker")(scene, dice)
    scene.platform.heal("mid_send")


def freeze(scene: Scene, _dice: Random) -> None:
    """The worker stops in the middle of whatever it does, longer than its lease."""
    scene.stack.freeze("worker")


def thaw(scene: Scene, _dice: Random) -> None:
    """… and goes on, knowing nothing of what was decided meanwhile."""
    scene.stack.thaw("worker")


def freeze_mid_send(scene: Scene, dice: Random) -> None:
    """As `kill_mid_send`, but the sender comes back with its answer after its lease has ended."""
    before, end = scene.platform.posts(), time.monotonic() + 5
    slow = {"method": "POST", "path": ADHOCRUN, "fault": "delay", "delay_ms": 800}
    scene.platform.strike("mid_freeze", [slow])
    while scene.platform.posts() == before and time.monotonic() < end:
        time.sleep(0.02)
    freeze(scene, dice)
    scene.platform.heal("mid_freeze")


def double_both(scene: Scene, _dice: Random) -> None:
    scene.stack.double("worker")
    scene.stack.double("beat")


def jump(by: timedelta) -> Act:
    def begin(scene: Scene, _dice: Random) -> None:
        scene.platform.jump(by)

    return begin


def somebody_else(kind: str) -> Act:
    """Runs of some of the same pairs that are not ours."""

    def begin(scene: Scene, dice: Random) -> None:
        for dataflow, audience in dice.sample(scene.pairs, min(6, len(scene.pairs))):
            scene.platform.foreign_run(dataflow, audience, kind, dice.uniform(5, 40))

    return begin


def flush(scene: Scene, _dice: Random) -> None:
    scene.stack.flush()


def restart_database(scene: Scene, _dice: Random) -> None:
    scene.stack.restart_database()


def cut_off(scene: Scene, _dice: Random) -> None:
    """One worker loses database, broker and platform at once, in the middle of whatever it does."""
    scene.stack.cut_off()


def mend(scene: Scene, _dice: Random) -> None:
    scene.stack.mend()


def cancel(scene: Scene, dice: Random) -> None:
    """Somebody takes back what has not left."""
    scene.cancel(dice)


TROUBLES: dict[str, Trouble] = {
    "kill_worker": Trouble(kill("worker"), revive, 4.0),
    **dict([fault("post_silence_after", "POST", ADHOCRUN, "silence_after")]),
    "kill_mid_send": Trouble(kill_mid_send, revive, 3.0),
    **dict([fault("post_reset_after", "POST", ADHOCRUN, "reset_after")]),
    "flush": Trouble(flush, nothing),
    **dict([fault("post_drop_pair", "POST", ADHOCRUN, "drop_pair")]),
    "restart_database": Trouble(restart_database, nothing),
    **dict([fault("post_503", "POST", ADHOCRUN, "status", status=503)]),
    "platform_plus_hour": Trouble(jump(HOUR), nothing),
    **dict([fault("post_truncate", "POST", ADHOCRUN, "truncate")]),
    "cut_off": Trouble(cut_off, mend, LEASE_AND_MORE + 4),
    "freeze_mid_send": Trouble(freeze_mid_send, thaw, LEASE_AND_MORE),
    **dict([fault("runs_empty_page", "GET", RUNS, "empty_page")]),
    "kill_broker": Trouble(kill("broker"), revive, 4.0),
    **dict([fault("revoke_token", "*", "*", "revoke_token")]),
    **dict([outage("outage_503", {"fault": "status", "status": 503}, length=18.0)]),
    "double_both": Trouble(double_both, nothing),
    **dict([fault("run_slow_start", "POST", ADHOCRUN, "run_slow_start")]),
    "foreign_adhoc": Trouble(somebody_else("adhoc"), nothing),
    **dict([fault("post_429", "POST", ADHOCRUN, "status", status=429)]),
    "platform_minus_hour": Trouble(jump(-HOUR), jump(HOUR), 6.0),
    **dict([fault("run_error", "POST", ADHOCRUN, "run_error")]),
    "kill_beat": Trouble(kill_all("beat"), revive, 5.0),
    **dict([fault("runs_silence", "GET", RUNS, "silence_after")]),
    "foreign_scheduled": Trouble(somebody_else("scheduled"), nothing),
    **dict([fault("post_html", "POST", ADHOCRUN, "html", status=200)]),
    "kill_web": Trouble(kill("web"), nothing),
    **dict([outage("outage_reset", {"fault": "reset_before"}, length=15.0)]),
    "freeze": Trouble(freeze, thaw, LEASE_AND_MORE),
    **dict([fault("post_500", "POST", ADHOCRUN, "status", status=500)]),
    "cancel": Trouble(cancel, nothing),
    **dict([fault("post_delay", "POST", ADHOCRUN, "delay", delay_ms=2_500)]),
    **dict([fault("post_429_after", "POST", ADHOCRUN, "status", status=429, retry_after=3)]),
    **dict([fault("run_empty", "POST", ADHOCRUN, "run_empty")]),
    **dict([fault("post_reset_before", "POST", ADHOCRUN, "reset_before")]),
    **dict([fault("runs_reset", "GET", RUNS, "reset_before")]),
    **dict([fault("runs_500", "GET", RUNS, "status", status=500)]),
    **dict([fault("runs_truncate", "GET", RUNS, "truncate")]),
    **dict([fault("runs_html", "GET", RUNS, "html", status=502)]),
    **dict([fault("runs_429", "GET", RUNS, "status", status=429)]),
    **dict([fault("token_500", "POST", TOKENS, "status", status=500)]),
    **dict([fault("token_reset", "POST", TOKENS, "reset_after")]),
}
LENGTHS = {name: trouble.length for name, trouble in TROUBLES.items()}
