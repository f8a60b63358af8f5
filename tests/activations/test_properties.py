"""What must hold for any input: packing, the state machine, and names that blame somebody."""

import re
from collections import Counter
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from activations import states
from activations.actions import CannotRequest, cancel, check_again, request, retry
from activations.blame import mentioned, named_by, only_reading
from activations.dispatch import dispatch, send
from activations.models import Activation, Delivery, Event, Hold, Job
from activations.moves import IllegalMove, move
from activations.packing import pack
from activations.reconcile import reconcile
from activations.sweep import sweep
from activations.watch import watch
from simulator.server import Simulator
from tests.activations.world import Stage, impatient, pass_time

ROOM = Path(states.__file__).parent
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))


# ── packing ──

items = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["", "", "", "1:0", "1:1"])), max_size=300)


@given(items, st.integers(1, 90))
def test_every_delivery_is_in_exactly_one_job_of_the_fewest(audiences, limit):
    numbered = [(place, audience, apart) for place, (audience, apart) in enumerate(audiences)]
    jobs = pack(numbered, limit, group=lambda item: item[1], keep_apart=lambda item: item[2])
    assert sorted(item for job in jobs for item in job) == numbered
    assert all(0 < len(job) <= limit for job in jobs)
    assert all(len({item[2] for item in job}) == 1 for job in jobs)
    counts = Counter(item[2] for item in numbered)
    assert len(jobs) == sum(-(-count // limit) for count in counts.values())


@given(st.lists(st.integers(1, 8), max_size=40), st.integers(8, 90))
def test_groups_stay_whole_where_it_costs_no_job(sizes, limit):
    parts = [(number, copy) for number, size in enumerate(sizes) for copy in range(size)]
    jobs = pack(parts, limit, group=lambda item: item[0])
    whole = len(parts) <= limit
    homes = Counter(number for job in jobs for number in {item[0] for item in job})
    if whole:
        assert all(count == 1 for count in homes.values())
    # A group is split only when no job had room for all of it.
    split = [number for number, count in homes.items() if count > 1]
    assert len(split) < max(1, len(jobs))


@given(st.lists(st.integers(1, 8), min_size=1, max_size=60), st.integers(8, 90))
def test_sending_job_after_job_never_costs_more_than_packing_once(sizes, limit):
    left = [(number, copy) for number, size in enumerate(sizes) for copy in range(size)]
    fewest, sent = -(-len(left) // limit), 0
    while left:
        job = pack(left, limit, group=lambda item: item[0])[0]
        left = [item for item in left if item not in job]
        sent += 1
    assert sent == fewest


def test_a_job_holds_at_least_one():
    with pytest.raises(ValueError, match="at least one"):
        pack([1], 0, group=lambda item: item)


# ── names ──


def delivery(pk, name, mapped_as="", audience=None, dataflow="flow"):
    audience = audience or f"id-{pk}"
    return SimpleNamespace(
        pk=pk,
        audience=SimpleNamespace(name=name, platform_id=audience),
        mapping=SimpleNamespace(name=mapped_as or name),
        dataflow=SimpleNamespace(platform_id=dataflow),
        pair=(dataflow, audience),
    )


names = st.text(alphabet="ab ,[]", min_size=1, max_size=6) | st.text(min_size=1, max_size=8)


@given(st.lists(names, min_size=1, max_size=8), st.data())
def test_named_by_never_blames_the_innocent(labels, data):
    sent = [delivery(pk, name) for pk, name in enumerate(labels)]
    guilty = data.draw(st.sets(st.sampled_from(range(len(sent))), min_size=1))
    text = ", ".join(sent[pk].audience.name for pk in sorted(guilty))
    blamed = {one.pk for one in named_by(text, sent)}
    assert blamed <= guilty or not blamed


@given(st.text(max_size=200), st.lists(names, max_size=8))
def test_named_by_and_mentioned_never_crash_on_nonsense(text, labels):
    sent = [delivery(pk, name) for pk, name in enumerate(labels)]
    for one in (*named_by(text, sent), *mentioned(text, sent)):
        assert one in sent


@given(st.lists(st.sampled_from(["a", "b", "a, b", "b, a", "a, b, a", "c,d", "c"]), max_size=6))
def test_only_reading_is_the_only_one(listed):
    labels = ["a", "b", "a, b", "b, a", "a, b, a", "c,d", "c"]
    text = ", ".join(listed)

    def ways(rest):
        if not rest:
            return 1
        found = 0
        for label in labels:
            if rest == label:
                found += 1
            elif rest.startswith(label) and rest[len(label)] == ",":
                found += ways(rest[len(label) + 1 :].lstrip()) if rest[len(label) + 1 :].lstrip() else 1
        return found

    read = only_reading([text], labels)
    assert bool(read) == (bool(text) and ways(text) == 1)
    if read:
        assert ", ".join(read) == text


def test_a_very_long_text_is_read_in_no_time():
    sent = [delivery(pk, f"Audience {pk}, {'x' * 200}") for pk in range(80)]
    text = ", ".join(one.audience.name for one in sent)
    assert len(named_by(text, sent)) == 80
    assert named_by("a, " * 8_000, [delivery(1, "a")]) != [delivery(2, "b")]


MENTIONS = {
    "the pair": ("Audience a1 on order f1 is odd.", ["a1/f1"]),
    "an audience alone": ("Audience a1 was not found.", ["a1/f1", "a1/f2"]),
    "a dataflow alone": ("Order f1: disabled", ["a1/f1", "a2/f1"]),
    "nobody": ("Something is odd.", []),
    "a part of an id": ("a11 and f11", []),
    "the whole call": ('{"f1": ["a1", "a2"], "f2": ["a1"]}', []),
}


@pytest.mark.parametrize(("text", "expected"), MENTIONS.values(), ids=MENTIONS)
def test_mentioned(text, expected):
    sent = [
        delivery(1, "x", audience="a1", dataflow="f1"),
        delivery(2, "x", audience="a2", dataflow="f1"),
        delivery(3, "x", audience="a1", dataflow="f2"),
    ]
    assert [f"{one.pair[1]}/{one.pair[0]}" for one in mentioned(text, sent)] == expected


# ── the state machine ──


def test_every_state_has_its_edges_and_only_moving_ones_lead_on():
    assert set(states.EDGES) == {"", *states.STATES}
    for source, targets in states.EDGES.items():
        assert targets <= set(states.STATES)
        if source in states.FINAL and source != states.STOPPED:
            assert not targets
    assert set(states.MOVING) | set(states.FINAL) == set(states.STATES)


def test_nobody_else_assigns_a_state():
    """`moves.py` is the one place for deliveries, as `chain.py` is for chains: no other file writes a state."""
    writes = re.compile(r"\.state\s*=(?!=)|update\([^)]*\bstate=|\bstate=states\.\w+,?\s*\)\s*\.save")
    allowed = {"moves.py", "chain.py"}
    found = [
        path.name
        for path in ROOM.rglob("*.py")
        if path.name not in allowed and writes.search(path.read_text())
    ]
    assert found == []


@pytest.mark.django_db
def test_an_illegal_move_is_refused(stage):
    activation = stage.press(stage.good(1))
    with pytest.raises(IllegalMove, match="queued → succeeded"):
        move(activation.deliveries.all(), states.SUCCEEDED, what="x", now=stage.now())


class Life(RuleBasedStateMachine):
    """Random presses, cancels, retries, faults, dead workers and passing time, in any order."""

    stage: Stage

    def __init__(self):
        super().__init__()
        stage = self.stage
        Event.objects.all().delete()
        Hold.objects.all().delete()
        Delivery.objects.all().delete()
        Job.objects.all().delete()
        Activation.objects.all().delete()
        type(stage.workspace).objects.update(send_after=None, watched_until=None)
        stage.heal()
        stage.sim.world.ledger.clear()
        # Whatever the last life left running at the platform comes to its end.
        stage.turn(120)
        self.chosen = stage.good(8)
        self.seen_posts = 0

    def activations(self):
        return list(Activation.objects.all())

    @rule(picks=st.sets(st.integers(0, 7), min_size=1, max_size=8))
    def press(self, picks):
        with suppress(CannotRequest):
            self.stage.press(self.chosen[pick] for pick in picks)

    @rule(press=st.sampled_from(["same", "other"]), pick=st.integers(0, 7))
    def press_with_a_token(self, press, pick):
        with suppress(CannotRequest):
            request(self.stage.workspace, [self.chosen[pick]], by=None, press=press)

    @rule(
        fault=st.sampled_from(
            [
                "reset_before",
                "reset_after",
                "drop_pair",
                "html",
                "truncate",
                "revoke_token",
                "run_error",
                "run_empty",
                "run_slow_start",
            ]
        )
    )
    def fault(self, fault):
        self.stage.fault(fault)

    @rule(status=st.sampled_from([400, 403, 409, 429, 500, 503]))
    def refuse(self, status):
        self.stage.fault("status", status=status)

    @rule(pick=st.integers(0, 7))
    def someone_else_runs_it(self, pick):
        self.stage.others_run(self.chosen[pick], duration=30)

    @rule()
    def a_worker_dies_before_its_call(self):
        self.stage.claim()

    @rule()
    def a_worker_dies_after_its_call(self):
        claimed = self.stage.claim()
        if claimed:
            send(self.stage.workspace, *claimed)

    @rule()
    def dispatch(self):
        dispatch(self.stage.workspace, clock=self.stage.now)

    @rule()
    def reconcile(self):
        reconcile(self.stage.workspace, now=self.stage.now())

    @rule()
    def watch(self):
        watch(self.stage.workspace, now=self.stage.now())

    @rule()
    def sweep(self):
        sweep(self.stage.workspace, now=self.stage.now())

    @rule(seconds=st.sampled_from([1, 5, 20, 60, 600]))
    def time_passes(self, seconds):
        pass_time(self.stage.sim, seconds)
        self.stage.later += seconds

    @precondition(lambda self: Activation.objects.exists())
    @rule(verb=st.sampled_from([cancel, retry, check_again]), data=st.data())
    def a_person_acts(self, verb, data):
        verb(data.draw(st.sampled_from(self.activations())), by=None)

    @invariant()
    def the_story_has_no_illegal_edge(self):
        rows = Event.objects.exclude(delivery=None).order_by("delivery", "pk")
        for _, events in groupby(rows, key=lambda event: event.delivery_id):
            before = ""
            # What is only learnt about a delivery, such as who started its run, moves nothing.
            for event in (event for event in events if event.what != "starter"):
                assert event.data["from"] == before
                assert event.data["to"] in states.EDGES[before]
                before = event.data["to"]
            assert before == event.delivery.state

    @invariant()
    def a_mapping_moves_once(self):
        moving = Counter(Delivery.objects.filter(state__in=states.MOVING).values_list("mapping", flat=True))
        assert all(count == 1 for count in moving.values())

    @invariant()
    def what_is_at_the_platform_by_a_job_of_ours_is_held(self):
        sending = Delivery.objects.filter(state=states.SENDING).values_list(
            "audience__platform_id", flat=True
        )
        assert set(sending) <= set(Hold.objects.values_list("key", flat=True))

    def teardown(self):
        """At rest nothing is held, nothing is in the air, and nothing was sent more often than asked."""
        self.stage.heal()
        self.stage.settle(at_most=120, step=30)
        assert not Delivery.objects.filter(state__in=states.MOVING).exists()
        sweep(self.stage.workspace, now=self.stage.now())
        assert not Hold.objects.exists()
        self.the_story_has_no_illegal_edge()
        accepted = Counter(self.stage.ledger())
        asked = Counter(
            one.pair for one in Delivery.objects.exclude(job=None).select_related("audience", "dataflow")
        )
        assert all(accepted[one] <= asked[one] for one in accepted)
        # What we call delivered is a run that the platform has, for this audience on this dataflow.
        runs = self.stage.sim.world.sandboxes["prod"].runs.by_id
        followed = Delivery.objects.filter(state__in=(*states.DELIVERED, states.FAILED))
        for one in followed.select_related("audience", "dataflow"):
            run = runs[one.run_id]
            assert (run.flow, run.audience) == one.pair
            assert run.kind == "adhoc"
            assert OUTCOMES[run.outcome] == one.state


OUTCOMES = {
    "success": states.SUCCEEDED,
    "empty": states.EMPTY,
    "partial": states.PARTLY,
    "failed": states.FAILED,
}


@pytest.mark.django_db
def test_no_order_of_events_sends_twice_or_ends_in_an_illegal_state():
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as sim:
        Life.stage = Stage(sim)
        impatient(Life.stage.workspace)
        # No shrinking: it takes minutes, and the steps of a failure are printed anyway.
        phases = (Phase.explicit, Phase.reuse, Phase.generate)
        run_state_machine_as_test(
            Life, settings=settings(UNHURRIED, max_examples=10, stateful_step_count=20, phases=phases)
        )
