"""The pace as arithmetic: never too fast, never starved, slower when told, well again by itself."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.errors import Throttled
from platforms.http import together
from platforms.pace import (
    CLOCK_WAS_SET,
    PARTS,
    Memory,
    Pacer,
    Policy,
    Share,
    State,
    brought_to,
    fresh,
    sharing,
    take,
    told,
)

POLICY = Policy(rate=10.0, burst=2.0)
SHARES = st.sampled_from(list(Share))
GAPS = st.floats(0, 30)
STATUSES = st.sampled_from([200, 400, 429, 500, 503])
WAITS = st.one_of(st.none(), st.floats(0, 10_000))


def most(policy: Policy, share: Share, seconds: float) -> float:
    """The most calls a share may make in so much time."""
    return policy.room(share, policy.rate) + policy.rate * PARTS[share] * seconds


def test_it_works():
    state, wait = take(None, 100.0, Share.READ, POLICY)
    assert wait == 0
    assert state.tokens[Share.READ] == POLICY.room(Share.READ, 10.0) - 1


@given(st.lists(st.tuples(GAPS, SHARES, STATUSES, WAITS), max_size=200))
def test_no_share_is_ever_faster_than_its_rate_and_burst(steps):
    now, began, state = 1000.0, 1000.0, None
    granted = dict.fromkeys(Share, 0)
    for gap, share, status, retry_after in steps:
        now += gap
        state, wait = take(state, now, share, POLICY)
        assert 0 <= wait <= POLICY.longest
        granted[share] += wait == 0
        if wait == 0:
            state = told(state, now, share, POLICY, status=status, retry_after=retry_after)
        assert POLICY.floor <= state.rate <= POLICY.rate
        for one in Share:
            assert granted[one] <= most(POLICY, one, now - began) + 1e-6
            assert 0 <= state.tokens[one] <= POLICY.room(one, POLICY.rate)


@given(st.lists(st.tuples(GAPS, SHARES, STATUSES, WAITS), max_size=50))
def test_what_is_written_is_read_again(steps):
    now, state = 1_790_000_000.123456, fresh(1_790_000_000.0, POLICY)
    for gap, share, status, retry_after in steps:
        now += gap
        state = told(
            take(state, now, share, POLICY)[0], now, share, POLICY, status=status, retry_after=retry_after
        )
    assert len(state.written()) <= 200, "the column holds no more"
    again = State.read(state.written())
    assert again is not None
    assert again.written() == state.written()
    assert again.at == pytest.approx(state.at, abs=1e-6)


@pytest.mark.parametrize("text", ["", "nonsense", "1 2 3", "a b c d e f g h i j k"])
def test_what_cannot_be_read_is_begun_anew(text):
    assert State.read(text) is None


def test_a_call_is_due_when_its_wait_is_over():
    state = replace(fresh(0.0, POLICY), tokens=(0.0, 0.0, 0.0))
    state, wait = take(state, 0.0, Share.SEND, POLICY)
    assert wait == pytest.approx(1 / (10 * PARTS[Share.SEND]))
    assert take(state, wait, Share.SEND, POLICY)[1] == pytest.approx(0, abs=1e-9)


def test_watching_is_never_starved_by_sending_and_mirroring():
    state = fresh(0.0, POLICY)
    for _ in range(1000):
        state, _wait = take(state, 0.0, Share.SEND, POLICY)
        state, _wait = take(state, 0.0, Share.READ, POLICY)
    assert take(state, 0.0, Share.READ, POLICY)[1] > 0
    assert take(state, 0.0, Share.WATCH, POLICY)[1] == 0


def test_429_halves_the_rate_once_for_calls_that_left_together():
    state = fresh(0.0, POLICY)
    for late in (0.0, 0.1, 0.2, 0.3):
        state = told(state, late, Share.READ, POLICY, status=429)
    assert state.rate == pytest.approx(5.0, abs=0.1)
    state = told(state, 1.5, Share.READ, POLICY, status=429)
    assert state.rate == pytest.approx(2.5, abs=0.2)


def test_retry_after_silences_the_share_that_was_told():
    state = told(fresh(0.0, POLICY), 0.0, Share.SEND, POLICY, status=429, retry_after=30)
    assert take(state, 10.0, Share.SEND, POLICY)[1] == pytest.approx(20)
    assert take(state, 10.0, Share.WATCH, POLICY)[1] == 0, "what runs is still watched"
    assert take(state, 30.0, Share.SEND, POLICY)[1] == 0


def test_nobody_waits_for_years():
    state = told(fresh(0.0, POLICY), 0.0, Share.READ, POLICY, status=429, retry_after=1e9)
    assert take(state, 0.0, Share.READ, POLICY)[1] == POLICY.longest


@pytest.mark.parametrize("status", [500, 503])
def test_a_burst_of_faults_is_throttling_a_single_one_is_not(status):
    state = told(fresh(0.0, POLICY), 0.0, Share.READ, POLICY, status=status)
    state = told(state, 1.0, Share.READ, POLICY, status=status)
    assert state.rate == POLICY.rate
    assert told(state, 2.0, Share.READ, POLICY, status=status).rate < POLICY.rate / 2 + 0.1
    assert told(state, 60.0, Share.READ, POLICY, status=status).rate == POLICY.rate, "far apart"


def test_it_recovers_by_itself_a_little_every_second():
    state = fresh(0.0, POLICY)
    for second in range(20):
        state = told(state, 2.0 * second, Share.READ, POLICY, status=429)
    slow = state.rate
    assert slow < 2 * POLICY.floor + 0.5
    rates = [brought_to(state, 40.0 + later, POLICY).rate for later in range(0, 130, 10)]
    steps = [round(b - a, 6) for a, b in pairwise(rates)]
    assert len(set(steps[:-2])) == 1, "additive"
    assert rates[-1] == POLICY.rate


@given(st.floats(CLOCK_WAS_SET + 1, 1e6))
def test_a_clock_that_is_set_back_stops_nobody(back):
    state = told(fresh(2e6, POLICY), 2e6, Share.READ, POLICY, status=429, retry_after=10)
    now = 2e6 - back
    assert take(state, now, Share.WATCH, POLICY)[1] == 0
    assert take(state, now, Share.READ, POLICY)[1] <= 10.001
    state = brought_to(state, now, POLICY)
    assert brought_to(state, now + 200, POLICY).rate == POLICY.rate


def test_many_threads_share_one_bucket_and_none_goes_without():
    policy = Policy(rate=400.0, burst=0.1)
    pacer = Pacer(Memory(), policy, patience=30)
    began = time.monotonic()
    stamps: list[float] = []

    def call() -> None:
        for _ in range(20):
            pacer.before()
            stamps.append(time.monotonic() - began)

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stamps) == 200
    for count, stamp in enumerate(sorted(stamps), 1):
        assert count <= most(policy, Share.READ, stamp) + 1


@settings(max_examples=30)
@given(st.integers(2, 8), st.lists(st.floats(0, 2), min_size=10, max_size=60))
def test_however_many_processes_take_turns_the_bucket_is_one(processes, gaps):
    clock = [0.0]
    shared = Memory(lambda: clock[0])
    slept: list[float] = []
    pacers = [Pacer(shared, POLICY, sleep=slept.append, patience=0.0) for _ in range(processes)]
    granted = 0
    for gap in gaps:
        clock[0] += gap
        for pacer in pacers:
            try:
                pacer.before()
                granted += 1
            except Throttled:
                pass
    assert granted <= most(POLICY, Share.READ, clock[0]) + 1e-6


def test_a_wait_beyond_patience_is_not_sent():
    clock = [0.0]
    slept: list[float] = []
    pacer = Pacer(Memory(lambda: clock[0]), POLICY, sleep=slept.append)
    pacer.after(429, 60)
    with pytest.raises(Throttled) as told_off:
        pacer.before()
    assert told_off.value.retry_after == pytest.approx(60)
    assert slept == []


def test_a_short_wait_is_slept():
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    pacer = Pacer(Memory(lambda: clock[0]), POLICY, sleep=sleep)
    for _ in range(30):
        pacer.before()
    assert clock[0] >= (30 - POLICY.room(Share.READ, 10.0)) / (10 * PARTS[Share.READ]) - 0.001


def test_a_block_names_its_share_and_its_threads_follow():
    memory = Memory()
    pacer = Pacer(memory, POLICY)
    with sharing(Share.WATCH):
        list(together(3, lambda _: pacer.before(), range(3)))
    pacer.before(write=True)
    full = fresh(0.0, POLICY).tokens
    used = [round(f - t) for f, t in zip(full, memory.state.tokens, strict=True)]
    assert used == [3, 1, 0]
