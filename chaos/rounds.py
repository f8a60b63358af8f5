"""One round: mirror, press, let it break, heal, let it settle, judge."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from chaos import plan as planning
from chaos.house import PATIENCE, Command, House, NoAnswer
from chaos.judge import Pair, Verdict, judge
from chaos.plan import Plan, Step
from chaos.platform import Platform
from chaos.troubles import TROUBLES, Scene, Stack

LOOK_EVERY = 0.5
LONGEST_WAIT = 700.0


@dataclass
class Round:
    """A round under way. `pressed` is what each token asked for; `asked` the activations that came of it."""

    plan: Plan
    house: House
    scene: Scene
    slug: str
    pairs: list[Pair]
    commands: list[Command] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    pressed: dict[str, list[Pair]] = field(default_factory=dict)
    asked: dict[int, list[Pair]] = field(default_factory=dict)
    began: set[str] = field(default_factory=set)

    def step(self, step: Step) -> None:
        """Do what the plan says now."""
        if step.verb == "press":
            self._press(step)
        elif step.verb == "begin":
            self.began.add(step.name)
            TROUBLES[step.name].begin(self.scene, Random(step.options["dice"]))  # noqa: S311
        else:
            self.began.discard(step.name)
            TROUBLES[step.name].end(self.scene, Random(step.options["dice"]))  # noqa: S311

    def _press(self, step: Step) -> None:
        pairs = planning.share_of(self.pairs, step.options["share"])
        if not pairs:
            return
        self.pressed[step.name] = pairs
        if step.options["way"] == "verb":
            # Once only: what keeps it (a frozen worker in SQLite's lock) may end with the plan's next step.
            try:
                self._by_verb(step.name, patience=0)
            except NoAnswer:
                self.unanswered.append(step.name)
            return
        command = self.house.activate(self.slug, pairs, step.name)
        self.commands.append(command)
        if step.options["way"] == "killed":
            time.sleep(Random(self.plan.seed).uniform(0.6, 2.5))  # noqa: S311
            command.child.kill()

    def _by_verb(self, token: str, patience: float = PATIENCE) -> None:
        pairs = self.pressed[token]
        said = self.house.ask("press", patience=patience, slug=self.slug, pairs=pairs, token=token)
        if said["activation"]:
            self.asked[said["activation"]] = pairs

    def resolve(self) -> None:
        """What every command came to. What ended without an answer is pressed again with its token, as its
        script would."""
        for token in self.unanswered:
            self._by_verb(token)
        for command in self.commands:
            said = command.answer()
            if said is None:
                self._by_verb(command.token)
            elif said["activation"]:
                self.asked[said["activation"]] = list(command.pairs)

    def cancel(self, dice: Random) -> None:
        if self.asked:
            activation = dice.choice(sorted(self.asked))
            with suppress(NoAnswer):
                self.house.ask("change", patience=0, activation=activation, how="cancel")

    def end_troubles(self) -> None:
        """Whatever the plan left in force ends now."""
        for name in sorted(self.began):
            TROUBLES[name].end(self.scene, Random(0))  # noqa: S311
        self.scene.platform.heal()
        self.scene.stack.revive()

    def settle(self, seconds: float) -> None:
        """Wait until nothing moves any more. What waits for a moment the platform named (ten minutes when it
        calls a mapping too new, as after a jump of its clock) is waited for, too."""
        end = time.time() + seconds
        while time.time() < end:
            found = self.house.ask("moving", slug=self.slug)
            if not found["left"]:
                return
            if found["until"] is not None:
                end = max(end, min(found["until"], time.time() + LONGEST_WAIT) + seconds)
            time.sleep(LOOK_EVERY)

    def retry(self) -> None:
        """Somebody retries what failed: each is one more delivery, and one more export is allowed."""
        for activation in sorted(self.asked):
            self.house.ask("change", activation=activation, how="retry")


def play(plan: Plan, stack: Stack, platform: Platform, house: House, slug: str) -> tuple[Verdict, Round]:
    """Play a round to its end and judge it."""
    size = plan.size
    platform.reset(plan.seed, size.audiences, size.dataflows, plan.speed)
    ready = house.ask("open_workspace", slug=slug, url=platform.url)["ready"]
    pairs = planning.choose(plan.seed, [(flow, audience) for flow, audience in ready], size.deliveries)
    scene = Scene(stack, platform, pairs)
    this = Round(plan, house, scene, slug, pairs)
    scene.cancel = this.cancel
    began = time.monotonic()
    for step in plan.steps:
        time.sleep(max(0.0, began + step.at - time.monotonic()))
        this.step(step)
    this.end_troubles()
    this.resolve()
    this.settle(size.settle)
    if size.retries:
        this.retry()
        this.settle(size.settle / 2)
    return verdict_of(this), this


def verdict_of(this: Round) -> Verdict:
    """Ask both sides and compare."""
    platform = this.scene.platform
    deliveries = this.house.ask("deliveries", slug=this.slug)
    exports = platform.exports()
    runs = sorted({one["run"] for one in deliveries if one["run"]} | {one["run"] for one in exports})
    return judge(this.asked, deliveries, exports, platform.truth(runs), platform.foreign)
