"""What can happen to a press at the platform: each story has a simulator and a workspace of its own, so that
all of them happen at the same time while the pages are looked at one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from activations.answers import UNAUTHORIZED_RETRIES
from simulator.adhoc import Pair as There
from simulator.adhoc import adhoc_run
from simulator.dataflow import Flow
from simulator.runs import Run
from simulator.sandbox import Sandbox
from simulator.server import Simulator
from tests.journey.pages import Journey
from tests.journey.stage import SPEED, Pair, Stage, exports, strike, together

RUNS = "/data/foundation/flowservice/runs"
FLOWS = "/data/foundation/flowservice/flows"
WORDS = ("segment", "audience")
Rule = dict[str, Any]


@dataclass
class Scene:
    """One story being played."""

    sim: Simulator
    pairs: list[Pair]
    activation: str = ""

    @property
    def pair(self) -> Pair:
        return self.pairs[-1]

    @property
    def place(self) -> Sandbox:
        return self.sim.world.sandboxes["prod"]

    @property
    def flow(self) -> Flow:
        return self.place.flows[self.pair.dataflow]

    @property
    def sent(self) -> list[int]:
        """How often the platform accepted each pair."""
        return [exports(self.sim).count(pair.ids) for pair in self.pairs]

    def change(self, schedule: dict[str, str] | None = None, **fields: str) -> None:
        """Change the last pair's mapping at the platform; the copy does not know."""
        for selector in self.flow.selectors:
            value = selector["value"]
            if self.pair.audience in (value["id"], value.get("systemSegmentId")):
                value["schedule"] |= schedule or {}
                value |= fields
        self.flow.changed(self.sim.world.now(), "update")

    def run_of_others(self, lasts: float = 60) -> Run:
        """Somebody else's ad-hoc run for the last pair, begun now."""
        now = self.sim.world.now()
        run = adhoc_run(self.place, There(self.flow, self.pair.audience), "theirs", now)
        run.ends = now + lasts
        self.place.runs.add(run)
        return run

    def release(self) -> None:
        """Let time go on and faults end."""
        self.sim.world.faults.replace({"rules": []})
        self.sim.world.clock.set(speed=SPEED)


@dataclass(frozen=True)
class Story:
    """What the platform does. `before` happens between the copy and the press; `still` stops its clock."""

    rules: tuple[Rule, ...] = ()
    before: Callable[[Scene], object] = lambda scene: None
    word: str | None = None
    count: int = 1
    still: bool = False
    spoil: dict[str, str] = field(default_factory=dict)


def unmap(scene: Scene) -> None:
    scene.change(id="somebody-else", systemSegmentId="somebody-else")


def end_schedule(scene: Scene) -> None:
    scene.change(schedule={"endDate": "2020-01-01"})


def map_anew(scene: Scene) -> None:
    scene.change(createTime=str(int(scene.sim.world.now()) - 60))


def stream(scene: Scene) -> None:
    scene.flow.kind = "streaming"


def deliver_in_part(scene: Scene) -> None:
    scene.place.outcomes[scene.pair.ids] = "partial"


def status(status: int, **more: Any) -> Rule:
    return {"fault": "status", "status": status, **more}


# Our credentials may not read dataflows: the last look before sending knows no better than the copy.
BLIND = {**status(403), "method": "GET", "path": FLOWS, "times": None}
# Nor may they read runs, until the faults end.
NO_RUNS = {**status(403), "method": "GET", "path": RUNS, "times": None}

STORIES: dict[str, Story] = {
    **{f"joined, {word}": Story(before=Scene.run_of_others, word=word, still=True) for word in WORDS},
    **{f"unmapped, {word}": Story(before=unmap, word=word, rules=(BLIND,)) for word in WORDS},
    **{f"ended, {word}": Story(before=end_schedule, word=word, rules=(BLIND,)) for word in WORDS},
    "one of three": Story(before=end_schedule, count=3, rules=(BLIND,)),
    "seen in time": Story(before=end_schedule, count=3),
    "not ready": Story(before=map_anew, rules=(BLIND,)),
    "not supported": Story(before=stream),
    "401": Story(rules=(status(401, times=2 * (1 + UNAUTHORIZED_RETRIES)),)),  # each try asks with two tokens
    "403": Story(rules=(status(403),)),
    "404": Story(rules=(status(404),)),
    "wrong key": Story(spoil={"client_id": "somebody-else"}),
    "wrong secret": Story(spoil={"client_secret": "an old one"}),
    "wrong organisation": Story(spoil={"org": "OTHER@AdobeOrg"}),
    "wrong sandbox": Story(spoil={"sandbox": "old"}),
    "429": Story(rules=(status(429),)),
    "429, Retry-After": Story(rules=(status(429, retry_after=3),)),
    "reset_after": Story(rules=({"fault": "reset_after"},)),
    "silence_after": Story(rules=({"fault": "silence_after"},)),
    "truncate": Story(rules=({"fault": "truncate"},)),
    "drop_pair": Story(rules=({"fault": "drop_pair"},)),
    "held": Story(rules=({"fault": "reset_after"}, NO_RUNS)),
    "500": Story(rules=(status(500),)),
    "503": Story(rules=(status(503, retry_after=1),)),
    "html": Story(rules=({"fault": "html"},)),
    "reset_before": Story(rules=({"fault": "reset_before"},)),
    "no trace": Story(rules=({"fault": "html", "times": 2},)),
    "failed": Story(rules=({"fault": "run_error"},)),
    "empty": Story(rules=({"fault": "run_empty"},)),
    "partly": Story(before=deliver_in_part),
}  # fmt: skip


@contextmanager
def played(stage: Stage, presser: Journey) -> Iterator[dict[str, Scene]]:
    """Play all stories: every workspace first, then press after press in one browser, without waiting for any
    outcome."""
    with ExitStack() as kept:
        scenes = {}
        for number, (name, story) in enumerate(STORIES.items()):
            sim = kept.enter_context(Simulator(port=0, seed=number, dataflows=4, audiences=20, speed=SPEED))
            pairs = stage.furnisher.pairs(place=f"story-{number}", address=sim.url, spoil=story.spoil)
            ready = (pair for pair in pairs if pair.kind == "ready")
            scenes[name] = Scene(sim, together(ready, story.count))
        for name, story in STORIES.items():
            begin(presser, story, scenes[name])
        yield scenes


def begin(presser: Journey, story: Story, scene: Scene) -> None:
    """Somebody asks, the platform changes, and they press: the question was honest when it was put."""
    presser.ask(*scene.pairs)
    world = scene.sim.world
    with world.lock:
        world.word = story.word
        if story.still:
            world.clock.set(speed=0)
        story.before(scene)
    strike(scene.sim, *story.rules)
    presser.answer()
    scene.activation = urlsplit(presser.page.url).path
