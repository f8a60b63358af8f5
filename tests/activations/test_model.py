"""The machine of deliveries against a model of it: after every step both are in the same states, and the
platform has accepted exactly as many exports as the model says.

`test_properties.Life` lets everything happen at once and asks for what must always hold; here each step is one
thing alone, so that its outcome can be foretold.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from activations import states
from activations.actions import cancel, check_again, retry
from activations.answers import UNAUTHORIZED_RETRIES
from activations.courses import UNCONFIRMED_LIMIT
from activations.dispatch import dispatch, send
from activations.models import Activation, Delivery, Event, Hold, Job
from activations.reconcile import LOOKS, reconcile
from activations.sweep import sweep
from activations.watch import watch
from audiences.models import Mapping, Run
from simulator.server import Simulator
from tests.activations.world import CONTROL, QUIET, Stage, impatient, pair, pass_time

# Time passes in steps of this length alone: longer than every backoff, lease and grace. What ends by itself
# (the quarter of an hour of a doubt, the wait after mapping) is no multiple of it, so it never ends at a tie.
STEP = 80.0
NEW_FOR = timedelta(seconds=300)
OVER = (states.SUCCEEDED, states.CANCELED, states.STOPPED, states.REFUSED)
# How a call is answered → whether the platform took it, and the state that the job's deliveries come to.
ANSWERS = {
    "": (True, states.RUNNING),
    "reset_after": (True, states.UNCONFIRMED),
    "truncate": (True, states.UNCONFIRMED),
    "html": (False, states.UNCONFIRMED),
    "reset_before": (False, states.UNCONFIRMED),
    "500": (False, states.UNCONFIRMED),
    "429": (False, states.QUEUED),
    "401": (False, states.QUEUED),
}


@dataclass
class Expected:
    """A mapping's delivery as it must be. `taken`: the platform has a run for its latest call."""

    state: str = ""
    taken: bool = False
    doubtful: bool = False
    reposted: bool = False
    since: float = 0.0
    exports: int = 0
    presses: int = 0
    unauthorized: int = 0
    activation: int = 0
    history: list[str] = field(default_factory=list)

    def to(self, state: str, now: float) -> None:
        self.state, self.since = state, now
        self.history.append(state)

    def begin(self, state: str, now: float, activation: int) -> None:
        self.taken = self.doubtful = self.reposted = False
        self.presses, self.unauthorized, self.activation = self.presses + 1, 0, activation
        self.to(state, now)


class Still(Stage):
    """A stage whose clock moves by steps alone, however slow the machine is."""

    def begin(self) -> None:
        self.began, self.later = timezone.now(), 0.0

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.later)


class Machine(RuleBasedStateMachine):
    stage: Still
    chosen: list[Mapping]

    def __init__(self) -> None:
        super().__init__()
        for rows in (Event, Hold, Delivery, Job, Activation, Run):
            rows.objects.all().delete()
        CONTROL.post(f"{self.stage.sim.url}/_sim/reset", json={}).raise_for_status()
        self.stage.sim.world.sandboxes["prod"].quiet = QUIET
        self.stage.begin()
        type(self.stage.workspace).objects.update(send_after=None, watched_until=None)
        self.model = [Expected() for _ in self.chosen]

    def wait(self) -> None:
        pass_time(self.stage.sim, STEP)
        self.stage.later += STEP

    def those(self, *wanted: str) -> list[Expected]:
        return [one for one in self.model if one.state in wanted]

    def any(self, *wanted: str) -> bool:
        return bool(self.those(*wanted))

    @initialize()
    def all_are_pressed(self) -> None:
        for pick in range(len(self.model)):
            self.press(pick)

    @precondition(lambda self: self.any("", *OVER))
    @rule(pick=st.integers(0, 2))
    def press(self, pick: int) -> None:
        one = self.model[pick]
        if one.state in ("", *OVER):
            made = self.stage.press([self.chosen[pick]])
            one.begin(states.QUEUED, self.stage.later, made.pk)

    @precondition(lambda self: self.any(*OVER))
    @rule(pick=st.integers(0, 2))
    def press_what_was_mapped_a_moment_ago(self, pick: int) -> None:
        one, mapping = self.model[pick], self.chosen[pick]
        if one.state in ("", *OVER):
            here = Mapping.objects.filter(pk=mapping.pk)
            before = here.get().mapped_at
            here.update(mapped_at=self.stage.now())
            mapping.refresh_from_db()
            made = self.stage.press([mapping])
            here.update(mapped_at=before)
            mapping.refresh_from_db()
            one.begin(states.ARMED, self.stage.later, made.pk)

    @precondition(lambda self: self.any(states.QUEUED))
    # Acceptance is drawn more often, or there would be little for the platform to finish.
    @rule(answer=st.sampled_from(["", "", "", *sorted(ANSWERS)]))
    def send(self, answer: str) -> None:
        """A job with all that is queued leaves, and is answered so."""
        self.wait()
        fields = {"status": int(answer)} if answer in ("429", "500") else {}
        if answer:
            name = {"429": "status", "500": "status", "401": "revoke_token"}.get(answer, answer)
            self.stage.fault(name, times=2 if answer == "401" else 1, **fields)
        dispatch(self.stage.workspace, clock=self.stage.now)
        self.stage.heal()
        taken, state = ANSWERS[answer]
        for one in self.those(states.QUEUED):
            self.answered(one, taken, state, answer)

    def answered(self, one: Expected, taken: bool, state: str, answer: str) -> None:
        if one.doubtful and one.taken:
            # The look before the second call finds the first one's run.
            one.to(states.RUNNING, self.stage.later)
            return
        one.taken = taken
        one.exports += taken
        if answer == "401":
            one.unauthorized += 1
            if one.unauthorized > UNAUTHORIZED_RETRIES:
                # Of a second call it says nothing about the first: that is looked for before it is called refused.
                state = states.UNCONFIRMED if one.doubtful else states.REFUSED
        if state == states.UNCONFIRMED:
            one.doubtful = True
        one.to(state, self.stage.later)

    @precondition(lambda self: self.any(states.QUEUED))
    @rule(called=st.booleans())
    def a_sender_dies(self, called: bool) -> None:
        """After its claim, or after its call; the sweep comes by when its lease has ended."""
        self.wait()
        claimed = self.stage.claim()
        leaving = [one for one in self.those(states.QUEUED) if not (one.doubtful and one.taken)]
        for one in self.those(states.QUEUED):
            if one not in leaving:
                one.to(states.RUNNING, self.stage.later)
        assert (claimed is not None) == bool(leaving)
        if claimed is None:
            return
        if called:
            send(self.stage.workspace, *claimed)
        self.wait()
        self.sweep()
        for one in leaving:
            self.answered(one, called, states.UNCONFIRMED if called else states.QUEUED, "")

    @precondition(lambda self: self.any(states.ARMED, states.UNCONFIRMED, states.RUNNING))
    @rule()
    def sweep(self) -> None:
        sweep(self.stage.workspace, now=self.stage.now())
        for one in self.those(states.ARMED):
            if self.stage.later - one.since > NEW_FOR.total_seconds():
                one.to(states.QUEUED, self.stage.later)

    @precondition(lambda self: self.any(states.ARMED))
    @rule()
    def the_wait_is_over(self) -> None:
        for _ in range(4):
            self.wait()
        self.sweep()

    @precondition(lambda self: self.any(states.UNCONFIRMED))
    @rule()
    def look_past_the_grace(self) -> None:
        """Taken ones are found by the first look; of the others the last of three decides."""
        for _ in range(LOOKS):
            self.wait()
            reconcile(self.stage.workspace, now=self.stage.now())
        for one in self.those(states.UNCONFIRMED):
            if one.taken:
                one.to(states.RUNNING, self.stage.later)
            elif one.reposted or self.stage.later - one.since >= UNCONFIRMED_LIMIT.total_seconds():
                one.to(states.STOPPED, self.stage.later)
            else:
                one.reposted = True
                one.to(states.QUEUED, self.stage.later)

    @precondition(lambda self: self.any(states.RUNNING))
    @rule()
    def runs_end(self) -> None:
        self.wait()
        watch(self.stage.workspace, now=self.stage.now())
        for one in self.those(states.RUNNING):
            one.to(states.SUCCEEDED, self.stage.later)

    @precondition(lambda self: self.any(*states.UNSENT))
    @rule(pick=st.integers(0, 2))
    def cancel(self, pick: int) -> None:
        """What may have been taken does not become "never sent": it stops with its outcome unknown."""
        one = self.model[pick]
        if one.activation:
            cancel(Activation.objects.get(pk=one.activation), by=None)
            if one.state in states.UNSENT:
                one.to(states.STOPPED if one.doubtful else states.CANCELED, self.stage.later)

    @precondition(lambda self: self.any(states.CANCELED))
    @rule(pick=st.integers(0, 2))
    def retry(self, pick: int) -> None:
        one = self.model[pick]
        if one.state == states.CANCELED:
            kept = Delivery.objects.filter(activation=one.activation, superseded=False)
            assert (
                retry(
                    Activation.objects.get(pk=one.activation), by=None, only=kept.values_list("pk", flat=True)
                )
                == 1
            )
            one.begin(states.QUEUED, self.stage.later, one.activation)

    @precondition(lambda self: self.any(states.STOPPED))
    @rule(pick=st.integers(0, 2))
    def check_again(self, pick: int) -> None:
        """Only asks: nothing goes a second time by this."""
        one = self.model[pick]
        if one.state == states.STOPPED:
            assert check_again(Activation.objects.get(pk=one.activation), by=None) == 1
            one.reposted = True
            # A person is given an hour, not the quarter of one that a fresh doubt has; either way it stops.
            one.to(states.UNCONFIRMED, self.stage.later)

    @invariant()
    def both_are_in_the_same_states(self) -> None:
        for one, mapping in zip(self.model, self.chosen, strict=True):
            found = Delivery.objects.filter(mapping=mapping).order_by("-pk").first()
            assert (found.state if found else "") == one.state, one.history

    @invariant()
    def the_platform_took_as_many(self) -> None:
        took = Counter(self.stage.ledger())
        for one, mapping in zip(self.model, self.chosen, strict=True):
            assert took[pair(mapping)] == one.exports, one.history
            assert one.exports <= one.presses, one.history

    @invariant()
    def holds_are_those_of_what_is_at_the_platform(self) -> None:
        needed = {
            mapping.audience.platform_id
            for one, mapping in zip(self.model, self.chosen, strict=True)
            if one.state in states.AT_PLATFORM and one.history[-1] != states.STOPPED
        }
        held = set(Hold.objects.values_list("key", flat=True))
        assert held <= needed


@pytest.mark.django_db
def test_the_machine_does_what_its_model_says() -> None:
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as sim:
        Machine.stage = Still(sim, mapping_wait=NEW_FOR)
        Machine.chosen = Machine.stage.good(3)
        impatient(Machine.stage.workspace)
        phases = (Phase.explicit, Phase.reuse, Phase.generate)
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=6, stateful_step_count=25, phases=phases, deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
